/** The different values that a Cookie header has for a name; a library that parses it keeps one of them only. */
export function cookieValues(header: string | undefined, name: string): readonly string[] {
  if (header === undefined || !header.includes(name)) return [];
  const values = new Set<string>();
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at !== -1 && part.slice(0, at).trim() === name) values.add(part.slice(at + 1).trim());
  }
  return [...values];
}

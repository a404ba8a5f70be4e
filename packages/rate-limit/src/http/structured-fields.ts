/** RFC 9651 integers have 15 digits. */
const LARGEST = 999_999_999_999_999;

const MOST_NAMES = 1_000;
let quoted = new Map<string, string>();

export function toStructuredInteger(value: number): number {
  return value < LARGEST ? value : LARGEST;
}

/** RFC 9651 strings are printable ASCII; everything else would be refused by Node, or by the client. */
export function toStructuredString(text: string): string {
  // policies are few, responses are many
  const known = quoted.get(text);
  if (known !== undefined) return known;
  const value = `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/[\\"]/g, '\\$&')}"`;
  // the names that an application makes up for each request must not pile up
  if (quoted.size >= MOST_NAMES) quoted = new Map();
  quoted.set(text, value);
  return value;
}

export function toStructuredBytes(bytes: Buffer): string {
  return `:${bytes.toString('base64')}:`;
}

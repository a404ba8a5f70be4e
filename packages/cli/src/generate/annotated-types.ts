/** What an annotation says a value is. */
export type AnnotatedType =
  | { readonly kind: 'string' | 'integer' | 'number' | 'boolean' }
  | { readonly kind: 'oneOf'; readonly choices: readonly string[] }
  | { readonly kind: 'list'; readonly of: AnnotatedType };

export interface Annotated {
  readonly type: AnnotatedType;
  /** It may be missing, or nil. */
  readonly isOptional: boolean;
}

const KINDS: ReadonlySet<string> = new Set(['string', 'integer', 'number', 'boolean']);

/**
 * Reads `string`, `integer?`, `integer|nil`, `"asc"|"desc"`, `string[]`.
 *
 * @throws Error whose message says what is wrong with it, and what to write.
 */
export function parseType(text: string): Annotated {
  const parts = splitUnion(text.replace(/\?$/, ''));
  const others = parts.filter((part) => part !== 'nil');
  const isOptional = text.endsWith('?') || others.length < parts.length;
  if (others.length > 0 && others.every((part) => /^(["']).*\1$/.test(part))) {
    return { type: { kind: 'oneOf', choices: others.map((part) => part.slice(1, -1)) }, isOptional };
  }
  const [only = 'nil', second] = others;
  if (second !== undefined) {
    throw new Error(`"${text}" may be several types. Write one type, or texts such as "a"|"b".`);
  }
  return { type: parseOne(only), isOptional };
}

function parseOne(text: string): AnnotatedType {
  if (KINDS.has(text)) return { kind: text as 'string' };
  const element = /^(.+)\[\]$/.exec(text)?.[1];
  if (element !== undefined) {
    const { type, isOptional } = parseType(element.replace(/^\((.*)\)$/, '$1'));
    if (isOptional) throw new Error(`In "${text}" a nil would end the list. Write "" or false in its place.`);
    if (type.kind === 'list') throw new Error(`"${text}" is a list of lists. Return one flat list.`);
    return { kind: 'list', of: type };
  }
  if (/^(table|\{)/.test(text)) {
    throw new Error(`"${text}" does not arrive: of a table the protocol keeps the list alone. Return a flat list.`);
  }
  throw new Error(`"${text}" is no type. Write string, integer, number, boolean, "a"|"b", or one of these with [].`);
}

/** At every | that is not in a text or in parentheses. */
function splitUnion(text: string): string[] {
  return (text.match(/(?:"[^"]*"|'[^']*'|\([^)]*\)|[^|])+/g) ?? []).map((part) => part.trim());
}

/** How TypeScript writes it. */
export function toTypeScript({ type, isOptional }: Annotated, nothing: 'null' | 'undefined'): string {
  const written = typeText(type);
  return isOptional ? `${written} | ${nothing}` : written;
}

function typeText(type: AnnotatedType): string {
  if (type.kind === 'oneOf') return type.choices.map((choice) => JSON.stringify(choice)).join(' | ');
  if (type.kind === 'list') {
    const element = typeText(type.of);
    return `readonly ${element.includes('|') ? `(${element})` : element}[]`;
  }
  return type.kind === 'integer' ? 'number' : type.kind;
}

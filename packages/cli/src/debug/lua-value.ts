/** A value of the function that is debugged. */
export interface LuaValue {
  /** 'unknown': as the server prints it, where it could not be asked for more. */
  readonly type: 'string' | 'number' | 'boolean' | 'nil' | 'table' | 'other' | 'unknown';
  /** As Lua would write it; of a table without what is in it. */
  readonly text: string;
  readonly fields?: readonly LuaField[];
}

export interface LuaField {
  readonly key: LuaValue;
  readonly value: LuaValue;
}

/** Reads what `write` of the shim wrote: values one after another. Undefined for a name that it does not know. */
export function readValues(text: string): (LuaValue | undefined)[] {
  let at = 0;
  const next = (): LuaValue | undefined => {
    const kind = text[at++];
    if (kind === '{') {
      const fields: LuaField[] = [];
      while (at < text.length && text[at] !== '}') {
        const [key, value] = [next(), next()];
        if (key && value) fields.push({ key, value });
      }
      at++;
      return toTable(fields);
    }
    const end = text.indexOf(';', at);
    const rest = text.slice(at, end);
    at = end + 1;
    return kind === '?' ? undefined : toScalar(kind, rest);
  };
  const values: (LuaValue | undefined)[] = [];
  while (at > 0 ? at < text.length : text !== '') values.push(next());
  return values;
}

function toScalar(kind: string | undefined, rest: string): LuaValue {
  switch (kind) {
    case 'n':
      return { type: 'number', text: /^-?\d/.test(rest) ? String(Number(rest)) : rest };
    case 's':
      return { type: 'string', text: quote(unescapeText(rest)) };
    case 'l': {
      const [length, start = ''] = rest.split(':');
      return { type: 'string', text: `${quote(unescapeText(start))}… (${length} bytes)` };
    }
    case 'b':
      return { type: 'boolean', text: rest };
    case 'z':
      return { type: 'nil', text: 'nil' };
    case '~':
      return { type: 'other', text: '{…}' };
    default:
      return { type: 'other', text: rest };
  }
}

function toTable(fields: readonly LuaField[]): LuaValue {
  const number = ({ key }: LuaField) => (key.type === 'number' ? Number(key.text) : Number.POSITIVE_INFINITY);
  const sorted = [...fields].sort((a, b) => number(a) - number(b) || (a.key.text < b.key.text ? -1 : 1));
  return { type: 'table', text: fields.length === 0 ? '{}' : '{…}', fields: sorted };
}

function unescapeText(text: string): string {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '%') {
      bytes.push(Number.parseInt(text.slice(at + 1, at + 3), 16));
      at += 2;
    } else bytes.push(text.charCodeAt(at));
  }
  return Buffer.from(bytes).toString('utf8');
}

/** The same for the way there: letters that neither the server's debugger nor Lua's quotes change. */
export function escapeText(text: string): string {
  return Array.from(Buffer.from(text), (byte) => {
    const letter = String.fromCharCode(byte);
    return /\w/.test(letter) ? letter : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r' };

function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is they that are shown as numbers
  return `"${text.replace(/["\\\u0000-\u001f\u007f]/g, (letter) => ESCAPES[letter] ?? `\\${String(letter.charCodeAt(0)).padStart(3, '0')}`)}"`;
}

/** On one line, with what is in it. */
export function renderValue({ text, fields }: LuaValue): string {
  if (!fields || fields.length === 0) return text;
  let index = 1;
  const parts = fields.map(({ key, value }) => {
    const isNext = key.type === 'number' && Number(key.text) === index;
    if (isNext) index++;
    return isNext ? renderValue(value) : `${fieldName(key)} = ${renderValue(value)}`;
  });
  return `{${parts.join(', ')}}`;
}

/** `name`, or `["any text"]`. */
export function fieldName(key: LuaValue): string {
  const name = /^"([A-Za-z_]\w*)"$/.exec(key.text)?.[1];
  return key.type === 'string' && name !== undefined ? name : `[${renderValue(key)}]`;
}

/**
 * What the server prints of a variable can be this value. It prints six digits of a number, and, from Valkey 9 on, texts
 * without quotes: enough to notice that a value is of an earlier call of the same function.
 */
export function agrees(printed: string, { type, text }: LuaValue): boolean {
  const said = printed.trim();
  switch (type) {
    case 'number':
      return /nan|inf/.test(text) ? /nan|inf/.test(said) : Number(said) === Number(Number(text).toPrecision(6));
    case 'table':
      return said.startsWith('{');
    case 'boolean':
    case 'nil':
      return said === text;
    case 'string':
      return lettersOf(said) === lettersOf(text) || text.includes('…');
    default:
      return true;
  }
}

/** Escapes and the space around are written differently by everybody: what is left says enough. */
function lettersOf(text: string): string {
  return text.replace(/\\(?:x[0-9a-f]{2}|\d{1,3}|.)|[^\w]/g, '');
}

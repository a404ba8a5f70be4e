import { FunctionCallError } from '../errors.js';

/** The parts of a server's error text. */
export interface ServerErrorParts {
  /** `ERR`, `WRONGTYPE`, or the code that the function chose. */
  readonly code: string;
  readonly message: string;
  readonly line: number | undefined;
}

// " script: cart_add, on @user_function:12." on Redis; Valkey 9 leaves the name out; EVAL says user_script and a hash
const SUFFIX = /\s*script: (?:[^\s,]+, )?on @user_(?:function|script):(\d+)\.?$/;
// Redis 6 puts its own sentence in front instead
const PREFIX = /^ERR Error (?:running|compiling) script \(call to [^)]*\): @user_script:\s*(\d+): /;
const POSITION = /^user_(?:function|script):(\d+): /;
const CODE = /^([A-Z][A-Z0-9_]*) /;
// the embedded engine of the demo puts ERR before a function's own code
const OWN_CODE = /^ERR ([A-Z][A-Z0-9]*_[A-Z0-9_]*) /;

export function parseServerError(text: string): ServerErrorParts {
  const suffix = SUFFIX.exec(text);
  const prefix = PREFIX.exec(text);
  let rest = text.replace(SUFFIX, '').replace(PREFIX, '');
  const code = OWN_CODE.exec(rest)?.[1] ?? CODE.exec(rest)?.[1];
  if (code !== undefined) rest = rest.slice(rest.indexOf(code) + code.length + 1);
  const position = POSITION.exec(rest);
  const line = suffix?.[1] ?? prefix?.[1] ?? position?.[1];
  return {
    code: code ?? 'ERR',
    message: rest.replace(POSITION, ''),
    line: line === undefined ? undefined : Number(line),
  };
}

const REMEDIES: Readonly<Record<string, string>> = {
  BUSY: 'A function or script has been running for longer than busy-reply-threshold: end it with FUNCTION KILL.',
  CROSSSLOT: 'Give all keys of one call the same {hash tag}.',
  LOADING: 'The server is still reading its data: try again in a moment.',
  NOPERM: 'Grant the user the function (+fcall|name) and the commands and keys that it uses.',
  OOM: 'The server has reached maxmemory: raise it, or register the function with allow-oom if it frees memory.',
  READONLY: 'The server is a replica: connect to the primary.',
};

/** The server's answer to a call, as an error that says where it comes from. */
export function toCallError(
  cause: Error,
  where: { library: string | undefined; functionName: string },
): FunctionCallError {
  const { code, message, line } = parseServerError(cause.message);
  const place = line === undefined ? where.functionName : `${where.functionName}, line ${line}`;
  const source = where.library === undefined ? place : `${where.library}.${place}`;
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`;
  const remedy = REMEDIES[code] ?? '';
  const beginning = source === '' ? '' : `${source}: `;
  return new FunctionCallError(code, `${beginning}${code} ${sentence} ${remedy}`.trim(), { ...where, line }, { cause });
}

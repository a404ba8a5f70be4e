import { createHash } from 'node:crypto';
import { InvalidDefinitionError } from '../errors.js';

/** What the text of a library says about itself. */
export interface LibraryHeader {
  /** From the first line, `#!lua name=NAME`. */
  readonly name: string;
  /** From a comment under it, `-- @version 1.2.0`. Redis has no versions of its own; this one travels with the code. */
  readonly version: string | undefined;
}

const SHEBANG = /^#!lua[ \t]+name=(?:"([A-Za-z0-9_]+)"|([A-Za-z0-9_]+))[ \t]*\r?\n/i;
const VERSION = /^--+[ \t]*@version[ \t]+(\S+)[ \t]*$/;

export function parseHeader(code: string): LibraryHeader {
  const shebang = SHEBANG.exec(code);
  if (!shebang) throw new InvalidDefinitionError(explainMissingShebang(code));
  return { name: (shebang[1] ?? shebang[2]) as string, version: findVersion(code.slice(shebang[0].length)) };
}

/** The leading comment block is the header; a `@version` further down is somebody's prose. */
function findVersion(body: string): string | undefined {
  for (const line of body.split(/\r?\n/)) {
    const text = line.trim();
    if (text !== '' && !text.startsWith('--')) return undefined;
    const version = VERSION.exec(text)?.[1];
    if (version === undefined) continue;
    if (!/^\d+\.\d+\.\d+$/.test(version)) {
      throw new InvalidDefinitionError(
        `"@version ${version}" is not three numbers. Write it like "-- @version 1.2.0".`,
      );
    }
    return version;
  }
  return undefined;
}

function explainMissingShebang(code: string): string {
  const remedy = 'Begin the file with "#!lua name=NAME" (letters, digits and _) and a line break.';
  if (code.charCodeAt(0) === 0xfeff) return `The library begins with a byte order mark, which Redis refuses. ${remedy}`;
  if (/^\s+#!/.test(code)) return `The library has white space before its "#!lua" line, which Redis refuses. ${remedy}`;
  const first = JSON.stringify(code.slice(0, 40));
  return `The library does not begin with a "#!lua name=…" line (it begins with ${first}). ${remedy}`;
}

/** The name of a library that somebody else may have loaded. */
export function libraryNameOf(code: string): string | undefined {
  const shebang = SHEBANG.exec(code);
  return shebang?.[1] ?? shebang?.[2];
}

/** The version of a library that somebody else may have loaded: it may say anything in its header. */
export function versionOf(code: string): string | undefined {
  try {
    return parseHeader(code).version;
  } catch {
    return undefined;
  }
}

/** Identifies a text of a library, whatever its version says. */
export function hashCode(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}

/** Negative where `left` is the older version; a library without a version is older than any with one. */
export function compareVersions(left: string | undefined, right: string | undefined): number {
  const [a, b] = [numbers(left), numbers(right)];
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? -1) - (b[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbers(version: string | undefined): number[] {
  return version === undefined ? [] : version.split('.').map(Number);
}

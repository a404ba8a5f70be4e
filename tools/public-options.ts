import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = fileURLToPath(new URL('../packages/', import.meta.url));

/** One option, as it is declared. */
export interface DeclaredOption {
  /** `hold.cart` for an option inside of another. */
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  readonly doc: string;
}

/** A public type of options. */
export interface OptionsType {
  readonly name: string;
  readonly doc: string;
  /** What it takes over, as it is written: `Omit<RateLimiterOptions, 'policies'>`. */
  readonly inherits: readonly string[];
  readonly options: readonly DeclaredOption[];
}

/** Of what a user writes as an object, and the one that does not end so. */
const IS_OPTIONS = /(Options|Connection)$|^Policy$/;
/** What a handler is given, and names that have their headings in docs/errors.md. */
const NOT_HERE: ReadonlySet<string> = new Set(['RefusalOptions', 'ValidateOptions']);

/**
 * The types of options that a package exports, read from its formatted source: what is said of an option is said where it
 * is declared.
 *
 * @throws Error where an exported one is declared in a way that cannot be read.
 */
export function publicOptions(name: string): OptionsType[] {
  const folder = join(PACKAGES, name, 'src');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  return (
    exportedNames(name)
      // what another package declares has its place there
      .flatMap((type) => sources.map((source) => read(source, type)).find((found) => found !== undefined) ?? [])
      // those of a service or a middleware first, those of one call last
      .sort((a, b) => b.options.length - a.options.length)
  );
}

function exportedNames(name: string): string[] {
  const manifest = JSON.parse(readFileSync(join(PACKAGES, name, 'package.json'), 'utf8'));
  const entries = Object.values(manifest.exports as Record<string, unknown>)
    .map((entry) => (entry as Record<string, string>)['@redis-functions/source'])
    .filter((file) => file !== undefined)
    .map((file) => readFileSync(join(PACKAGES, name, file), 'utf8'));
  const names = entries.flatMap((text) => [
    ...[...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) => list.split(/[\s,]+/)),
    ...[...text.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, type = '']) => type),
  ]);
  return [...new Set(names)].filter((type) => IS_OPTIONS.test(type) && !NOT_HERE.has(type));
}

function read(source: string, name: string): OptionsType | undefined {
  const doc = String.raw`(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?`;
  const alias = new RegExp(`${doc}^export type ${name} =([^;]+);`, 'm').exec(source);
  if (alias) return { name, doc: plain(alias[1]), inherits: parents(alias[2] ?? '', source), options: [] };
  const declared = new RegExp(
    `${doc}^export interface ${name}(?:<[^{]*>)?(?:\\s+extends\\s+([^{]+))?\\s*\\{\\n([\\s\\S]*?)^\\}`,
    'm',
  ).exec(source);
  if (!declared) return undefined;
  const [, text, extended = '', body = ''] = declared;
  return { name, doc: plain(text), inherits: parents(extended, source), options: members(body, 2, '') };
}

/** `A, Omit<B, 'c' | Shared>` → its parts, with what the file calls `Shared` written out. */
function parents(text: string, source: string): string[] {
  const written = text.replaceAll(/\b[A-Z]\w+\b/g, (word) => {
    const local = new RegExp(`^type ${word} = ('[^;]+);`, 'm').exec(source);
    return local?.[1] ?? word;
  });
  return written
    .split(/,\s*(?![^<{]*[>}])/)
    .map((part) => part.trim().replaceAll(/\s+/g, ' '))
    .filter((part) => part !== '');
}

function members(body: string, indent: number, path: string): DeclaredOption[] {
  const margin = ' '.repeat(indent);
  const member = new RegExp(
    `(?:^${margin}\\/\\*\\*((?:(?!\\*\\/)[\\s\\S])*)\\*\\/\\n)?` +
      `^${margin}(?:readonly )?(\\w+)(\\??): (\\{\\n[\\s\\S]*?^${margin}\\}|[\\s\\S]*?);$`,
    'gm',
  );
  return [...body.matchAll(member)].flatMap(([, doc, name, optional, type = '']) => {
    const isGroup = type.startsWith('{\n');
    const option: DeclaredOption = {
      name: path + name,
      type: isGroup ? 'object' : type.replaceAll(/\s+/g, ' '),
      isOptional: optional === '?',
      doc: plain(doc),
    };
    return isGroup ? [option, ...members(type, indent + 2, `${path}${name}.`)] : [option];
  });
}

/** The text of a comment, on one line a paragraph. */
function plain(comment = ''): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trim())
    .join('\n')
    .trim()
    .replaceAll(/(?<!\n)\n(?![\n@])/g, ' ');
}

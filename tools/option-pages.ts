import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandPage } from './command-page.js';
import { type DeclaredOption, type OptionsType, publicOptions } from './public-options.js';

const ROOT = new URL('../', import.meta.url);

const WRITTEN_BY = '<!-- Written by "npm run generate" from the source. Change it there. -->';

/** A page of docs/options. */
export interface OptionPage {
  readonly file: string;
  readonly text: string;
}

/** A page for each package whose users write options, with a heading for each. */
export function optionPages(): OptionPage[] {
  const types = new Map(
    readdirSync(new URL('packages/', ROOT))
      .sort()
      .map((name) => [name, publicOptions(name)] as const)
      .filter(([, found]) => found.length > 0),
  );
  const pageOf = new Map([...types].flatMap(([name, found]) => found.map((type) => [type.name, name] as const)));
  const pages = [...types].map(([name, found]) =>
    page(
      name,
      `# Options of ${name}`,
      `As \`@redis-functions/${name}\` declares them. One with a question mark may be left out.`,
      ...found.flatMap((type) => typeLines(type, name, pageOf)),
    ),
  );
  return [...pages, page('cli', '# Options of the command line', '[What the commands do](../cli.md).', commandPage())];
}

function page(name: string, ...paragraphs: string[]): OptionPage {
  return {
    file: fileURLToPath(new URL(`docs/options/${name}.md`, ROOT)),
    text: [WRITTEN_BY, ...paragraphs].join('\n\n').concat('\n'),
  };
}

function typeLines({ name, doc, inherits, options }: OptionsType, page: string, pageOf: Map<string, string>): string[] {
  const inherited = inherits.map((written) => inheritedLine(written, page, pageOf));
  return [`## ${name}`, ...textOf(doc), ...inherited, ...options.flatMap(optionLines)];
}

function optionLines({ name, type, isOptional, doc }: DeclaredOption): string[] {
  return [`### ${name}`, `\`${name.replace(/.*\./, '')}${isOptional ? '?' : ''}: ${type}\``, ...textOf(doc)];
}

/** `Omit<RateLimiterOptions, 'policies'>` → a sentence with a link. */
function inheritedLine(written: string, page: string, pageOf: Map<string, string>): string {
  const [, kind, base = written, names = ''] = /^(Omit|Pick)<(\w+), (.+)>$/.exec(written) ?? [];
  const home = pageOf.get(base);
  if (home === undefined) return `\`${written}\``;
  const link = `[${base}](${home === page ? '' : `${home}.md`}#${base.toLowerCase()})`;
  const list = names.replaceAll("'", '`').replaceAll(' | ', ', ');
  if (kind === 'Omit') return `And those of ${link}, without ${list}.`;
  return kind === 'Pick' ? `And ${list} of ${link}.` : `And those of ${link}.`;
}

/** Outside of code a "<" would be taken for a tag. */
function textOf(doc: string): string[] {
  const text = doc.replaceAll(/`[^`]*`|</g, (found) => (found === '<' ? '&lt;' : found));
  return text === '' ? [] : [text];
}

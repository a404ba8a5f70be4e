import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const page = readFileSync(fileURLToPath(new URL('../../../docs/lint.md', import.meta.url)), 'utf8');
const sections = page.split(/^## /m).slice(1);
const codeOf = (section: string) => section.split('\n')[0] as string;

/** The rules that have a heading. */
export const headings: readonly string[] = sections.map(codeOf);

/** The examples of the page, by the code of their heading. */
export function examples(kind: 'bad' | 'good'): [code: string, example: string][] {
  return sections.flatMap((section) => {
    const example = new RegExp(`^\`\`\`lua ${kind}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(section)?.[1];
    return example === undefined ? [] : [[codeOf(section), example] as [string, string]];
  });
}

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A block of code of a page. */
export interface CodeBlock {
  /** Of the page and its place among the blocks of its language: `quick-start-express0`. */
  readonly name: string;
  readonly code: string;
}

/** Every page that people read, the written ones. */
export const PAGES: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' })
    .map((file) => `docs/${file.replaceAll('\\', '/')}`)
    .filter((page) => page.endsWith('.md') && !/node_modules|^docs\/reference|\.vitepress/.test(page)),
  ...readdirSync(`${ROOT}packages`).map((name) => `packages/${name}/README.md`),
];

/** The blocks of a page in one language, in their order. */
export function blocksOf(page: string, language: string): CodeBlock[] {
  const text = readFileSync(`${ROOT}${page}`, 'utf8');
  const prefix = page.replace(/^docs\/|\.md$/g, '').replaceAll('/', '-');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, code = ''], index) => ({
      name: `${prefix}${index}`,
      code,
    }),
  );
}

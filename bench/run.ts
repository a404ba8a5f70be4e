// npm run bench -- NAME: prints the tables of one benchmark, or of all.
import { readdirSync } from 'node:fs';

const SHARED = ['rounds.ts'];
const names = readdirSync(new URL('./src', import.meta.url))
  .filter((file) => file.endsWith('.ts') && !SHARED.includes(file))
  .map((file) => file.replace('.ts', ''));
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`There is no benchmark called ${unknown}. Choose from ${names.join(', ')}.`);
  process.exit(2);
}
for (const name of wanted.length > 0 ? wanted : names) await import(new URL(`./src/${name}.ts`, import.meta.url).href);

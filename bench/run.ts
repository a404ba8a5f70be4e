// npm run bench -- NAME FIGURE…: prints the tables of one benchmark, or of all; of all its figures, or of some.
// --profile: also says in which functions this project's side of them spends its time.
import { readdirSync } from 'node:fs';

// tsx turns it on; it makes every look at a stack slow, which no production process pays
process.setSourceMapsEnabled(false);

const names = readdirSync(new URL('./src', import.meta.url))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace('.ts', ''));
const [wanted, ...args] = process.argv.slice(2);
if (wanted !== undefined && !names.includes(wanted)) {
  console.error(`There is no benchmark called ${wanted}. Choose from ${names.join(', ')}.`);
  process.exit(2);
}
for (const name of wanted === undefined ? names : [wanted]) {
  const benchmark = await import(new URL(`./src/${name}.ts`, import.meta.url).href);
  await benchmark.default(args);
}

// Writes what is made of other files: the modules that hold the Lua files, as `redis-functions generate` does, and the pages
// of options. Tests prove that they are current.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeModules } from '../packages/cli/src/generate/generate.js';
import { generatedModules } from './generated-modules.js';
import { optionPages } from './option-pages.js';

await writeModules((await generatedModules()).filter(({ isCurrent }) => !isCurrent));
for (const { file, text } of optionPages()) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

// Writes the modules that hold the Lua files. A test proves that they are current.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { generatedModules } from './generated-modules.js';

for (const { modulePath, content } of generatedModules()) {
  mkdirSync(dirname(modulePath), { recursive: true });
  writeFileSync(modulePath, content);
}

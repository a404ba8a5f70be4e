// Writes the modules that hold the Lua files, as `redis-functions generate` does. A test proves that they are current.
import { writeModules } from '../packages/cli/src/generate/generate.js';
import { generatedModules } from './generated-modules.js';

await writeModules((await generatedModules()).filter(({ isCurrent }) => !isCurrent));

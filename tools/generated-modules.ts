import { type GeneratedModule, modulesOf } from '../packages/cli/src/generate/generate.js';
import { luaFolders } from './lua-folders.js';

/** `lua/cart.lua` of every package and app becomes `src/generated/cart.lua.ts`. */
export function generatedModules(): Promise<GeneratedModule[]> {
  return modulesOf(luaFolders());
}

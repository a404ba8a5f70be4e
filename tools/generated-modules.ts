import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A TypeScript module that holds one Lua file, byte for byte. */
export interface GeneratedModule {
  /** Absolute paths. */
  luaPath: string;
  modulePath: string;
  /** What the module must contain. */
  content: string;
}

/** `lua/cart.lua` of every package and app becomes `src/generated/cart.lua.ts`. */
export function generatedModules(): GeneratedModule[] {
  return ['packages', 'apps'].flatMap((group) =>
    list(join(root, group)).flatMap((name) => {
      const project = join(root, group, name);
      return list(join(project, 'lua'))
        .filter((file) => file.endsWith('.lua'))
        .map((file) => {
          const luaPath = join(project, 'lua', file);
          const modulePath = join(project, 'src', 'generated', `${file}.ts`);
          return { luaPath, modulePath, content: toModule(luaPath) };
        });
    }),
  );
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** One literal per line of Lua, so that a change of the Lua is as readable in a diff of the module. */
function toModule(luaPath: string): string {
  const lines = readFileSync(luaPath, 'utf8').split('\n');
  const literals = lines.map((line) => `  ${JSON.stringify(line)},`);
  return [
    `// Generated from ${relative(root, luaPath).replaceAll('\\', '/')} by "npm run generate". Do not edit.`,
    `/** The text of ${basename(luaPath)}, byte for byte. */`,
    'export const code = [',
    ...literals,
    "].join('\\n');",
    '',
  ].join('\n');
}

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { generatedModules } from '../../tools/generated-modules.js';

describe('the modules that hold the Lua files', () => {
  it.each(generatedModules().map((module) => [basename(module.luaPath), module] as const))(
    '%s is current, and has the file byte for byte',
    async (_, { luaPath, modulePath, content }) => {
      // "npm run generate" brings it up to date
      expect(readFileSync(modulePath, 'utf8')).toBe(content);
      const { code } = (await import(modulePath)) as { code: string };
      expect(Buffer.from(code).equals(readFileSync(luaPath))).toBe(true);
    },
  );
});

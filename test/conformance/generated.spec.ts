import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { generatedModules } from '../../tools/generated-modules.js';

describe('the modules that hold the Lua files', () => {
  it('are there for each of them', async () => {
    const names = (await generatedModules()).map(({ source }) => basename(source));
    expect(names).toEqual(expect.arrayContaining(['cart.lua', 'ratelimiter.lua', 'sessions.lua', 'mylib.lua']));
  });

  it('are current, and have the files byte for byte', async () => {
    for (const { source, file, text } of await generatedModules()) {
      // "npm run generate" brings it up to date
      expect(readFileSync(file, 'utf8')).toBe(text);
      const { code } = (await import(file)) as { code: string };
      expect(Buffer.from(code).equals(readFileSync(source))).toBe(true);
    }
  });
});

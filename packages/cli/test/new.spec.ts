import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCli } from './terminal.js';

const run = promisify(execFile);
/** Inside the repository, so that packages are found; git-ignored. */
const folder = fileURLToPath(new URL('../../../.cache/new', import.meta.url));

describe('new', () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: fileURLToPath(new URL('../../../tsconfig.check.json', import.meta.url)),
        include: ['src', 'test'],
      }),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('writes a library that is clean, typed and tested', async () => {
    const made = await runCli(['new', 'order_lines', '--dir', folder]);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(
      made.out
        .trim()
        .split('\n')
        .map((file) => file.slice(folder.length + 1)),
    ).toEqual(['lua/order_lines.lua', 'src/order_lines.ts', 'test/order_lines.test.ts']);
    expect(readFileSync(join(folder, 'src/order_lines.ts'), 'utf8')).toContain('export const orderLines = ');
    expect((await runCli(['lint', join(folder, 'lua')])).out).toBe('1 file: nothing found.\n');
    const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));
    expect(await run(process.execPath, [tsc, '-p', folder]).catch(({ stdout }) => ({ stdout }))).toMatchObject({
      stdout: '',
    });
    const test = ['--import', 'tsx', '--conditions=@redis-functions/source', '--test', 'test/order_lines.test.ts'];
    const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const { stdout } = await run(process.execPath, test, { cwd: folder, env });
    expect(stdout).toMatch(/pass 1\n/);
  });

  it('overwrites nothing, and knows a name', async () => {
    writeFileSync(join(folder, 'src/stock.ts'), '// mine');
    const { code, err } = await runCli(['new', 'stock', '--dir', folder]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('stock.ts is there already') });
    expect(existsSync(join(folder, 'lua/stock.lua'))).toBe(false);
    for (const name of ['Stock', '1st', 'a-b', '../up', 'a__b', '']) {
      expect({ name, code: (await runCli(['new', name, '--dir', folder])).code }).toEqual({ name, code: 2 });
    }
  });
});

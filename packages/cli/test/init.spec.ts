import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Project } from './project.js';
import { runCli } from './terminal.js';

let project: Project;
afterEach(() => project.remove());

const init = (...argv: string[]) => runCli(['init', '--dir', project.folder, ...argv]);
const read = (file: string) => readFileSync(join(project.folder, file), 'utf8');
const has = (file: string) => existsSync(join(project.folder, file));

describe('init', () => {
  it('sets a project up, says what is next, and changes nothing when it is done again', async () => {
    project = new Project('init', {
      'package.json': '{\n    "name": "shop",\n    "scripts": { "test:lua": "mine" }\n}\n',
    });
    const dry = await init('stock', '--dry-run');
    expect(dry).toMatchObject({ code: 0, err: '', out: expect.stringContaining('would write   lua/stock.lua') });
    expect(has('lua')).toBe(false);
    const { code, out, err } = await init('stock');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\nNext:\n')[1]).toBe(
      [
        '1. npm install @redis-functions/core',
        '2. npm install --save-dev @redis-functions/cli @redis-functions/testing jest jest-environment-node @swc/core @swc/jest',
        '3. npm run test:lua',
        '4. npm run deploy:lua -- --url redis://localhost:6379\n',
      ].join('\n'),
    );
    expect(read('jest.config.mjs')).toContain("preset: '@redis-functions/testing'");
    expect(read('test/stock.test.ts')).toContain("from '@jest/globals'");
    expect(read('package.json')).toBe(
      '{\n    "name": "shop",\n    "scripts": {\n        "test:lua": "mine",\n        "lint:lua": "redis-functions lint lua/",\n' +
        '        "deploy:lua": "redis-functions deploy lua/"\n    }\n}\n',
    );
    const before = read('package.json');
    const { steps } = JSON.parse((await init('other', '--json')).out);
    expect(steps.map(({ action, file }: { action: string; file: string }) => [action, file])).toEqual([
      ['keep', 'lua'],
      ['keep', 'jest.config.mjs'],
      ['keep', 'package.json'],
    ]);
    expect(read('package.json')).toBe(before);
    // what comes later is tested as the project is
    await runCli(['new', 'returns', '--dir', project.folder]);
    expect(read('test/returns.test.ts')).toContain("from '@jest/globals'");
  });

  it('asks for the preset where Jest is set up already, and only for packages that are missing', async () => {
    project = new Project('init', {
      'package.json': JSON.stringify({
        jest: { testTimeout: 1 },
        dependencies: { '@redis-functions/core': '*' },
        devDependencies: { jest: '*', 'jest-environment-node': '*', '@redis-functions/cli': '*' },
      }),
    });
    expect(JSON.parse((await init('--json')).out).next.slice(0, 2)).toEqual([
      'npm install --save-dev @redis-functions/testing',
      'Add "preset: \'@redis-functions/testing\'" to package.json',
    ]);
    expect(has('jest.config.mjs')).toBe(false);
    expect(has('lua/counter.lua')).toBe(true);
  });

  it.each([
    ['there is no package.json', {}, 1, /There is no .*package\.json\. Make it with npm init/],
    ['it is not JSON', { 'package.json': '{' }, 1, /is not JSON: .* Mend it first/],
    ['it is something else', { 'package.json': '[1]' }, 1, /is not the description of a package/],
    ['a file is in the way', { 'package.json': '{}', 'src/counter.ts': '' }, 1, /counter\.ts is there already/],
  ])('writes nothing where %s', async (_, files, exitCode, sentence) => {
    project = new Project('init', files);
    expect(await init()).toMatchObject({ code: exitCode, out: '', err: expect.stringMatching(sentence) });
    expect(has('lua')).toBe(false);
  });

  it('knows a name', async () => {
    project = new Project('init', { 'package.json': '{}' });
    expect(await init('No-Name')).toMatchObject({ code: 2, err: expect.stringContaining('No-Name is no name') });
    chmodSync(join(project.folder, 'package.json'), 0o444);
    expect((await init('--dry-run')).code).toBe(0);
  });
});

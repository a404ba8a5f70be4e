import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defineLibrary, type FunctionTable, RedisFunctions } from '@redis-functions/core';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { createClient } from 'redis';
import { runCli } from './terminal.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const EVERY_TYPE = `#!lua name=all
-- @version 2.1.0

--- Says what it was given.
---@key first where it is
---@key ... more of them
---@param text string
---@param whole integer
---@param part number
---@param flag boolean
---@param order "asc"|"desc" which way
---@param limit integer?
---@param note? string
---@return string[]
local function echo(keys, args)
  local said = {}
  for _, key in ipairs(keys) do said[#said + 1] = key end
  for _, arg in ipairs(args) do said[#said + 1] = arg end
  return said
end

---@param ... integer
---@return integer
local function sum(_, args)
  local all = 0
  for _, one in ipairs(args) do all = all + tonumber(one) end
  return all
end

---@param text string
---@return boolean
local function is_yes(_, args)
  return args[1] == 'yes'
end

---@param text string
---@return "OK"|"NONE" code
---@return integer? value
local function find(_, args)
  if args[1] == '' then return { 'NONE' } end
  return { args[1] == 'odd' and 'ODD' or 'OK', #args[1] }
end

---@return string?
local function nothing()
  return false
end

redis.register_function('all_echo', echo)
redis.register_function('all_sum', sum)
redis.register_function{ function_name = 'all_is_yes', callback = is_yes, flags = { 'no-writes' } }
redis.register_function('all_find', find)
redis.register_function('all_nothing', nothing)
redis.register_function('all_plain', function() return 1 end)
---@return integer
redis.register_function('all_inline', function() return 7 end)
`;

describe('generate', () => {
  let folder: string;
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis();
    await mkdir(join(ROOT, '.cache'), { recursive: true });
  });
  afterAll(() => redis?.stop());
  beforeEach(async () => {
    // inside of the repository, where the packages are found
    folder = await mkdtemp(join(ROOT, '.cache', 'generate-'));
    await mkdir(join(folder, 'lua'));
  });
  const files: string[] = [];
  afterAll(async () => {
    await Promise.all(files.map((file) => rm(file, { recursive: true, force: true })));
  });
  beforeEach(() => void files.push(folder));

  const generate = (...args: string[]) => runCli(['generate', join(folder, 'lua'), ...args]);
  const write = (code: string, name = 'all') => writeFile(join(folder, 'lua', `${name}.lua`), code);
  const read = (name = 'all') => readFile(join(folder, 'src', 'generated', `${name}.lua.ts`), 'utf8');
  const load = async () => {
    const file = join(folder, 'src', 'generated', 'all.lua.ts');
    return (await import(pathToFileURL(file).href)) as { code: string; functions: FunctionTable } & Record<
      string,
      unknown
    >;
  };
  const compile = async (text: string) => {
    await writeFile(join(folder, 'use.ts'), text);
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(ROOT, 'tsconfig.base.json'),
        compilerOptions: {
          noEmit: true,
          customConditions: ['@redis-functions/source'],
          typeRoots: [join(ROOT, 'node_modules/@types')],
        },
        files: ['use.ts'],
      }),
    );
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    return promisify(execFile)(process.execPath, [tsc, '-p', folder]).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    );
  };

  it('writes what the library is, byte for byte, and types of what its annotations say', async () => {
    await write(EVERY_TYPE);
    expect(await generate()).toMatchObject({ code: 0, out: expect.stringMatching(/all\.lua\.ts: written\n$/) });
    const module = await load();
    expect(module).toMatchObject({
      code: EVERY_TYPE,
      name: 'all',
      version: '2.1.0',
      registered: { all_echo: [], all_is_yes: ['no-writes'], all_plain: [] },
    });
    expect(Object.keys(module.functions)).toEqual(['echo', 'sum', 'isYes', 'find', 'nothing', 'inline']);
    expect(await read()).toContain('* @param order which way');
  });

  it('makes modules that compile, and wrong use that does not', async () => {
    await write(EVERY_TYPE);
    await generate();
    const use = (line: string) =>
      compile(`
import { defineLibrary, type RedisFunctions } from '@redis-functions/core';
import { code, type FunctionName, functions, registered } from './src/generated/all.lua.js';
const library = defineLibrary({ code, registered, functions });
export async function use(all: RedisFunctions) {
  const calls = all.use(library);
  const said: readonly string[] = await calls.echo('k', ['l'], 'text', 1, 1.5, true, 'asc', 5, 'note');
  const sum: number = await calls.sum(1, 2, 3);
  const yes: boolean = await calls.isYes('yes');
  const [found, value]: readonly ['OK' | 'NONE', number | null] = await calls.find('x');
  const none: string | null = await calls.nothing();
  const name: FunctionName = 'all_plain';
  ${line}
  return [said, sum, yes, found, value, none, name];
}
`);
    expect(await use('')).toBe('');
    const wrong = [
      `await calls.echo('k', ['l'], 'text', 1, 1.5, true, 'up');`,
      `await calls.sum('1');`,
      'await calls.isYes();',
      '((only: "OK") => only)((await calls.find("x"))[0]);',
      '((only: FunctionName) => only)("all_none");',
    ];
    const said = await use(wrong.join('\n  '));
    expect(said.match(/error TS/g)).toHaveLength(wrong.length);
  }, 60_000);

  it.each([2, 3] as const)(
    'calls with RESP%i arrive as they were given, and are answered as the types say',
    async (RESP) => {
      await write(EVERY_TYPE);
      await generate();
      const { code, functions } = await load();
      const client = createClient({ url: redis.url, RESP });
      await client.connect();
      try {
        const library = defineLibrary({ code, functions });
        const calls = new RedisFunctions({ client }).use(library) as Record<
          string,
          (...args: unknown[]) => Promise<unknown>
        >;
        const call = (name: string, ...args: unknown[]) =>
          (calls[name] as (...args: unknown[]) => Promise<unknown>)(...args);
        const said = await call('echo', 'k', ['l', 'm'], 'text', 1, 1.5, false, 'desc', 5);
        expect(said).toEqual(['k', 'l', 'm', 'text', '1', '1.5', '0', 'desc', '5']);
        expect(await call('sum', 1, 2, 3)).toBe(6);
        expect([await call('isYes', 'yes'), await call('isYes', 'no')]).toEqual([true, false]);
        expect([await call('find', 'abc'), await call('find', '')]).toEqual([
          ['OK', 3],
          ['NONE', null],
        ]);
        expect([await call('nothing'), await call('inline')]).toEqual([null, 7]);

        const refused: [string, unknown[], string][] = [
          ['sum', [1, 1.5], 'values[1]'],
          ['sum', ['1'], 'values[0]'],
          ['echo', ['k', [], 'text', 2 ** 53, 1, true, 'asc'], 'whole'],
          ['echo', ['k', [], 'text', 1, Number.NaN, true, 'asc'], 'part'],
          ['echo', ['k', [], 'text', 1, 1, 'yes', 'asc'], 'flag'],
          ['echo', ['k', [], 'text', 1, 1, true, 'up'], 'order'],
          ['echo', ['k', [], 'text', 1, 1, true, 'asc', undefined, 'note'], 'limit'],
          ['echo', [5, [], 'text', 1, 1, true, 'asc'], 'first'],
          ['isYes', [null], 'text'],
        ];
        for (const [name, args, field] of refused) {
          await expect((async () => call(name, ...args))()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field });
        }
        await expect(call('find', 'odd')).rejects.toMatchObject({ code: 'UNEXPECTED_REPLY' });
      } finally {
        await client.close();
      }
    },
  );

  it('checks: exit code 1 where a module is not current, and writes nothing', async () => {
    await write(EVERY_TYPE);
    const missing = await generate('--check');
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('redis-functions generate') });
    await expect(read()).rejects.toThrow('ENOENT');
    await generate();
    expect(await generate('--check')).toMatchObject({ code: 0 });
    await write(EVERY_TYPE.replace('2.1.0', '2.1.1'));
    const stale = await generate('--check', '--json');
    expect([stale.code, JSON.parse(stale.out)]).toEqual([1, [expect.objectContaining({ action: 'not current' })]]);
    expect(await read()).toContain('2.1.0');
    expect(await generate('--out', join(folder, 'elsewhere'))).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, 'elsewhere', 'all.lua.ts'), 'utf8')).toContain('2.1.1');
  });

  it.each([
    ['---@return number', 'Return tostring(value)'],
    ['---@return table<string, integer>', 'Return a flat list'],
    ['---@return (string|nil)[]', 'a nil would end the list'],
    ['---@return string[][]', 'one flat list'],
    ['---@return string|integer', 'Write one type'],
    ['---@return', '@return has no type'],
    ['---@return userdata', 'is no type'],
    ['---@return string?\n---@return integer', 'after one that may be nil'],
    ['---@return string\n---@return boolean', 'false ends a list'],
    ['---@return string\n---@return string[]', 'one flat list'],
    ['---@param', 'has no name'],
    ['---@param name', 'has no type'],
    ['---@param names string[]', 'arguments are single values'],
    ['---@param a? string\n---@param b string', 'after one that may be left out'],
    ['---@param a? string\n---@param ... string', 'after one that may be left out'],
    ['---@param ... string\n---@param b string', 'is not the last'],
    ['---@key a?', 'a key cannot be left out'],
    ['---@key a\n---@param a string', 'a is there twice'],
  ])('%j is refused with its line and what to write', async (annotations, sentence) => {
    await write(`#!lua name=all\n\n${annotations}\nlocal function f() return 1 end\nredis.register_function('f', f)\n`);
    const { code, out, err } = await generate();
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(sentence);
    expect(err).toMatch(/all\.lua:\d+: /);
    await expect(read()).rejects.toThrow('ENOENT');
  });

  it('the page about it shows what is so', async () => {
    const page = await readFile(join(ROOT, 'docs', 'generate.md'), 'utf8');
    const blocks = (language: string) =>
      [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text as string);
    await write(blocks('lua')[0] as string, 'stock');
    expect(await generate()).toMatchObject({ code: 0 });
    const [define, call] = blocks('ts') as [string, string];
    await writeFile(join(folder, 'stock.ts'), define.replace('./generated', './src/generated'));
    const text = `import { RedisFunctions } from '@redis-functions/core';\nimport { stock } from './stock.js';\n`;
    const url = `const url = ${JSON.stringify(redis.url)};\n`;
    expect(await compile(`${text}${url}${call}export { code, left, functions };\n`)).toBe('');
    const { stock } = (await import(pathToFileURL(join(folder, 'stock.ts')).href)) as {
      stock: ReturnType<typeof defineLibrary>;
    };
    const functions = new RedisFunctions({ url: redis.url, libraries: [stock] });
    const calls = functions.use(stock) as Record<string, (...args: unknown[]) => Promise<unknown>>;
    expect(await calls['take']?.('level:mug', 2, 'sale')).toEqual(['SHORT', 0]);
    await functions.close();
  }, 60_000);
});

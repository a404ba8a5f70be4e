import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import fc from 'fast-check';
import { createClient, type RedisClientType } from 'redis';
import { runCli } from './terminal.js';

const SCRIPTS = fileURLToPath(new URL('./scripts', import.meta.url));
const PAGE = fileURLToPath(new URL('../../../docs/migrate.md', import.meta.url));
const files = (await readdir(SCRIPTS)).sort();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'redis-functions-migrate-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const migrate = (...args: string[]) => runCli(['migrate', ...args, '--out', join(folder, 'lua', 'old.lua')]);
const written = () => readFile(join(folder, 'lua', 'old.lua'), 'utf8');
const script = async (text: string, name = 'one.lua') => {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
};

const key = fc.constantFrom('{k}1', '{k}2', '{k}3');
const text = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 12 }).map(String) },
  fc.constantFrom('', 'a', 'b', '1.5', '{"a":1,"b":"x"}', '{"b":[1,2]}', 'not json', '\u00e9', '-1'),
);
const call = fc.record({
  keys: fc.array(key, { minLength: 0, maxLength: 3 }),
  args: fc.array(text, { minLength: 0, maxLength: 4 }),
});
/** Most of the time what a script is made for. */
const calls = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        keys: fc.constant(['{k}1', '{k}2', '{k}3']),
        args: fc.array(text, { minLength: 4, maxLength: 4 }),
      }),
    },
    call,
  ),
  { minLength: 1, maxLength: 12 },
);

/** What is there before. */
const beginnings = fc.array(
  fc.constantFrom(
    ['SET', '{k}1', '1'],
    ['SET', '{k}1', 'a'],
    ['SET', '{k}1', '{"a":2}'],
    ['SET', '{k}2', '7'],
    ['SET', '{k}3', '9'],
    ['RPUSH', '{k}1', 'a', 'b', 'c'],
    ['ZADD', '{k}1', '1', 'a', '3', 'b', '4', '5'],
    ['HSET', '{k}1', 'version', '1', 'level', '2', 'tokens', '3'],
    ['SADD', '{k}1', 'a', '2'],
  ),
  { maxLength: 3 },
);

/** Redis 7.0, the newest Redis and the newest Valkey that are here. */
const servers = availableServers();
const newest = (kind: string) => servers.filter(({ name }) => name.startsWith(kind)).at(-1);
const chosen = [...new Set([servers[0], newest('redis'), newest('valkey')])].flatMap((one) => (one ? [one] : []));

describe.each(chosen)('scripts and the library made of them, on $name', ({ path }) => {
  let redis: RedisServer;
  let client: RedisClientType;

  beforeAll(async () => {
    redis = await startRedis({ server: path });
    // a server that is gone is an error, not a wait
    client = (await createClient({ url: redis.url, socket: { reconnectStrategy: false } })
      .on('error', () => {})
      .connect()) as unknown as RedisClientType;
    const here = await mkdtemp(join(tmpdir(), 'redis-functions-migrate-'));
    expect(await runCli(['migrate', SCRIPTS, '--name', 'old', '--out', join(here, 'old.lua')])).toMatchObject({
      code: 0,
    });
    await client.sendCommand(['FUNCTION', 'LOAD', await readFile(join(here, 'old.lua'), 'utf8')]);
    await rm(here, { recursive: true });
  });
  afterAll(async () => {
    await client?.close();
    await redis?.stop();
  });
  const send = (command: readonly string[]) =>
    client.sendCommand([...command]).then(
      (reply) => reply as unknown,
      // where it happened is told in other words: a script has no name
      (error: Error) => ({
        error: error.message
          .replace(/ (?:script|function): .*$/s, '')
          .replace(/(?:user_script|user_function|@\w+):\d+:? ?/g, ''),
      }),
    );
  const dataset = async () => {
    const keys = (await client.keys('*')).sort();
    return Promise.all(
      keys.map(async (one) => ({
        key: one,
        value: String(await client.sendCommand(['DUMP', one])),
        // what expires in both, within the time that a round takes
        expires: Math.sign(await client.pTTL(one)),
      })),
    );
  };

  it.each(files)('%s: the same replies and the same data', async (file) => {
    const source = await readFile(join(SCRIPTS, file), 'utf8');
    const name = `old_${basename(file, '.lua').replaceAll('-', '_')}`;
    await fc.assert(
      fc.asyncProperty(beginnings, calls, async (beginning, sequence) => {
        const run = async (head: readonly string[]) => {
          await client.flushAll();
          for (const command of beginning) await send(command);
          const replies: unknown[] = [];
          for (const { keys, args } of sequence) {
            replies.push(await send([...head, String(keys.length), ...keys, ...args]));
          }
          return { replies, data: await dataset() };
        };
        expect(await run(['FCALL', name])).toEqual(await run(['EVAL', source]));
      }),
      { numRuns: 20 },
    );
  });
});

describe('migrate', () => {
  it('makes one library that lint has nothing against, with the flags that scripts have or could have', async () => {
    const { code, out } = await migrate(SCRIPTS, '--name', 'old', '--json');
    expect(code).toBe(0);
    const { functions, findings } = JSON.parse(out);
    expect(files.length).toBeGreaterThanOrEqual(20);
    expect(functions).toHaveLength(files.length);
    expect(findings).toEqual([]);
    const flagsOf = (name: string) => functions.find((one: { name: string }) => one.name === name).flags;
    expect(flagsOf('old_leaderboard_top')).toEqual(['no-writes']);
    expect(flagsOf('old_semaphore')).toEqual(['allow-oom']);
    expect(flagsOf('old_lock_release')).toEqual([]);
    const lint = await runCli(['lint', join(folder, 'lua', 'old.lua')]);
    expect(lint).toMatchObject({ code: 0 });
  });

  it('lists the calls to change', async () => {
    const file = await script("return redis.call('GET', KEYS[1])", 'read-it.lua');
    await mkdir(join(folder, 'src', 'node_modules'), { recursive: true });
    await writeFile(
      join(folder, 'src', 'a.ts'),
      "const text = readFileSync('read-it.lua');\nawait client.eval(text, { keys: ['k'] });\n",
    );
    await writeFile(
      join(folder, 'src', 'b.js'),
      "redis.defineCommand('readIt', {});\nclient.sendCommand(['EVALSHA', sha]);\nevaluate(1);\n",
    );
    await writeFile(join(folder, 'src', 'node_modules', 'c.js'), 'client.eval(1)\n');
    const { out } = await migrate(file, '--name', 'old', '--search', join(folder, 'src'), '--json');
    const found = JSON.parse(out).callSites.map(
      ({ file: at, line, write }: { file: string; line: number; write: string }) => [basename(at), line, write],
    );
    expect(found).toEqual([
      ['a.ts', 1, expect.stringContaining('not read any more')],
      ['a.ts', 2, expect.stringContaining('functions.use(old).readIt(')],
      ['b.js', 1, expect.stringContaining('FCALL old_read_it')],
      ['b.js', 2, expect.stringContaining('FCALL old_read_it')],
    ]);
  });

  it('never writes over a library that is there, unless it is meant', async () => {
    const file = await script('return 1');
    expect(await migrate(file, '--name', 'old')).toMatchObject({ code: 0 });
    const before = await written();
    const again = await migrate(await script('return 2', 'two.lua'), '--name', 'old');
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('--yes') });
    expect(await written()).toBe(before);
    expect(await migrate(join(folder, 'two.lua'), '--name', 'old', '--yes', '--function', 'give_two')).toMatchObject({
      code: 0,
    });
    expect(await written()).toContain("redis.register_function{ function_name = 'give_two'");
  });

  it.each<[string, string | Buffer, string]>([
    ['what is not Lua', 'return (', 'one.lua:1: '],
    ['a global', "x = 1\nreturn redis.call('GET', KEYS[1])", 'one.lua:1: It sets the global "x"'],
    ['a global function', 'local y = 1\nfunction f() return y end\nreturn f()', 'one.lua:2: It sets the global "f"'],
    ['a library', "#!lua name=old\nredis.register_function('f', function() end)", 'a library already'],
    ['another language', '#!js\n1', 'another language'],
    ['a flag that does not exist', '#!lua flags=fast\nreturn 1', 'no flag fast'],
    ['a binary file', Buffer.from([0, 1, 2, 255]), 'is not text'],
  ])('%s is refused with a remedy, and nothing is written', async (_, content, sentence) => {
    const file = join(folder, 'one.lua');
    await writeFile(file, content);
    const { code, err } = await migrate(file, '--name', 'old');
    expect([code, err]).toEqual([1, expect.stringContaining(sentence)]);
    await expect(written()).rejects.toThrow('ENOENT');
  });

  it('two scripts of one name, names that are none and missing files are refused', async () => {
    const [one, two] = [await script('return 1', 'a-b.lua'), await script('return 2', 'a_b.lua')];
    expect(await migrate(one, two, '--name', 'old')).toMatchObject({
      code: 1,
      err: expect.stringContaining('old_a_b'),
    });
    expect(await migrate(one, two, '--name', 'old', '--function', 'f')).toMatchObject({ code: 2 });
    expect(await migrate(one, '--name', 'no name')).toMatchObject({ code: 2 });
    expect(await migrate(one)).toMatchObject({ code: 2 });
    expect(await migrate(join(folder, 'none.lua'), '--name', 'old')).toMatchObject({ code: 1 });
    expect(await migrate(one, '--name', 'old', '--search', join(folder, 'none'))).toMatchObject({ code: 1 });
    await expect(written()).rejects.toThrow('ENOENT');
  });

  it('says what functions do not have', async () => {
    const file = await script("redis.breakpoint()\nreturn redis.call('GET', KEYS[1])");
    const { out } = await migrate(file, '--name', 'old');
    expect(out).toContain('one.lua:1: redis.breakpoint is not there in functions. Remove it');
  });

  it('does what the page about it shows', async () => {
    const page = await readFile(PAGE, 'utf8');
    const [before, after] = [...page.matchAll(/```lua\n([\s\S]*?)```/g)].map(([, code]) => code as string);
    expect(await migrate(await script(before as string, 'release-lock.lua'), '--name', 'old')).toMatchObject({
      code: 0,
    });
    expect(await written()).toBe(after);
  });
});

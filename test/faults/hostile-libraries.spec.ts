import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeployError, defineLibrary, InvalidDefinitionError, RedisFunctions } from '@redis-functions/core';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import { createClientPool, type RedisClientPoolType } from 'redis';
import { counterLibrary } from '../topologies/counter.js';
import { newest } from '../topologies/servers.js';

/** Different texts per server: ten thousand on a Redis and a Valkey. */
const TEXTS = 5_000;
const good = counterLibrary('1.0.0');

/** Repeatable: a failure can be looked at again. */
function randomFrom(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Random = ReturnType<typeof randomFrom>;
const newer = counterLibrary('2.0.0').code;
const pick = <T>(random: Random, items: readonly T[]) => items[random(items.length)] as T;
const insert = (random: Random, text: string) => {
  const at = random(newer.length);
  return newer.slice(0, at) + text + newer.slice(at);
};

/** What people and accidents do to a library. */
const HARM: Record<string, (random: Random) => string> = {
  truncated: (random) => newer.slice(0, random(newer.length)),
  'with another first line': (random) =>
    newer.replace(
      '#!lua name=counter',
      pick(random, [
        '#!js name=counter',
        '#!lua',
        '#!lua name=',
        '#!lua name=a-b',
        '#!lua name=counter x=1',
        '',
        ' #!lua name=counter',
        '\uFEFF#!lua name=counter',
        '#!lua name=counter name=b',
      ]),
    ),
  'with CRLF': () => newer.replaceAll('\n', '\r\n'),
  'with a character that is none': (random) =>
    insert(random, pick(random, ['\u0000', '\u0001', '\ud800', '😀', '\u2028', '\\', '"', "'", '[[', '--[[', ']]'])),
  'with words that are not Lua': (random) =>
    insert(
      random,
      pick(random, [' end ', ' function ', ' = ', ' local ', ' return ', '(', ')', '{', '}', ' nil ', ' goto ']),
    ),
  'that registers a name twice': () => `${newer}redis.register_function('counter_add', function() end)\n`,
  'whose names differ by case': (random) =>
    `${newer}redis.register_function('${pick(random, ['COUNTER_ADD', 'Counter_Add', 'counter_ADD'])}', function() end)\n`,
  'whose names differ by case, in tables': () =>
    `${newer}redis.register_function{ function_name = 'Counter_Read', callback = function() end }\n`,
  'that logs while it is loaded': () => `${newer}redis.log(redis.LOG_WARNING, 'hello')\n`,
  'that needs what is not there': (random) =>
    `${newer}local x = ${pick(random, ['math.floor(1)', 'redis.call("PING")', 'cjson.encode({})', 'KEYS[1]', 'os.time()', 'setmetatable({}, {})', 'error({ code = 1 })'])}\n`,
  'with a flag that is none': () =>
    `${newer}redis.register_function{ function_name = 'x', callback = function() end, flags = { 'no-such-flag' } }\n`,
  'with a name that is none': (random) =>
    `${newer}redis.register_function('${pick(random, ['a b', 'a-b', '', 'é'])}', function() end)\n`,
  'that registers nothing': () => newer.split('\n').slice(0, 2).join('\n'),
  'of too many locals': () => `${newer}${Array.from({ length: 201 }, (_, i) => `local v${i} = ${i}`).join('\n')}\n`,
  'of bytecode': () => `${newer.split('\n')[0]}\n\u001bLua\u0051\u0000`,
};

describe.each(newest(availableServers()))('hostile libraries on $name', ({ path }) => {
  let redis: RedisServer;
  let functions: RedisFunctions;
  let client: RedisClientPoolType;
  const random = randomFrom(20_261_123);
  const tried = new Set<string>();

  beforeAll(async () => {
    redis = await startRedis({ server: path });
    functions = new RedisFunctions({ url: redis.url, libraries: [good], force: true });
    await functions.deploy();
    // a connection per deploy would be most of the time
    client = createClientPool({ url: redis.url }, { minimum: 2, maximum: 2 });
    await client.connect();
  });
  afterAll(async () => {
    client.destroy();
    await functions.close();
    await redis.stop();
  });

  async function tryToDeploy(code: string): Promise<Error | undefined> {
    const deployer = new RedisFunctions({ client, deadlineMs: 10_000 });
    tried.add(code);
    try {
      const library = defineLibrary({ code, functions: good.functions });
      deployer.use(library);
      await deployer.deploy({ force: true });
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  it.each(Object.keys(HARM))(
    'a text %s is refused in words, and changes nothing',
    async (kind) => {
      // those that differ at random are drawn more often than they can differ, less what is drawn twice
      const times = Math.ceil(TEXTS * 0.55);
      // the same text again says nothing new: so many different ones as this harm can do
      const texts = new Set(Array.from({ length: times }, () => (HARM[kind] as (random: Random) => string)(random)));
      for (const code of texts) {
        const error = await tryToDeploy(code);
        if (error) {
          expect([error.constructor.name, error.message]).toEqual([
            expect.stringMatching(/^(?:InvalidDefinitionError|DeployError)$/),
            expect.stringMatching(/\.$/),
          ]);
          expect(error instanceof InvalidDefinitionError || error instanceof DeployError).toBe(true);
        } else {
          // harmless after all: the old one is put back
          await functions.deploy();
        }
        const [library] = await functions.list({ name: 'counter' });
        expect(library?.hash).toBe(good.hash);
      }
      expect(redis.isRunning).toBe(true);
      expect(await functions.use(good).add('alive')).toBeGreaterThan(0);
    },
    180_000,
  );

  it('were enough of them', () => {
    expect(tried.size).toBeGreaterThanOrEqual(TEXTS);
  });

  it('of a megabyte are loaded, and one that never ends is stopped', async () => {
    const huge = `${newer}${'-- padding\n'.repeat(100_000)}`;
    expect(await tryToDeploy(huge)).toBeUndefined();
    await functions.deploy();
    const error = await tryToDeploy(`${newer}while true do end\n`);
    expect(error).toMatchObject({ code: 'LOAD_REFUSED', message: expect.stringContaining('timeout') });
    expect((await functions.list({ name: 'counter' }))[0]?.hash).toBe(good.hash);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { defineLibrary, RedisFunctions } from '@redis-functions/core';
import { availableServers, type RedisServer, type ServerBinary, startRedis } from '@redis-functions/testing';
import type { RuleCode } from '../src/lint/rules.js';
import { examples } from './lint-page.js';

const bad = new Map(examples('bad'));
const textOf = (code: string) => bad.get(code) as string;

const load = (redis: RedisServer, code: string, text = textOf(code)) =>
  redis.command('FUNCTION', 'LOAD', 'REPLACE', text);
const call = (redis: RedisServer, ...args: string[]) => redis.command('FCALL', 'f', '1', 'key', ...args);

/** Loads the bad example, and calls it. */
async function run(redis: RedisServer, code: string, ...args: string[]): Promise<unknown> {
  await load(redis, code);
  return call(redis, ...args);
}

const refusedAtLoad = (code: RuleCode, why: RegExp) => async (redis: RedisServer) => {
  await expect(load(redis, code)).rejects.toThrow(why);
};
const failsAtCall = (code: RuleCode, why: RegExp) => async (redis: RedisServer) => {
  await expect(run(redis, code)).rejects.toThrow(why);
};
const answers =
  (code: RuleCode, what: unknown, ...args: string[]) =>
  async (redis: RedisServer) => {
    expect(await run(redis, code, ...args)).toEqual(what);
  };

type Shown = (redis: RedisServer) => Promise<void>;

/** What the bad example of each rule does on a Redis. Those that end a server, or need one of their own, are below. */
const WITHOUT = {
  'missing-header': refusedAtLoad('missing-header', /Missing library metadata/),
  'missing-version': async (redis) => {
    const libraries = ['-- old\n', '-- new\n'].map((more) =>
      defineLibrary({
        code: textOf('missing-version') + more,
        functions: { f: { name: 'f', encode: () => ({ keys: [] }), decode: String } } as never,
      }),
    );
    // the old one comes back, and nobody is told
    for (const library of [...libraries, libraries[0]]) {
      const functions = new RedisFunctions({ url: redis.url, libraries: [library as (typeof libraries)[0]] });
      const [{ action } = { action: undefined }] = await functions.deploy().finally(() => functions.close());
      expect(['loaded', 'replaced']).toContain(action);
    }
  },
  'no-function': refusedAtLoad('no-function', /No functions registered/),
  'function-name': refusedAtLoad('function-name', /can only contain letters, numbers/),
  'flags-argument': refusedAtLoad('flags-argument', /wrong number of arguments|unknown flag/),
  'registration-field': refusedAtLoad('registration-field', /unknown argument given to/),
  'missing-no-writes': async (redis) => {
    await load(redis, 'missing-no-writes');
    await expect(redis.command('FCALL_RO', 'f', '1', 'key')).rejects.toThrow(/write flag/);
  },
  'write-in-no-writes': failsAtCall('write-in-no-writes', /Write commands are not allowed/),
  'global-assignment': failsAtCall('global-assignment', /modify a readonly table/),
  'unknown-global': failsAtCall('unknown-global', /nonexistent global variable/),
  'unknown-member': failsAtCall('unknown-member', /attempt to call field 'unpack' \(a nil value\)/),
  'not-on-every-server': failsAtCall('not-on-every-server', /nonexistent global variable 'server'/),
  'load-time-global': refusedAtLoad('load-time-global', /nonexistent global variable/),
  'server-table-at-load': failsAtCall('server-table-at-load', /nonexistent global variable/),
  'too-many-locals': refusedAtLoad('too-many-locals', /more than 200 local variables/),
  'too-many-upvalues': refusedAtLoad('too-many-upvalues', /more than 60 upvalues/),
  'command-not-allowed': async (redis) => {
    // by the version: refused, or answered at once as if nothing came
    expect(await run(redis, 'command-not-allowed').catch(({ message }) => message)).toEqual(
      (await isOld(redis)) ? expect.stringContaining('not allowed from script') : null,
    );
  },
  'long-number': answers('long-number', expect.stringMatching(/^at \d\.\d+e\+15$/)),
  'library-state': async (redis) => {
    expect([await run(redis, 'library-state'), await call(redis)]).toEqual([1, 2]);
    expect(await run(redis, 'library-state')).toBe(1);
  },
  'unbounded-unpack': async (redis) => {
    const many = Array.from({ length: 9_000 }, () => 'x');
    await expect(run(redis, 'unbounded-unpack', ...many)).rejects.toThrow(/too many results to unpack/);
  },
  'one-word-error': failsAtCall('one-word-error', /^ERR LIMITED$/),
  'unheard-error': async (redis) => {
    await redis.command('SET', 'key', 'text');
    expect(await run(redis, 'unheard-error')).toBe('done');
  },
  'zero-is-true': async (redis) => {
    expect(await run(redis, 'zero-is-true', 'ada')).toBe('DUPLICATE');
    expect(await redis.command('SCARD', 'key')).toBe(0);
  },
  'nil-comparison': answers('nil-comparison', null),
  'named-reply-field': async (redis) => {
    await redis.command('HSET', 'key', 'total', '5');
    expect(await run(redis, 'named-reply-field')).toBeNull();
  },
  'string-keyed-reply': answers('string-keyed-reply', []),
  'reserved-reply-field': answers('reserved-reply-field', []),
  'nil-in-reply': answers('nil-in-reply', ['OK']),
  'float-reply': answers('float-reply', 3, '10'),
  'several-results': answers('several-results', 1),
} as const satisfies Partial<Record<RuleCode, Shown>>;

const isOld = async (redis: RedisServer) => /redis_version:7\.0/.test(String(await redis.command('INFO', 'server')));

/** What loses a server, or shows only on one of its own. */
const ON_THEIR_OWN = [
  'command-argument',
  'duplicate-name',
  'undeclared-key',
  'error-table',
  'math-random',
  'time-in-loop',
] as const;

const servers = availableServers();
const named = (pattern: RegExp): ServerBinary[] => servers.filter(({ name }) => pattern.test(name));
const redises = named(/^redis/);

it('is shown for every rule', () => {
  expect([...Object.keys(WITHOUT), ...ON_THEIR_OWN].sort()).toEqual(
    [...bad.keys()].sort() satisfies string[] as RuleCode[],
  );
});

/** Where none of them is here, that is the reason why it is skipped. */
const on = (wanted: readonly ServerBinary[]) =>
  wanted.length > 0 ? it.each(wanted) : it.skip.each([{ name: 'skipped, no such server is here', path: '' }]);

// Valkey answers the same, but for the names that it has besides
describe.each(redises.length > 0 ? redises : servers.slice(-1))('without lint, on $name', ({ path }) => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis({ server: path });
  });
  afterEach(async () => {
    await redis.command('FUNCTION', 'FLUSH');
    await redis.command('FLUSHALL');
  });
  afterAll(() => redis.stop());

  it.each(['#!lua name=lib ', '#!LUA  name="lib"', "#!lua name='lib'", '#!lua name=lib\r'])(
    'takes the first line %j, and lint does',
    async (first) => {
      await load(redis, '', `${first}\nredis.register_function('f', function() return 1 end)`);
    },
  );

  it.each(Object.entries<Shown>(WITHOUT))('%s', (_, shown) => shown(redis));
});

describe('without lint', () => {
  let redis: RedisServer | undefined;
  const start = async (path: string | undefined, ...args: string[]) => {
    redis = await startRedis({ ...(path && { server: path }), args });
    return redis;
  };
  afterEach(async () => {
    await redis?.stop();
    redis = undefined;
  });
  /** The server ends without having been told to. */
  const crashed = async () => {
    while (redis?.isRunning) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(redis?.log).toMatch(/crashed by signal|ASSERTION FAILED|Guru Meditation/);
  };

  on(redises)(
    'command-argument: $name refuses the call, and 8.0.2 crashes at the next FUNCTION FLUSH',
    async ({ path }) => {
      const own = await start(path);
      await expect(run(own, 'command-argument')).rejects.toThrow(/must be strings or integers/);
      const flushed = await own.command('FUNCTION', 'FLUSH').catch(() => 'lost');
      if (flushed === 'lost') await crashed();
      else expect(own.isRunning).toBe(true);
    },
  );

  // fixed in Valkey 9.1 and newer patches
  on(named(/^redis-[78]\.0/))('duplicate-name: $name crashes when the library is replaced', async ({ path }) => {
    const own = await start(path);
    await load(own, 'duplicate-name');
    await expect(load(own, 'duplicate-name')).rejects.toThrow();
    await crashed();
  });

  // newer patches answer an error
  on(named(/^redis-7\.0/))('error-table: $name crashes when it is thrown', async ({ path }) => {
    await expect(run(await start(path), 'error-table')).rejects.toThrow();
    await crashed();
  });

  on(named(/^valkey-9\.1/))('server-table-at-load: $name crashes on redis.log', async ({ path }) => {
    const text =
      "#!lua name=lib\nredis.log(redis.LOG_NOTICE, 'loaded')\nredis.register_function('f', function() return 1 end)\n";
    await expect(load(await start(path), 'server-table-at-load', text)).rejects.toThrow();
    await crashed();
  });

  it('undeclared-key: a cluster refuses the key that nobody named', async () => {
    const own = await start(undefined, '--cluster-enabled', 'yes');
    await own.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    while (!String(await own.command('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    await expect(run(own, 'undeclared-key', 'ada')).rejects.toThrow(/do not hash to the same slot/);
  });

  it('math-random: a server gives the same ids again when it starts again', async () => {
    const ids: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const own = await start(undefined);
      await run(own, 'math-random');
      ids.push(await own.command('GET', 'key'));
      await own.stop();
    }
    expect(ids[0]).toBe(ids[1]);
  });

  on(named(/redis-8|valkey/).slice(0, 1))('time-in-loop: $name never ends, and cannot be told to', async ({ path }) => {
    const own = await start(path, '--busy-reply-threshold', '50');
    await load(own, 'time-in-loop');
    const hanging = call(own).catch(() => {});
    let answer = '';
    while (!answer.startsWith('UNKILLABLE')) {
      answer = await own.command('FUNCTION', 'KILL').then(String, ({ message }) => message);
    }
    await own.kill();
    await hanging;
  });
});

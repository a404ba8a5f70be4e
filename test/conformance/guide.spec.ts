import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cartLibrary } from '@redis-functions/cart';
import { RedisFunctions } from '@redis-functions/core';
import { examples } from '@redis-functions/demo/libraries/examples';
import { myapp } from '@redis-functions/demo/libraries/myapp';
import { mylib } from '@redis-functions/demo/libraries/mylib';
import { rateLimiterLibrary } from '@redis-functions/rate-limit';
import { sessionsLibrary } from '@redis-functions/session';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';

const libraries = [mylib, myapp, examples, rateLimiterLibrary, cartLibrary, sessionsLibrary];

/** The table of the guide: function → flags. */
const FLAGS: Record<string, Record<string, string[]>> = {
  mylib: { hello: ['no-writes'], increment_counter: [], decrement_counter: [], get_counter: ['no-writes'] },
  myapp: { add_user: [], get_user: ['no-writes'] },
  examples: {
    get_value: ['no-writes'],
    important_write: ['allow-oom'],
    calculate: ['no-writes'],
    debug_function: ['no-writes'],
  },
  ratelimiter: { check_rate_limit: [], get_rate_limit_status: ['no-writes'] },
  cart: { cart_add: [], cart_remove: ['allow-oom'], cart_get: ['no-writes'], cart_clear: ['allow-oom'] },
  sessions: {
    session_create: [],
    session_get: ['allow-oom'],
    session_destroy: ['allow-oom'],
    session_destroy_all: ['allow-oom'],
  },
};

describe.each(availableServers())('the libraries of the guide on $name', ({ path }) => {
  let redis: RedisServer;
  let functions: RedisFunctions;
  const call = (name: string, ...rest: string[]) => redis.command('FCALL', name, ...rest);
  const read = (name: string, ...rest: string[]) => redis.command('FCALL_RO', name, ...rest);

  beforeAll(async () => {
    redis = await startRedis({ server: path });
    functions = new RedisFunctions({ url: redis.url, libraries });
    await functions.deploy();
  });
  afterAll(async () => {
    await functions.close();
    await redis.stop();
  });

  it('have the functions and the flags that the guide lists', async () => {
    const loaded = await functions.list();
    for (const [library, wanted] of Object.entries(FLAGS)) {
      const onServer = loaded.find(({ name }) => name === library)?.functions ?? [];
      expect(Object.fromEntries(onServer.map(({ name, flags }) => [name, flags]))).toMatchObject(wanted);
    }
  });

  it('mylib greets and counts', async () => {
    expect(await read('hello', '0')).toBe('Hello, World!');
    expect(await read('hello', '0', 'Ada')).toBe('Hello, Ada!');
    expect(await read('get_counter', '1', 'c')).toBe(0);
    expect(await call('increment_counter', '1', 'c')).toBe(1);
    expect(await call('increment_counter', '1', 'c', '5')).toBe(6);
    expect(await call('decrement_counter', '1', 'c', '2')).toBe(4);
    await expect(call('decrement_counter', '1', 'c', '5')).rejects.toThrow(/^Insufficient balance$/);
    expect(await call('decrement_counter', '1', 'c', '4')).toBe(0);
    expect(await read('get_counter', '1', 'c')).toBe(0);
  });

  it.each(['1.5', '1e3', '0x10', ' 5 ', 'nan', 'inf', '', '9007199254740992', '-1', '0', '007', '٣', '+5'])(
    'mylib refuses the amount %j before anything is written',
    async (amount) => {
      for (const name of ['increment_counter', 'decrement_counter']) {
        await expect(call(name, '1', 'untouched', amount)).rejects.toThrow('INVALID_AMOUNT');
      }
      expect(await redis.command('EXISTS', 'untouched')).toBe(0);
    },
  );

  it('mylib counts up to 2^53-1 without losing one, and no further', async () => {
    expect(String(await call('increment_counter', '1', 'big', '9007199254740991'))).toBe('9007199254740991');
    await expect(call('increment_counter', '1', 'big')).rejects.toThrow('COUNTER_OVERFLOW');
    expect(String(await read('get_counter', '1', 'big'))).toBe('9007199254740991');
    await redis.command('RPUSH', 'list', 'a');
    await redis.command('SET', 'text', '12.5');
    for (const key of ['list', 'text']) {
      await expect(call('increment_counter', '1', key)).rejects.toThrow('INVALID_COUNTER');
      await expect(read('get_counter', '1', key)).rejects.toThrow('INVALID_COUNTER');
    }
  });

  it('myapp keeps a user byte for byte, and nothing that is no JSON object', async () => {
    const json = '{"name":"Ada","tags":[],"id":12345678901234567890}';
    expect(await call('add_user', '1', 'user:1', json)).toBe('OK');
    expect(await read('get_user', '1', 'user:1')).toBe(json);
    expect(await read('get_user', '1', 'nobody')).toBeNull();
    for (const wrong of ['', 'Ada', '[1]', '7', '{"a":nan}', '{"a":0x10}', '{"a":1', 'null']) {
      await expect(call('add_user', '1', 'user:1', wrong)).rejects.toThrow('INVALID_JSON');
    }
    expect(await read('get_user', '1', 'user:1')).toBe(json);
  });

  it.each([
    ['0.1', '0.2', '0.3'],
    ['1.50', '2.25', '3.75'],
    ['-1', '0.25', '-0.75'],
    ['-0.5', '0.5', '0'],
    ['-0', '-0', '0'],
    ['10', '-3.0', '7'],
    ['123456789.123456', '0.000001', '123456789.123457'],
  ])('examples adds %s and %s', async (a, b, sum) => {
    expect(await read('calculate', '0', a, b)).toBe(sum);
  });

  it('examples says what it cannot add', async () => {
    for (const wrong of ['nan', 'inf', '1e3', '0x10', '', ' 1', '1.', '9007199254740992', '0.12345678901234567']) {
      await expect(read('calculate', '0', wrong, '1')).rejects.toThrow('INVALID_NUMBER');
    }
    await expect(read('calculate', '0', '9007199254740991', '1')).rejects.toThrow('INVALID_NUMBER');
    await expect(read('calculate', '0', '1')).rejects.toThrow('INVALID_NUMBER');
  });

  it('examples writes what is important on a full server, and reads and logs without writing', async () => {
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1');
    try {
      await expect(call('add_user', '1', 'user:2', '{}')).rejects.toThrow('OOM');
      expect(await call('important_write', '1', 'key', 'value')).toBe('OK');
    } finally {
      await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    }
    expect(await read('get_value', '1', 'key')).toBe('value');
    expect(await read('get_value', '1', 'none')).toBeNull();
    expect(await read('debug_function', '1', 'key', 'looking')).toBe('value');
  });

  it('name a missing key', async () => {
    const withKey = [
      'increment_counter',
      'get_counter',
      'add_user',
      'get_user',
      'get_value',
      'important_write',
      'debug_function',
    ];
    for (const name of withKey) await expect(call(name, '0', '1')).rejects.toThrow('MISSING_KEY');
  });
});

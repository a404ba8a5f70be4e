import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CartService, cartLibrary, InventoryService } from '@redis-functions/cart';
import { RedisFunctions, registrationsIn } from '@redis-functions/core';
import { RateLimiter, rateLimiterLibrary } from '@redis-functions/rate-limit';
import { SessionService, sessionsLibrary } from '@redis-functions/session';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import { runCli } from '../../packages/cli/test/terminal.js';

const lua = (file: string) => fileURLToPath(new URL(`../../packages/${file}`, import.meta.url));

/** What each library's users do with it, through their services. */
const LIBRARIES = {
  'rate-limit': {
    file: lua('rate-limit/lua/ratelimiter.lua'),
    code: rateLimiterLibrary.code,
    prefix: 'rl:',
    async use(functions: RedisFunctions) {
      for (const algorithm of [
        'token-bucket',
        'fixed-window',
        'sliding-window',
        'sliding-log',
        'concurrency',
      ] as const) {
        const policy = { name: algorithm, limit: 5, window: '1m', algorithm } as const;
        const limiter = new RateLimiter({ functions, policies: [policy], deadlineMs: 5_000, onUnavailable: 'deny' });
        const decision = await limiter.consume('ann', { cost: 2 });
        expect(decision.source).toBe('redis');
        await limiter.peek('ann');
        await limiter.settle(decision, 1);
        await limiter.release(decision);
        await limiter.penalty('ann');
        await limiter.reward('ann');
        if (algorithm !== 'sliding-log' && algorithm !== 'concurrency') await limiter.set('ann', 3);
        for (let i = 0; i < 6; i++) await limiter.consume('ann');
        await limiter.block('ann', '1m');
        await limiter.unblock('ann');
        await limiter.reset('ann');
        await limiter.close();
      }
    },
    commands: [
      ...['del', 'get', 'mget', 'pexpire', 'pexpireat', 'pexpiretime', 'set', 'time', 'zadd', 'zcard', 'zcount'],
      ...['zrange', 'zrangebyscore', 'zrem', 'zremrangebyscore'],
    ],
  },
  session: {
    file: lua('session/lua/sessions.lua'),
    code: sessionsLibrary.code,
    prefix: 'app:',
    async use(functions: RedisFunctions) {
      const routingKey = 'a routing key of the tests, 32 characters or more';
      const options = { functions, prefix: 'app', routingKey, maxSessions: 3, expiryEvents: true } as const;
      const sessions = new SessionService(options);
      const { token } = await sessions.create(null, { a: 1 });
      await sessions.get(token);
      await sessions.peek(token);
      await sessions.touch(token);
      await sessions.patch(token, { b: 2 }, { remove: ['a'] });
      await sessions.increment(token, 'n');
      await sessions.append(token, 'list', 1);
      await sessions.pop(token, 'list');
      const login = await sessions.login(token, 'ann');
      const rotated = (await sessions.rotate(login.token)) as string;
      for (let i = 0; i < 4; i++) await sessions.login(null, 'ann');
      await sessions.count('ann');
      const [device] = await sessions.list('ann');
      await sessions.revoke('ann', device?.handle ?? '');
      const last = await sessions.login(null, 'ann');
      await sessions.revokeOthers(last.token);
      await sessions.live();
      await sessions.destroy(rotated);
      await sessions.revokeAll('ann');
      await sessions.close();
    },
    commands: [
      ...['del', 'exists', 'hdel', 'hget', 'hgetall', 'hincrby', 'hmget', 'hset', 'pexpire', 'pttl', 'time', 'zadd'],
      ...['zcard', 'zcount', 'zrange', 'zrangebyscore', 'zrem', 'zremrangebyscore', 'zscore'],
    ],
  },
  cart: {
    file: lua('cart/lua/cart.lua'),
    code: cartLibrary.code,
    prefix: 'store:',
    async use(functions: RedisFunctions) {
      for (const layout of ['shop-slot', 'split'] as const) {
        const options = { functions, prefix: 'store', shop: layout, currency: 'EUR', layout };
        const [carts, inventory] = [new CartService(options), new InventoryService(options)];
        await inventory.setStock('apple', 10);
        await inventory.receive('apple', 5);
        await inventory.adjust('apple', -1);
        await inventory.setBackorder('apple', 2);
        await inventory.setPrices({ apple: 199, pear: 250 });
        await inventory.setStock('pear', 3);
        await carts.add('c', { sku: 'apple', quantity: 2 });
        await carts.addMany('c', [{ sku: 'pear', quantity: 1 }]);
        await carts.setQuantity('c', { sku: 'apple' }, 3);
        await carts.increment('c', { sku: 'apple' }, 1);
        await carts.remove('c', { sku: 'apple' }, 1);
        await carts.get('c');
        await carts.getMany(['c', 'd']);
        await carts.count('c');
        await carts.touch('c');
        await carts.acceptPrices('c');
        await carts.add('guest', { sku: 'pear', quantity: 1 });
        await carts.merge('guest', 'c');
        await carts.cancel(await carts.beginCheckout('c'));
        await carts.commit({ ...(await carts.beginCheckout('c')), orderId: 'o1' });
        await carts.add('e', { sku: 'apple', quantity: 1 });
        await carts.clear('e');
        await inventory.levels(['apple', 'pear']);
        await inventory.prices(['apple']);
        await inventory.audit('apple', { repair: true });
        await inventory.reap(['apple']);
        await carts.reap();
        await inventory.untrack('pear');
        await inventory.drop(['pear']);
      }
    },
    commands: [
      ...['del', 'get', 'hdel', 'hget', 'hgetall', 'hkeys', 'hlen', 'hmget', 'hscan', 'hset', 'pexpire'],
      ...['pttl', 'set', 'time', 'xadd', 'xlen', 'zadd', 'zcard', 'zrangebyscore', 'zrem', 'zscore'],
    ],
  },
} as const;

/** Servers let everybody do these: they are how one logs in and out. */
const ALWAYS = ['auth', 'hello', 'quit', 'reset'];
const APP = ['client|setname', 'function|list', 'ping'];
const DEPLOYER = [
  ...[
    'exec',
    'function|delete',
    'function|dump',
    'function|kill',
    'function|list',
    'function|load',
    'function|restore',
  ],
  ...['function|stats', 'client|setname', 'hget', 'hset', 'multi', 'pexpire', 'ping', 'role', 'set', 'time', 'unwatch'],
  ...['wait', 'watch'],
];

describe.each(availableServers())('users on $name', ({ path }) => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis({ server: path });
  });
  afterAll(() => redis.stop());

  const send = (...command: string[]) => redis.command(...command) as Promise<unknown>;
  const may = async (user: string, ...command: string[]) =>
    !/permissions/.test(String(await send('ACL', 'DRYRUN', user, ...command).catch((error: Error) => error.message)));

  /** Of all commands that the server has, those that the user may send. */
  async function allowed(user: string, key: string): Promise<string[]> {
    const names = (await send('COMMAND', 'LIST')) as string[];
    // `config` is none without one of its own
    const single = names.filter((name) => !names.some((other) => other.startsWith(`${name}|`)));
    const infos = (await send('COMMAND', 'INFO', ...single)) as [string, number][];
    const found: string[] = [];
    for (const [name, arity] of infos) {
      const words = name.split('|');
      const rest = Array(Math.max(0, Math.abs(arity) - words.length)).fill(key);
      const said = await send('ACL', 'DRYRUN', user, ...words, ...rest).catch((error: Error) => error.message);
      if (!/permissions to run/.test(String(said))) found.push(name);
    }
    return found.filter((name) => !ALWAYS.includes(name)).sort();
  }

  async function loginOf(user: string, err: string): Promise<string> {
    const password = new RegExp(`^The password of ${user}, shown this once: (\\S+)$`, 'm').exec(err)?.[1] ?? '';
    expect(password).toMatch(/^[\w-]{43}$/);
    return redis.url.replace('redis://', `redis://${user}:${password}@`);
  }

  it.each(Object.entries(LIBRARIES))('of %s may do what its service does, and nothing else', async (_, library) => {
    await send('FUNCTION', 'FLUSH');
    await send('FLUSHALL');
    const argv = ['acl', library.file, '--app-user', 'app', '--deploy-user', 'dep', '--prefix', library.prefix];
    const made = await runCli([...argv, '--generate-password', '--apply'], { url: redis.url, answer: true });
    expect(made).toMatchObject({ code: 0, questions: [expect.stringContaining('Make app and dep on every server')] });
    const [appUrl, deployUrl] = [await loginOf('app', made.err), await loginOf('dep', made.err)];

    await send('ACL', 'LOG', 'RESET');
    expect(await runCli(['deploy', library.file], { url: deployUrl })).toMatchObject({ code: 0 });
    expect(await runCli(['deploy', library.file, '--force', '--yes'], { url: deployUrl })).toMatchObject({ code: 0 });
    for (const command of [['verify', library.file], ['stats'], ['list'], ['kill', '--yes']]) {
      expect(await runCli(command, { url: deployUrl })).toMatchObject({ code: 0 });
    }
    const functions = new RedisFunctions({ url: appUrl, deploy: 'verify', deadlineMs: 10_000 });
    await library.use(functions);
    await functions.close();
    const denied = ((await send('ACL', 'LOG')) as string[][]).map((entry) => entry[entry.indexOf('object') + 1]);
    expect(denied.filter((object) => object !== 'client|setinfo')).toEqual([]);

    const key = `${library.prefix}{a}:x`;
    expect(await allowed('app', key)).toEqual([...library.commands, ...APP].sort());
    expect(await allowed('dep', 'rf:deploy')).toEqual([...DEPLOYER].sort());
    for (const { name } of registrationsIn(library.code) ?? []) {
      expect({ name, may: await may('app', 'FCALL', name, '1', key) }).toEqual({ name, may: true });
      expect({ name, may: await may('app', 'FCALL', name, '1', 'other:{a}:x') }).toEqual({ name, may: false });
      expect({ name, may: await may('dep', 'FCALL', name, '0') }).toEqual({ name, may: false });
    }
    expect(await may('app', 'FCALL', 'of_others', '0')).toBe(false);
    expect(await may('app', 'GET', 'other:{a}:x')).toBe(false);
    expect(await may('dep', 'SET', key, 'x')).toBe(false);
  });
});

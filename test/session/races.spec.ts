import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { DOORS, type Shop, startOurs } from './doors.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(() => redis.command('FLUSHALL'));

const count = (body: string) => Object.keys(JSON.parse(body) ?? {}).filter((key) => key.startsWith('k')).length;

async function loggedIn(shop: Shop): Promise<string> {
  const { cookie } = await shop.ask('POST', '/login/ada');
  if (!cookie) throw new Error('a login sets a cookie');
  return cookie;
}

/** Holds a request where it has read its session, until `meanwhile` is over. */
async function during<T>(shop: Shop, method: string, path: string, cookie: string, meanwhile: () => Promise<T>) {
  const held = shop.ask(method, `${path}?until=later`, cookie);
  while ((await shop.ask('GET', '/arrived/later')).body !== '1');
  await meanwhile();
  await shop.ask('POST', '/open/later');
  return held;
}

/** What is left where requests overlap: the same requests to the same application, behind each door. */
describe.each(Object.entries(DOORS))('requests that overlap, behind %s', (name, start) => {
  const isOurs = !name.includes('connect-redis');
  let shop: Shop;
  beforeEach(async () => {
    shop = await start(redis.url);
  });
  afterEach(() => shop.close());

  it(isOurs ? 'keep all of 20 changes at once' : 'keep one of 20 changes at once', async () => {
    const cookie = await loggedIn(shop);
    await Promise.all(Array.from({ length: 20 }, (_, i) => shop.ask('PUT', `/set/k${i}?together=20`, cookie)));
    expect(count((await shop.ask('GET', '/me', cookie)).body)).toBe(isOurs ? 20 : 1);
  });

  it(`keep ${isOurs ? 'all' : 'not all'} of 200 changes on 20 connections`, async () => {
    const cookie = await loggedIn(shop);
    for (let round = 0; round < 10; round++) {
      const keys = Array.from({ length: 20 }, (_, i) => `k${20 * round + i}`);
      await Promise.all(keys.map((key) => shop.ask('PUT', `/set/${key}?together=20`, cookie)));
    }
    expect(count((await shop.ask('GET', '/me', cookie)).body)).toBe(isOurs ? 200 : 10);
  });

  it(`${isOurs ? 'bring nobody' : 'bring the user'} back who has logged out during a write`, async () => {
    const cookie = await loggedIn(shop);
    await during(shop, 'PUT', '/set/k1', cookie, () => shop.ask('POST', '/logout', cookie));
    const { body } = await shop.ask('GET', '/me', cookie);
    expect(JSON.parse(body)).toEqual(isOurs ? null : expect.objectContaining({ user: 'ada' }));
  });

  it('do not undo a change by reading', async () => {
    const cookie = await loggedIn(shop);
    const before = await during(shop, 'GET', '/me', cookie, () => shop.ask('PUT', '/set/k1', cookie));
    expect(count(before.body)).toBe(0);
    expect(count((await shop.ask('GET', '/me', cookie)).body)).toBe(1);
  });

  it('do not bring a user back by reading during a logout', async () => {
    const cookie = await loggedIn(shop);
    await during(shop, 'GET', '/me', cookie, () => shop.ask('POST', '/logout', cookie));
    expect(JSON.parse((await shop.ask('GET', '/me', cookie)).body)).toBeNull();
  });
});

describe('logins that overlap', () => {
  const alive = async (shop: Shop, cookies: readonly (string | undefined)[]) => {
    const answers = await Promise.all(cookies.map((cookie) => shop.ask('GET', '/me', cookie)));
    return answers.map(({ body }) => JSON.parse(body) !== null);
  };

  it('leave exactly 5 of 30 where a user may have 5 sessions', async () => {
    const shop = await startOurs(redis.url, { maxSessions: 5 });
    const made = await Promise.all(Array.from({ length: 30 }, () => shop.ask('POST', '/login/ada')));
    const lives = await alive(
      shop,
      made.map(({ cookie }) => cookie),
    );
    expect(lives.filter(Boolean)).toHaveLength(5);
    await shop.close();
  });

  it('leave exactly one of 10 where the user ends the others', async () => {
    const shop = await startOurs(redis.url);
    const made = await Promise.all(Array.from({ length: 10 }, () => shop.ask('POST', '/login/ada')));
    const cookies = made.map(({ cookie }) => cookie);
    expect((await shop.ask('POST', '/revoke-others', cookies[3])).body).toBe('9');
    expect(await alive(shop, cookies)).toEqual(cookies.map((_, i) => i === 3));
    await shop.close();
  });

  it('keep both of two tabs that rotate at once, on one successor, and who asks in between', async () => {
    const shop = await startOurs(redis.url);
    const old = await loggedIn(shop);
    const tabs = await Promise.all([1, 2, 3, 4].map(() => shop.ask('POST', '/rotate', old)));
    const cookies = new Set(tabs.map(({ cookie }) => cookie));
    expect(cookies.size).toBe(1);
    expect(cookies.has(old)).toBe(false);
    const between = await shop.ask('GET', '/me', old);
    expect(JSON.parse(between.body)).toMatchObject({ user: 'ada' });
    expect(between.cookie).toBe(tabs[0]?.cookie);
    expect(await alive(shop, [old, ...cookies])).toEqual([true, true]);
    await shop.close();
  });
});

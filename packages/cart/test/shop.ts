import { RedisFunctions } from '@redis-functions/core';
import { startRedis } from '@redis-functions/testing';
import { createClient, type RedisClientType } from 'redis';
import { CartError, CartService, type CartServiceOptions, InventoryService } from '../src/index.js';

export const MODES = ['functions', 'scripts'] as const;
export const LAYOUTS = ['shop-slot', 'split'] as const;

export type Shop = Awaited<ReturnType<typeof startShop>>;

/** A shop on a server of its own. */
export async function startShop(mode: (typeof MODES)[number], more: Partial<CartServiceOptions> = {}) {
  const redis = await startRedis();
  const client = await connect(redis.url);
  const options = { functions: new RedisFunctions({ client, mode }), shop: 'main', currency: 'EUR', ...more };
  return {
    client,
    url: redis.url,
    options,
    carts: new CartService(options),
    inventory: new InventoryService(options),
    /** A CartService of the same shop with other options. */
    cartsWith: (other: Partial<CartServiceOptions>) => new CartService({ ...options, ...other }),
    async stop() {
      await client.close();
      await redis.stop();
    },
  };
}

export async function connect(url: string, RESP: 2 | 3 = 3): Promise<RedisClientType> {
  const client = createClient({ url, RESP });
  await client.connect();
  return client as unknown as RedisClientType;
}

/** Every key with its content and the moment it expires: equal before and after what must change nothing. */
export async function snapshot(client: RedisClientType): Promise<Record<string, unknown>> {
  const entries = (await client.keys('*')).sort().map(async (key) => {
    const content = {
      hash: () => client.hGetAll(key),
      zset: () => client.zRangeWithScores(key, 0, -1),
      string: () => client.get(key),
      stream: () => client.xLen(key),
      list: () => client.lRange(key, 0, -1),
    }[(await client.type(key)) as 'hash'];
    return [key, { content: await content(), expires: await client.pExpireTime(key) }];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Waits for a condition, and gives up where a broken one would keep the tests from ending. */
export async function until(condition: () => Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What a call came to: `OK`, or the code of its refusal. Every other error is thrown. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (error instanceof CartError) return error.code;
    throw error;
  }
}

/** SKU → units. */
export async function unitsOf(carts: CartService, cartId: string): Promise<Record<string, number>> {
  const units: Record<string, number> = {};
  for (const { sku, quantity } of (await carts.get(cartId)).lines) units[sku] = (units[sku] ?? 0) + quantity;
  return units;
}

import { describe, expect, it } from '@jest/globals';
import { startRedis } from '@redis-functions/testing';
import { createClient } from 'redis';
import { CartService, type CartServiceOptions, InventoryService } from '../src/index.js';
import { connect, until } from './shop.js';

describe('the options of a shop', () => {
  const good = { client: createClient(), shop: 'main', currency: 'EUR' };

  it.each([
    ['shop', { shop: '' }],
    ['shop', { shop: 'a}b' }],
    ['shop', { shop: 'a b' }],
    ['shop', { shop: undefined }],
    ['currency', { currency: 'euro' }],
    ['currency', { currency: 'eur' }],
    ['currency', { currency: undefined }],
    ['prefix', { prefix: '' }],
    ['prefix', { prefix: '{x}' }],
    ['prefix', { prefix: 'a b' }],
    ['stock', { stock: 'reserve' }],
    ['stock', { stock: 'constructor' }],
    ['layout', { layout: 'sharded' }],
    ['onUnknownSku', { onUnknownSku: 'ignore' }],
    ['idle', { idle: 0 }],
    ['idle', { idle: 1.5 }],
    ['idle', { idle: '1 day' }],
    ['hold.cart', { hold: { cart: 0 } }],
    ['hold.checkout', { hold: { checkout: -1 } }],
    ['hold.most', { hold: { most: Number.NaN } }],
    ['hold.checkuot', { hold: { checkuot: '1h' } }],
    ['hold', { hold: null }],
    ['limits.line', { limits: { line: 5 } }],
    ['limits.lines', { limits: { lines: 1_001 } }],
    ['ttl', { ttl: { idleMs: 5 } }],
    ['abandoned.after', { idle: '1h', abandoned: { after: '1h' } }],
    ['abandoned.events', { abandoned: { events: 0 } }],
    ['rememberFor', { rememberFor: 'ever' }],
    ['keepOrders', { keepOrders: null }],
    ['limits.perLine', { limits: { perLine: 0 } }],
    ['limits.lines', { limits: { lines: Number.POSITIVE_INFINITY } }],
    ['client', { client: undefined }],
    ['client', { functions: {} }],
    ['client', { client: {} }],
  ])('name %s in the refusal of %j', (field, wrong) => {
    const options = { ...good, ...wrong } as unknown as CartServiceOptions;
    for (const Service of [CartService, InventoryService]) {
      expect(() => new Service(options)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field }));
    }
  });
});

describe('a shop with a client of its own', () => {
  const setup = async (url: string) => {
    const client = await connect(url);
    const options = { client, shop: 'main', currency: 'EUR' };
    return { client, carts: new CartService(options), inventory: new InventoryService(options) };
  };

  it('brings its library at the first call, and leaves the client open', async () => {
    const redis = await startRedis();
    const { client, carts } = await setup(redis.url);
    expect(await client.functionList()).toEqual([]);
    expect((await carts.get('c')).lines).toEqual([]);
    expect(await client.functionList()).toMatchObject([{ library_name: 'cart' }]);
    expect(client.isReady).toBe(true);
    await client.close();
    await redis.stop();
  });

  it('works on a cluster: the keys of a call are in one slot', async () => {
    const redis = await startRedis({ args: ['--cluster-enabled', 'yes'] });
    await redis.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(async () => String(await redis.command('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    const { client, carts, inventory } = await setup(redis.url);
    await inventory.setStock('apple', 5);
    await inventory.setPrices({ apple: 10 });
    await carts.add('guest', { sku: 'apple', quantity: 2 });
    await carts.setQuantity('user}{x', { sku: 'apple' }, 1);
    expect(await carts.merge('guest', 'user}{x')).toMatchObject({ lines: 1, adjustments: [] });
    expect(await carts.get('user}{x')).toMatchObject({ itemCount: 3, total: 30 });
    await client.close();
    await redis.stop();
  });
});

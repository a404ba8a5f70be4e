import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CartServiceOptions } from '@redis-functions/cart';
import type { RedisClient } from '@redis-functions/core';
import { availableServers, type RedisCluster, startCluster } from '@redis-functions/testing';
import { createCluster } from 'redis';
import { newest } from '../topologies/servers.js';
import { Buyers, type Run } from './buyers.js';
import { seeded } from './crashing.js';

/** More for a longer look: CART_CRASH_RUNS=50. */
const RUNS = Number(process.env['CART_CRASH_RUNS'] ?? 5);
const STOCK = 150;
const RUN = { checkouts: 500, workers: 24, stock: STOCK, crashChance: 0.05 };

describe.each(newest(availableServers()).slice(0, 1))(
  'buyers whose processes die, 3 primaries of $name',
  ({ path }) => {
    let cluster: RedisCluster;
    let client: ReturnType<typeof createCluster>;

    beforeAll(async () => {
      cluster = await startCluster({ server: path, primaries: 3, replicas: 0 });
      client = createCluster({
        rootNodes: cluster.addresses.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
      });
      client.on('error', () => {});
      await client.connect();
    });
    beforeEach(async () => {
      for (const primary of await cluster.primaries()) await primary.command('FLUSHALL');
    });
    afterAll(async () => {
      client?.destroy();
      await cluster?.stop();
    });

    async function run(
      more: Pick<Run, 'windowMs' | 'payMs'> & { seed: number },
      options: Partial<CartServiceOptions> = {},
    ) {
      const random = seeded(more.seed);
      const buyers = new Buyers(client as unknown as RedisClient, { ...RUN, ...more, random }, options);
      await buyers.open();
      await buyers.buy();
      return buyers;
    }

    /** Nothing sold twice, nothing lost: sold and on hand are what was received, for every product. */
    async function expectBalance(buyers: Buyers) {
      const { sold, shortfall } = await buyers.sold();
      for (const sku of buyers.skus) {
        const level = await buyers.inventory.level(sku);
        const onHand = level?.onHand ?? Number.NaN;
        expect({ sku, sum: (sold.get(sku) ?? Number.NaN) + onHand }).toEqual({ sku, sum: STOCK });
        expect(onHand).toBeGreaterThanOrEqual(0);
        expect(await buyers.inventory.audit(sku)).toMatchObject({ drift: 0, broken: 0 });
      }
      // what was bought has left the cart
      const left = await Promise.all(buyers.paid.map(({ checkout }) => buyers.carts.count(checkout.cartId)));
      expect(left.filter((units) => units > 0)).toEqual([]);
      return shortfall;
    }

    async function expectNothingHeld(buyers: Buyers): Promise<void> {
      const deadline = Date.now() + 5_000;
      const held = async () => {
        const levels = await buyers.inventory.levels(buyers.skus);
        return [...levels.values()].reduce((sum, level) => sum + level.held, 0);
      };
      while ((await held()) > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await held()).toBe(0);
    }

    /** Those that were paid are finished by whoever looks, and the provider tells of the others again. */
    async function settle(buyers: Buyers): Promise<number> {
      let forwarded = 0;
      const deadline = Date.now() + 10_000;
      // a checkout is looked at when whoever was finishing it has had time enough
      while (Date.now() < deadline) {
        forwarded += (await buyers.carts.reap()).forwarded;
        if ((await openJournals()) === 0) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(await openJournals()).toBe(0);
      await buyers.redeliver();
      return forwarded;
    }

    async function openJournals(): Promise<number> {
      const parts = await Promise.all(
        Array.from({ length: 16 }, (_, part) => client.zCard(`rf:{main:j:${part}}:checkouts`)),
      );
      return parts.reduce((sum, count) => sum + count, 0);
    }

    it.each(Array.from({ length: RUNS }, (_, i) => i + 1))(
      'sell every unit once and lose no paid order, whatever step they die after (run %i)',
      async (seed) => {
        const buyers = await run({ seed, windowMs: 600_000, payMs: 4 });
        expect(buyers.crashes).toBeGreaterThan(50);
        const forwarded = await settle(buyers);
        expect(forwarded).toBeGreaterThan(0);
        // the window was long enough: all that was paid is there
        expect(await expectBalance(buyers)).toBe(0);
        expect(buyers.paid.length).toBeGreaterThan(50);
        await buyers.close();
      },
      60_000,
    );

    it('while what they hold in carts and checkouts expires: what dies with them is for sale again', async () => {
      const options = { stock: 'reserve-on-add', hold: { cart: 40, checkout: 40 } } as const;
      const buyers = await run({ seed: 77, windowMs: 40, payMs: 30 }, options);
      await settle(buyers);
      await expectBalance(buyers);
      await expectNothingHeld(buyers);
      await buyers.close();
    }, 60_000);

    it('with a window shorter than their payments: what is paid and not there is told, and stock is never below 0', async () => {
      const buyers = await run({ seed: 99, windowMs: 2, payMs: 30 });
      await settle(buyers);
      // how much is short depends on the pace of the machine (checkout.spec.ts has one that is for certain)
      await expectBalance(buyers);
      await expectNothingHeld(buyers);
      await buyers.close();
    }, 60_000);
  },
);

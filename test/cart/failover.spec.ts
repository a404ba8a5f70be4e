import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RedisClient } from '@redis-functions/core';
import { availableServers, type RedisCluster, startCluster } from '@redis-functions/testing';
import { createCluster } from 'redis';
import { newest } from '../topologies/servers.js';
import { Buyers } from './buyers.js';
import { seeded } from './crashing.js';

const STOCK = 400;
const RUN = { workers: 16, stock: STOCK, crashChance: 0, windowMs: 60_000, payMs: 2, random: seeded(7) };

describe.each(newest(availableServers()).slice(0, 1))(
  'a primary that is killed while people buy, $name',
  ({ path }) => {
    let cluster: RedisCluster;
    let client: ReturnType<typeof createCluster>;

    beforeAll(async () => {
      cluster = await startCluster({ server: path, primaries: 3, replicas: 1 });
      client = createCluster({
        rootNodes: cluster.addresses.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
      });
      client.on('error', () => {});
      await client.connect();
    });
    afterAll(async () => {
      client?.destroy();
      await cluster?.stop();
    });

    it('takes nothing with it that a replica had acknowledged; what it takes is no unit sold twice', async () => {
      const before = new Buyers(client as unknown as RedisClient, { ...RUN, checkouts: 150 });
      await before.open();
      await before.buy();
      expect(before.unavailable).toBe(0);
      const orders = before.paid.length;
      expect(orders).toBeGreaterThan(50);
      const primaries = await cluster.primaries();
      for (const primary of primaries) expect(Number(await primary.command('WAIT', '1', '5000'))).toBe(1);

      const during = new Buyers(client as unknown as RedisClient, { ...RUN, checkouts: 150 });
      const buying = during.buy('later');
      const [victim] = primaries;
      const victims = new Set<string>();
      for (const sku of before.skus) {
        const { port } = await cluster.ownerOf(`rf:{main:s:${sku}}:stock`);
        if (port === victim?.port) victims.add(sku);
      }
      await during.progress(40);
      await victim?.kill();
      await cluster.failover(victim);
      await cluster.settled();
      await buying;
      await during.carts.reap();

      const [replicated, later] = [await before.recommit(), await during.recommit()];
      const [first, second] = [await before.sold(), await during.sold()];
      const units = await Promise.all(
        before.skus.map(async (sku) => ({
          sku,
          onHand: (await before.inventory.level(sku))?.onHand ?? Number.NaN,
          sold: (first.sold.get(sku) ?? 0) + (second.sold.get(sku) ?? 0),
          // of orders that were lost after this product had been taken for them
          gone: later.gone.get(sku) ?? 0,
          // of orders that are known, and whose taking was lost with the primary of the product
          untaken: victims.has(sku) ? (second.sold.get(sku) ?? 0) : 0,
        })),
      );
      const count = {
        replicated: { acknowledged: replicated.acknowledged, lost: replicated.lost, shortfall: first.shortfall },
        later: { acknowledged: later.acknowledged, known: later.known, lost: later.lost },
        unavailable: during.unavailable,
        negative: units.filter(({ onHand }) => !(onHand >= 0)),
        vanished: units.filter(({ onHand, sold, gone }) => onHand + sold < STOCK - gone),
        soldTwice: units.filter(({ onHand, sold, untaken }) => onHand + sold > STOCK + untaken),
      };
      expect(count).toEqual({
        // acknowledged and replicated: every order is there
        replicated: { acknowledged: orders, lost: 0, shortfall: 0 },
        // acknowledged, and not replicated when the primary died: as many as it takes along, and each is counted
        later: {
          acknowledged: count.later.acknowledged,
          known: count.later.acknowledged - later.lost,
          lost: later.lost,
        },
        unavailable: during.unavailable,
        negative: [],
        vanished: [],
        soldTwice: [],
      });
      expect(count.later.acknowledged).toBeGreaterThanOrEqual(40);
      await Promise.all([before.close(), during.close()]);
    }, 60_000);
  },
);

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
      const primaries = await cluster.primaries();
      for (const primary of primaries) expect(Number(await primary.command('WAIT', '1', '5000'))).toBe(1);

      const during = new Buyers(client as unknown as RedisClient, { ...RUN, checkouts: 150 });
      const buying = during.buy('later');
      const [victim] = primaries;
      await during.progress(40);
      await victim?.kill();
      await cluster.failover(victim);
      await cluster.settled();
      await buying;
      await during.carts.reap();

      // acknowledged and replicated: every order is there
      const { sold, shortfall } = await before.sold();
      expect(shortfall).toBe(0);
      // acknowledged, and not replicated when the primary died: told again, as the payment provider does
      const lost = await during.recommit();
      const later = await during.sold();
      for (const sku of before.skus) {
        const onHand = (await before.inventory.level(sku))?.onHand ?? Number.NaN;
        expect(onHand).toBeGreaterThanOrEqual(0);
        const sum = onHand + (sold.get(sku) ?? 0) + (later.sold.get(sku) ?? 0);
        // a commit whose stock was written and whose journal was lost takes its units again, or the other way round
        expect(Math.abs(sum - STOCK)).toBeLessThanOrEqual(2 * Math.max(1, lost + during.unavailable));
      }
      await Promise.all([before.close(), during.close()]);
    }, 60_000);
  },
);

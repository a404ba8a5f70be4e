import { createConnection, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Shop, startShop } from './shop.js';

/** What a server is sent, as MONITOR tells it. */
class Monitor {
  readonly #socket: Socket;
  #text = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => {
      this.#text += data.toString('latin1');
    });
  }

  static async of(url: string): Promise<Monitor> {
    const { hostname, port } = new URL(url);
    const monitor = new Monitor(createConnection(Number(port), hostname));
    monitor.#socket.write('MONITOR\r\n');
    await monitor.sees('OK');
    return monitor;
  }

  /** The commands of clients, without those of functions, between two marks. */
  async during(work: () => Promise<unknown>, mark: (name: string) => Promise<unknown>): Promise<string[]> {
    const name = `mark ${Math.random()}`;
    await mark(`begin ${name}`);
    await work();
    await mark(`end ${name}`);
    await this.sees(`end ${name}`);
    const [, after = ''] = this.#text.split(`begin ${name}`);
    const [between = ''] = after.split(`end ${name}`);
    const commands = between.split('\n').filter((line) => line.startsWith('+') && !line.includes('[0 lua]'));
    // the last one is the beginning of the mark
    return commands.slice(0, -1).map((line) => line.replace(/^\+\S+ \[[^\]]*\] /, ''));
  }

  async sees(text: string): Promise<void> {
    while (!this.#text.includes(text)) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  close(): void {
    this.#socket.destroy();
  }
}

describe.each(['reserve-on-checkout', 'reserve-on-add'] as const)(
  'in shop-slot every operation is one call, %s',
  (stock) => {
    let shop: Shop;
    let monitor: Monitor;

    beforeAll(async () => {
      shop = await startShop('functions', { stock, abandoned: { after: '1h' } });
      await shop.inventory.setStock('apple', 100);
      await shop.inventory.setStock('pear', 100);
      await shop.inventory.setPrices({ apple: 1, pear: 2 });
      monitor = await Monitor.of(shop.url);
    });
    afterAll(async () => {
      monitor?.close();
      await shop?.stop();
    });

    const apple = { sku: 'apple' };
    const options = { opId: 'op' };
    let checkoutId = '';
    const operations: Record<string, () => Promise<unknown>> = {
      add: () => shop.carts.add('c', { ...apple, quantity: 2 }, options),
      addMany: () =>
        shop.carts.addMany(
          'c',
          ['apple', 'pear'].map((sku) => ({ sku, quantity: 3 })),
        ),
      setQuantity: () => shop.carts.setQuantity('c', apple, 9),
      increment: () => shop.carts.increment('c', apple, 1),
      decrement: () => shop.carts.increment('c', apple, -1),
      remove: () => shop.carts.remove('c', apple, 1),
      get: () => shop.carts.get('c'),
      count: () => shop.carts.count('c'),
      touch: () => shop.carts.touch('c'),
      acceptPrices: () => shop.carts.acceptPrices('c'),
      beginCheckout: async () => {
        ({ checkoutId } = await shop.carts.beginCheckout('c'));
      },
      commit: () => shop.carts.commit({ checkoutId, orderId: 'o' }),
      cancel: () => shop.carts.cancel({ checkoutId }),
      merge: () => shop.carts.merge('guest', 'c'),
      clear: () => shop.carts.clear('c'),
      receive: () => shop.inventory.receive('apple', 5, options),
      adjust: () => shop.inventory.adjust('apple', -5),
      setBackorder: () => shop.inventory.setBackorder('apple', 1),
      levels: () => shop.inventory.levels(['apple', 'pear']),
      setPrices: () => shop.inventory.setPrices({ apple: 2, pear: 3 }),
      prices: () => shop.inventory.prices(['apple', 'pear']),
      audit: () => shop.inventory.audit('apple'),
    };

    it.each(Object.keys(operations))('%s', async (name) => {
      const sent = await monitor.during(operations[name] as () => Promise<unknown>, (mark) => shop.client.echo(mark));
      expect(sent).toEqual([expect.stringMatching(/^"FCALL(_RO)?" "cart_/)]);
    });

    it('and a cart of a hundred lines is read with its prices in one', async () => {
      const skus = Array.from({ length: 100 }, (_, i) => `sku-${i}`);
      await shop.client.hSet('rf:{main}:stock', Object.fromEntries(skus.map((sku) => [sku, '5'])));
      await shop.inventory.setPrices(Object.fromEntries(skus.map((sku) => [sku, 7])));
      await shop.carts.addMany(
        'large',
        skus.map((sku) => ({ sku, quantity: 1 })),
      );
      const sent = await monitor.during(
        () => shop.carts.get('large'),
        (mark) => shop.client.echo(mark),
      );
      expect(sent).toHaveLength(1);
      expect(await shop.carts.get('large')).toMatchObject({ total: 700, itemCount: 100 });
    });
  },
);

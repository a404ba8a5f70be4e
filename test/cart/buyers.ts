import {
  CartError,
  CartService,
  type CartServiceOptions,
  type Checkout,
  InventoryService,
} from '@redis-functions/cart';
import { type RedisClient, RedisFunctions, UnavailableError } from '@redis-functions/core';
import { Crash, MortalFunctions } from './crashing.js';

const SKUS = ['mug', 'lamp', 'poster', 'notebook', 'chair'];

export interface Run {
  readonly checkouts: number;
  readonly workers: number;
  /** Units of each product before anybody buys. */
  readonly stock: number;
  /** Of a process, at each of its calls. */
  readonly crashChance: number;
  readonly windowMs: number;
  /** How long a payment takes, at most. */
  readonly payMs: number;
  readonly random: () => number;
}

interface Order {
  readonly orderId: string;
  readonly checkout: Checkout;
  acknowledged: boolean;
}

/** What came of payments that were told of again. */
export interface Recommitted {
  /** Orders that had been acknowledged. */
  readonly acknowledged: number;
  /** Of these, those that are still known as committed. */
  readonly known: number;
  /** Of these, the others: done again now, or gone. */
  readonly lost: number;
  /** Units of each product in orders that nobody knows any more, acknowledged or not. */
  readonly gone: ReadonlyMap<string, number>;
}

/** Buyers whose processes die, a payment provider that does not, and what came of it all. */
export class Buyers {
  readonly #client: RedisClient;
  readonly #options: Omit<CartServiceOptions, 'client' | 'functions'>;
  readonly #run: Run;
  /** Never dies. */
  readonly carts: CartService;
  readonly inventory: InventoryService;
  readonly #functions: RedisFunctions;
  /** What the payment provider has: money was taken for these. */
  readonly paid: Order[] = [];
  crashes = 0;
  refused = 0;
  unavailable = 0;
  #next = 0;

  constructor(client: RedisClient, run: Run, options: Partial<CartServiceOptions> = {}) {
    this.#client = client;
    this.#run = run;
    this.#options = { shop: 'main', currency: 'EUR', layout: 'split', hold: { checkout: run.windowMs }, ...options };
    this.#functions = new RedisFunctions({ client, deadlineMs: 20_000 });
    this.carts = new CartService({ ...this.#options, functions: this.#functions });
    this.inventory = new InventoryService({ ...this.#options, functions: this.#functions });
  }

  get skus(): readonly string[] {
    return SKUS;
  }

  async open(): Promise<void> {
    await Promise.all(SKUS.map((sku) => this.inventory.setStock(sku, this.#run.stock)));
    await this.inventory.setPrices(new Map(SKUS.map((sku) => [sku, 100])));
  }

  /** All checkouts, each by whichever process is alive. @param who Tells carts and orders from those of other buyers. */
  async buy(who = 'somebody'): Promise<void> {
    await Promise.all(Array.from({ length: this.#run.workers }, () => this.#work(who)));
  }

  /** Resolves when so many orders have been acknowledged. */
  async progress(orders: number): Promise<void> {
    const count = () => this.paid.filter(({ acknowledged }) => acknowledged).length;
    while (count() < orders) await new Promise(setImmediate);
  }

  /** Tells of every payment again, as a provider does for days. Orders that nobody knows any more stay out of the sum. */
  async recommit(): Promise<Recommitted> {
    const told = { acknowledged: 0, known: 0, lost: 0, gone: new Map(SKUS.map((sku) => [sku, 0])) };
    for (const order of [...this.paid]) {
      const { checkoutId, lines } = order.checkout;
      const outcome = await this.carts
        .commit({ checkoutId, orderId: order.orderId })
        .then(({ status }) => status, toCode);
      if (order.acknowledged) told.acknowledged += 1;
      if (order.acknowledged && outcome === 'already-committed') told.known += 1;
      if (order.acknowledged && outcome !== 'already-committed') told.lost += 1;
      if (outcome !== 'CHECKOUT_NOT_FOUND') continue;
      this.paid.splice(this.paid.indexOf(order), 1);
      for (const { sku, quantity } of lines) told.gone.set(sku, (told.gone.get(sku) ?? 0) + quantity);
    }
    return told;
  }

  /** What the provider does where it heard no answer: it tells of the payment again, until somebody says that it is heard. */
  async redeliver(): Promise<void> {
    const untold = this.paid.filter(({ acknowledged }) => !acknowledged);
    await Promise.all(
      untold.map(async (order) => {
        await this.carts.commit({ checkoutId: order.checkout.checkoutId, orderId: order.orderId });
        order.acknowledged = true;
      }),
    );
  }

  /** Units sold of each product, by what commits say of the orders now. */
  async sold(): Promise<{ sold: Map<string, number>; shortfall: number }> {
    const sold = new Map(SKUS.map((sku) => [sku, 0]));
    let missing = 0;
    const sum = async ({ orderId, checkout }: Order) => {
      const { status, shortfall } = await this.carts.commit({ checkoutId: checkout.checkoutId, orderId });
      if (status !== 'already-committed') throw new Error(`${orderId} was not committed`);
      for (const { sku, quantity } of checkout.lines) {
        const short = shortfall.find((each) => each.sku === sku)?.quantity ?? 0;
        missing += short;
        sold.set(sku, (sold.get(sku) ?? 0) + quantity - short);
      }
    };
    await Promise.all(this.paid.map(sum));
    return { sold, shortfall: missing };
  }

  async close(): Promise<void> {
    await this.#functions.close();
  }

  async #work(who: string): Promise<void> {
    const { crashChance, random, checkouts } = this.#run;
    const spawn = () => {
      const functions = new MortalFunctions({ client: this.#client, deadlineMs: 20_000 }, crashChance, random);
      return { functions, carts: new CartService({ ...this.#options, functions }) };
    };
    let process = spawn();
    while (this.#next < checkouts) {
      const number = this.#next++;
      try {
        await this.#checkout(process.carts, `${who}'s cart ${number}`, `${who}'s order ${number}`);
      } catch (error) {
        if (error instanceof Crash) this.crashes += 1;
        else if (error instanceof CartError && error.httpStatus < 500) this.refused += 1;
        else if (error instanceof UnavailableError) this.unavailable += 1;
        else throw error;
      }
      if (process.functions.isDead) process = spawn();
    }
  }

  async #checkout(carts: CartService, cartId: string, orderId: string): Promise<void> {
    const { random, payMs } = this.#run;
    const lines = [...SKUS]
      .sort(() => random() - 0.5)
      .slice(0, 1 + Math.floor(random() * 3))
      .map((sku) => ({ sku, quantity: 1 + Math.floor(random() * 2) }));
    for (const line of lines) await carts.add(cartId, line);
    const checkout = await carts.beginCheckout(cartId);
    await new Promise((resolve) => setTimeout(resolve, random() * payMs));
    if (random() < 0.1) return void (await carts.cancel(checkout));
    const order = { orderId, checkout, acknowledged: false };
    this.paid.push(order);
    await carts.commit({ checkoutId: checkout.checkoutId, orderId });
    order.acknowledged = true;
  }
}

function toCode(error: unknown): string {
  if (error instanceof CartError) return error.code;
  throw error;
}

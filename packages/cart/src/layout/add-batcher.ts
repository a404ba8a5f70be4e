import { FunctionCallError } from '@redis-functions/core';
import type { LineChange } from '../cart.js';
import { CartError } from '../cart-error.js';
import type { Reply } from '../library.js';
import type { CartConfiguration } from '../options.js';
import { hasBacklog, toDateOrNull, toDetails, toInteger } from '../replies.js';
import { itemArguments } from './cart-calls.js';
import type { NewUnits } from './layout.js';

/** Adds of one call: more save next to nothing, and keep the server from others for longer. */
const MOST = 64;
/** Values of each in the reply of `cart_add_each`. */
const WIDTH = 5;

interface WaitingAdd {
  readonly cartId: string;
  readonly units: NewUnits;
  /** Undefined: ask again, for this one alone. */
  resolve(change: LineChange | undefined): void;
  reject(error: unknown): void;
}

/** Puts the adds of one turn of the event loop together: one call, and the server reads and writes each cart once. */
export class AddBatcher {
  readonly #config: CartConfiguration;
  #waiting: WaitingAdd[] = [];

  constructor(config: CartConfiguration) {
    this.#config = config;
  }

  /**
   * @returns Undefined where it is to be asked for alone: it is the only one, something else in the call could not be read,
   *   or holds have expired that the library had not come to. Nothing was added then.
   * @throws CartError for a refusal.
   */
  add(cartId: string, units: NewUnits): Promise<LineChange | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ cartId, units, resolve, reject });
      // after all that this turn of the event loop still has to ask
      if (this.#waiting.length === 1) process.nextTick(() => this.send());
    });
  }

  /** Sends what waits, now. */
  send(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (let first = 0; first < waiting.length; first += MOST) {
      const batch = waiting.slice(first, first + MOST);
      if (batch.length === 1) batch[0]?.resolve(undefined);
      else void this.#ask(batch);
    }
  }

  async #ask(batch: readonly WaitingAdd[]): Promise<void> {
    try {
      const reply = await this.#config.library.addEach(this.#toCall(batch));
      for (let index = 0; index < batch.length; index++) {
        this.#answer(batch[index] as WaitingAdd, reply.slice(1 + WIDTH * index, 1 + WIDTH * (index + 1)));
      }
    } catch (error) {
      // something that the library read was corrupt, before it wrote: the others need not suffer for it
      const isOfOne = error instanceof FunctionCallError && error.code === 'CORRUPT_DATA';
      for (const { resolve, reject } of batch) isOfOne ? resolve(undefined) : reject(error);
    }
  }

  #toCall(batch: readonly WaitingAdd[]) {
    const { keys, policies, stock: mode, abandoned } = this.#config;
    const { stock, prices, holds, due } = keys.stock();
    const numbers = new Map<string, number>();
    const items = batch.flatMap(({ cartId, units }) => {
      const number = numbers.get(cartId) ?? numbers.size + 1;
      numbers.set(cartId, number);
      return [number, ...itemArguments(units)];
    });
    const carts = [...numbers.keys()].map((cartId) => keys.of(cartId).cart);
    return {
      keys: [stock, prices, ...(mode === 'none' ? [] : [holds, due]), ...carts, ...(abandoned ? [keys.idle] : [])],
      args: [policies.change, carts.length, ...items],
    };
  }

  #answer({ units: { lineId, sku, quantity }, resolve, reject }: WaitingAdd, reply: Reply): void {
    if (reply[0] === 'OK') {
      const [, now, version, , until] = reply;
      resolve({
        lineId,
        sku,
        quantity: toInteger(now),
        version: toInteger(version),
        changed: true,
        replayed: false,
        heldUntil: toDateOrNull(until),
      });
    } else if (hasBacklog(reply)) resolve(undefined);
    else reject(new CartError(toDetails(reply, { sku, requested: quantity, currency: this.#config.currency })));
  }
}

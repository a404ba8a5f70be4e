import { named } from './faults.js';
import type { CartConfiguration } from './options.js';
import { toInteger, toText } from './replies.js';
import { sweepAll } from './sweep.js';

const AT_ONCE = 100;

export interface ReapResult {
  /** Carts that were told of. */
  readonly abandoned: number;
  /** Holds whose time was over, and that are gone now. */
  readonly holdsExpired: number;
  /** Paid checkouts that were finished (`split`). */
  readonly forwarded: number;
}

/** Does what time has brought about. */
export class Reaper {
  readonly #config: CartConfiguration;

  constructor(config: CartConfiguration) {
    this.#config = config;
  }

  async reap(): Promise<ReapResult> {
    const { library, keys } = this.#config;
    const holdsExpired = await sweepAll(library, keys.stock());
    return { abandoned: await this.#tellAbandoned(), holdsExpired, forwarded: 0 };
  }

  async #tellAbandoned(): Promise<number> {
    const { library, keys, abandoned } = this.#config;
    if (!abandoned) return 0;
    let told = 0;
    for (;;) {
      const [, ...carts] = await named(library.due({ keys: [keys.idle], args: [AT_ONCE] }));
      const outcomes = await Promise.all(carts.map((cart) => this.#tell(toText(cart), abandoned)));
      told += outcomes.filter(Boolean).length;
      if (carts.length < AT_ONCE) return told;
    }
  }

  async #tell(cart: string, { events, keepMs }: NonNullable<CartConfiguration['abandoned']>): Promise<boolean> {
    const { library, keys } = this.#config;
    const [, told] = await named(
      library.abandon({ keys: [cart, keys.idle, keys.events], args: [keys.cartIdOf(cart), events, keepMs] }),
    );
    return toInteger(told) === 1;
  }
}

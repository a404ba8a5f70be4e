import { named } from './faults.js';
import { Journal } from './layout/journal.js';
import type { CartConfiguration } from './options.js';
import { readCart } from './read-cart.js';
import { toInteger, toText } from './replies.js';

const AT_ONCE = 100;

/** Tells of carts that were left with something in them, each once, on a stream. @returns How many. */
export async function tellAbandoned(config: CartConfiguration): Promise<number> {
  if (!config.abandoned) return 0;
  return config.layout === 'split' ? tellOfParts(config, config.abandoned) : tellOfShop(config, config.abandoned);
}

type Abandoned = NonNullable<CartConfiguration['abandoned']>;

async function tellOfShop({ library, keys }: CartConfiguration, { events, keepMs }: Abandoned): Promise<number> {
  let told = 0;
  for (;;) {
    const [, ...carts] = await named(library.due({ keys: [keys.idle], args: [AT_ONCE] }));
    const outcomes = await Promise.all(
      carts.map(async (cart) => {
        const key = toText(cart);
        const call = { keys: [key, keys.idle, keys.events()], args: [keys.cartIdOf(key), events, keepMs] };
        const [, isTold] = await named(library.abandon(call));
        return toInteger(isTold);
      }),
    );
    told += outcomes.reduce((sum, count) => sum + count, 0);
    if (carts.length < AT_ONCE) return told;
  }
}

/** The index is not in the slot of the cart: when its time has come, the cart says whether it was changed since. */
async function tellOfParts(config: CartConfiguration, { afterMs, events, keepMs }: Abandoned): Promise<number> {
  const { library, keys } = config;
  const index = new Journal(config, 'carts');
  return index.each(async (cartId) => {
    const cart = await readCart(library, [keys.of(cartId).cart]);
    const leftMs = Math.ceil(cart.version / 1_000) + afterMs - cart.readAt;
    if (cart.lines.length === 0) {
      await index.forget(cartId);
      return false;
    }
    if (leftMs > 0) {
      await index.note(cartId, leftMs);
      return false;
    }
    const lines = cart.lines.map(({ lineId, sku, quantity, unitPriceAtAdd, metadata }) => [
      ...[lineId, sku, String(quantity), String(unitPriceAtAdd ?? '')],
      metadata,
    ]);
    const about = [
      cartId,
      cartId,
      cart.version,
      cart.currency ?? '',
      cart.units,
      JSON.stringify(lines),
      events,
      keepMs,
    ];
    const [, isTold] = await named(
      library.tell({ keys: [index.keyOf(cartId), keys.events(index.partOf(cartId))], args: about }),
    );
    return toInteger(isTold) === 1;
  });
}

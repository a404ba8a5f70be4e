import { named } from './faults.js';
import type { StockKeys } from './keys.js';
import type { CartLibrary } from './library.js';
import { toInteger } from './replies.js';

/** Holds per call: about half a millisecond of the server's time, so that others are not kept waiting. */
const AT_ONCE = 1_000;

/** Removes holds whose time is over, in as many calls as it takes. @returns How many there were. */
export async function sweepAll(library: CartLibrary, { holds, due }: StockKeys): Promise<number> {
  let swept = 0;
  for (;;) {
    const [, count, hasMore] = await named(library.sweep({ keys: [holds, due], args: [AT_ONCE] }));
    swept += toInteger(count);
    if (toInteger(hasMore) === 0) return swept;
  }
}

import { tellAbandoned } from './abandoned.js';
import type { CartLayout } from './layout/layout.js';
import type { CartConfiguration } from './options.js';

export interface ReapResult {
  /** Carts that were told of. */
  readonly abandoned: number;
  /** Holds whose time was over, and that are gone now (`shop-slot`; see InventoryService.reap). */
  readonly holdsExpired: number;
  /** Paid checkouts, and merges, that were begun by a process that died, and are finished now (`split`). */
  readonly forwarded: number;
}

/** Does what time has brought about. What pays comes first. */
export async function reap(config: CartConfiguration, layout: CartLayout): Promise<ReapResult> {
  const forwarded = await layout.recover();
  const holdsExpired = await layout.sweep();
  return { abandoned: await tellAbandoned(config), holdsExpired, forwarded };
}

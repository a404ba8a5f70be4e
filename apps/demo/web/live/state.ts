import { signal } from '@preact/signals';
import type { DeviceView } from '../../src/account/view.js';
import type { CartView } from '../../src/cart/view.js';
import type { StatusView, VisitorView } from '../../src/events/view.js';
import type { FunctionsView } from '../../src/functions/view.js';
import type { LimitsView } from '../../src/limits/view.js';
import type { ProductView } from '../../src/products/view.js';

/** What the server tells, as it was told last. Nobody but the stream writes these. */
export const visitor = signal<VisitorView | undefined>(undefined);
export const products = signal<readonly ProductView[] | undefined>(undefined);
export const cart = signal<CartView | null | undefined>(undefined);
export const devices = signal<readonly DeviceView[] | undefined>(undefined);
/** With the server's time of the reading: what refills is worked out from there. */
export const limits = signal<LimitsView | undefined>(undefined);
export const functions = signal<FunctionsView | undefined>(undefined);
export const redis = signal<StatusView['redis']>('up');

/** Whether the stream is open. */
export const link = signal<'opening' | 'open' | 'lost'>('opening');

/** The server's clock minus this one's, in milliseconds. */
export const clockOffset = signal(0);

export function serverNow(): number {
  return Date.now() + clockOffset.value;
}

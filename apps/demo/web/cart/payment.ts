import { signal } from '@preact/signals';
import type { CheckoutView, OrderView } from '../../src/cart/checkout-view.js';
import { Refusal, randomId, send } from '../live/request.js';

/** A payment as this page knows it; another page of the visitor may have begun it. */
export interface Payment {
  readonly checkoutId: string;
  /** Null where another page has begun it. */
  readonly total: number | null;
  readonly currency: string;
  readonly expiresAt: number;
  /** The same for every attempt to pay: it makes them one order. */
  readonly orderId: string;
  readonly state: 'open' | 'timed-out' | 'lost';
}

export const payment = signal<Payment | undefined>(undefined);
export const order = signal<OrderView | undefined>(undefined);

/** @param expectedTotal What the visitor has seen: another total is refused. */
export async function beginPayment(expectedTotal: number): Promise<void> {
  order.value = undefined;
  const checkout = await send<CheckoutView>('POST', '/api/checkout', { expectedTotal });
  payment.value = { ...checkout, orderId: randomId(), state: 'open' };
}

/** Another page of this visitor has begun to pay: this one can go on with it. */
export function joinPayment(checkoutId: string, expiresAt: number, currency: string): void {
  payment.value = { checkoutId, expiresAt, currency, total: null, orderId: randomId(), state: 'open' };
}

export async function pay({ checkoutId, orderId }: Payment): Promise<void> {
  try {
    const path = `/api/checkout/${encodeURIComponent(checkoutId)}/payment`;
    order.value = await send<OrderView>('POST', path, { orderId });
    payment.value = undefined;
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 404) throw error;
    if (payment.value) payment.value = { ...payment.value, state: 'lost' };
  }
}

export async function giveUp({ checkoutId }: Payment): Promise<void> {
  await send('DELETE', `/api/checkout/${encodeURIComponent(checkoutId)}`);
  payment.value = undefined;
}

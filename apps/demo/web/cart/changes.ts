import type { CartChangeView } from '../../src/cart/view.js';
import { send } from '../live/request.js';
import { visitor } from '../live/state.js';
import { identityChanged, sessionEnded } from '../live/stream.js';
import { sayNotice } from '../shell/notices.js';

export async function addToCart(sku: string, name: string): Promise<void> {
  noteOwner(await send<CartChangeView>('POST', '/api/cart/lines', { sku, quantity: 1 }));
  sayNotice(`${name} is in your cart.`, 'done');
}

export async function setQuantity(sku: string, quantity: number): Promise<void> {
  noteOwner(await send<CartChangeView>('PUT', `/api/cart/lines/${encodeURIComponent(sku)}`, { quantity }));
}

/** The first change of a visitor makes a session; and one whose session is over is a new visitor. */
function noteOwner({ handle }: CartChangeView): void {
  if (handle === visitor.value?.handle) return;
  if (visitor.value?.user) sessionEnded();
  else identityChanged();
}

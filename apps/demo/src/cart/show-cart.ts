import type { Cart, CartLine } from '@redis-functions/cart';
import { nameOf } from '../products/catalog.js';
import type { CartLineView, CartView } from './view.js';

export function showCart({ lines, itemCount, total, currency, version, checkout }: Cart): CartView {
  return {
    lines: lines.map(showLine),
    itemCount,
    total,
    currency,
    version,
    checkout: checkout && { checkoutId: checkout.checkoutId, expiresAt: checkout.expiresAt.getTime() },
  };
}

function showLine({ sku, quantity, unitPrice, unitPriceAtAdd, subtotal, stock, hold }: CartLine): CartLineView {
  return {
    sku,
    name: nameOf(sku),
    quantity,
    unitPrice,
    unitPriceAtAdd,
    subtotal,
    available: stock?.available ?? null,
    heldUntil: hold && hold.quantity >= quantity ? hold.expiresAt.getTime() : null,
  };
}

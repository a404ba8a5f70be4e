import type { Refusal } from '../live/request.js';
import { cart, products } from '../live/state.js';
import { money } from '../shell/money.js';

/** What a refusal of the cart means to a visitor. */
export function explainRefusal({ code, details, message }: Refusal): string {
  const name = nameOf(details['sku']);
  const available = Number(details['available'] ?? 0);
  switch (code) {
    case 'OUT_OF_STOCK':
      return available === 0
        ? `${name}: somebody was faster, there are none left. If they do not buy it, it comes back.`
        : `${name}: there are ${available}, not as many as you asked for.`;
    case 'TOTAL_CHANGED':
      return `The total is ${money(Number(details['actual']), cart.value?.currency ?? 'EUR')} now. Look again, then check out.`;
    case 'IN_CHECKOUT':
      return 'A payment for this cart is under way. Finish it, or give it up.';
    case 'CHECKOUT_NOT_FOUND':
      return 'That payment was given up. Begin a new one.';
    case 'LIMIT_EXCEEDED':
      return 'That is more than one cart may hold.';
    case 'UNKNOWN_SKU':
      return 'The shop does not have that any more.';
    default:
      return message;
  }
}

function nameOf(sku: unknown): string {
  return products.value?.find((product) => product.sku === sku)?.name ?? String(sku ?? 'This');
}

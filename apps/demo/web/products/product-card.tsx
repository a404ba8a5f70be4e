import type { ProductView } from '../../src/products/view.js';
import { addToCart } from '../cart/changes.js';
import { explainRefusal } from '../cart/refusals.js';
import { cart } from '../live/state.js';
import { useAction } from '../shell/action.js';
import { money } from '../shell/money.js';
import { Picture } from './picture.js';

const FEW = 5;

export function ProductCard({ product }: { readonly product: ProductView }) {
  const { sku, name, price, currency, stock, held } = product;
  const { run, busy } = useAction(explainRefusal);
  const isSoldOut = stock === 0;
  const text = isSoldOut ? whereItIs(sku, held) : 'Add to cart';
  return (
    <li class="product" data-sku={sku}>
      <Picture sku={sku} />
      <h2>{name}</h2>
      <p class="price">{money(price, currency)}</p>
      <p class={`stock ${isSoldOut ? 'out' : stock <= FEW ? 'few' : ''}`} aria-live="polite">
        <span data-testid="stock">{stockText(stock)}</span>
        {held > 0 && <span class="held">, {held} in carts</span>}
      </p>
      <button
        type="button"
        aria-label={`${text}: ${name}`}
        aria-disabled={isSoldOut || price === null}
        aria-busy={busy}
        onClick={() => {
          if (!isSoldOut && price !== null) run(() => addToCart(sku, name));
        }}
      >
        {text}
      </button>
    </li>
  );
}

function whereItIs(sku: string, held: number): string {
  if (held === 0) return 'Sold out';
  return cart.value?.lines.some((line) => line.sku === sku && line.heldUntil !== null)
    ? 'In your cart'
    : 'In somebody’s cart';
}

function stockText(stock: number): string {
  if (stock === 0) return 'none left';
  return stock <= FEW ? `only ${stock} left` : `${stock} in stock`;
}

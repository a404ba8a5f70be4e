import './cart.css';
import type { CartView } from '../../src/cart/view.js';
import { send } from '../live/request.js';
import { cart } from '../live/state.js';
import { useAction } from '../shell/action.js';
import { money } from '../shell/money.js';
import { CartLine } from './cart-line.js';
import { beginPayment, payment } from './payment.js';
import { PaymentPanel } from './payment-panel.js';
import { explainRefusal } from './refusals.js';

export function CartPanel() {
  const current = cart.value;
  const isEmpty = !current || current.lines.length === 0;
  return (
    <section class="cart" aria-labelledby="cart-title" aria-busy={current === undefined}>
      <h1 id="cart-title">Your cart</h1>
      {isEmpty && !payment.value && <p>Nothing in it yet.</p>}
      {!isEmpty && <Lines cart={current} />}
      <PaymentPanel />
    </section>
  );
}

function Lines({ cart: { lines, total, currency, checkout } }: { readonly cart: CartView }) {
  const { run, busy } = useAction(explainRefusal);
  const hasNewPrices = lines.some(({ unitPrice, unitPriceAtAdd }) => unitPrice !== unitPriceAtAdd);
  return (
    <>
      <ul class="lines">
        {lines.map((line) => (
          <CartLine key={line.sku} line={line} currency={currency} />
        ))}
      </ul>
      {hasNewPrices && (
        <p class="hint">
          Prices have changed since you chose.{' '}
          <button type="button" class="plain" onClick={() => run(() => send('POST', '/api/cart/prices'))}>
            That is fine
          </button>
        </p>
      )}
      <p class="total">
        Total <output data-testid="total">{money(total, currency)}</output>
      </p>
      {!checkout && (
        <p class="row">
          <button
            type="button"
            class="primary"
            aria-busy={busy}
            onClick={() => total !== null && run(() => beginPayment(total))}
          >
            Check out
          </button>
          <button type="button" class="plain" onClick={() => run(() => send('DELETE', '/api/cart'))}>
            Empty the cart
          </button>
        </p>
      )}
    </>
  );
}

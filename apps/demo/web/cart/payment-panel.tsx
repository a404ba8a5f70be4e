import { useEffect } from 'preact/hooks';
import type { OrderView } from '../../src/cart/checkout-view.js';
import { cart } from '../live/state.js';
import { useAction } from '../shell/action.js';
import { Countdown } from '../shell/countdown.js';
import { money } from '../shell/money.js';
import { giveUp, joinPayment, order, type Payment, pay, payment } from './payment.js';
import { explainRefusal } from './refusals.js';

/** Plays the payment provider: the visitor decides what becomes of the payment. */
export function PaymentPanel() {
  useFollowedCheckout();
  const current = payment.value;
  return (
    <div class="payment" role="status">
      {current && <Pending payment={current} />}
      {order.value && <Ordered order={order.value} />}
    </div>
  );
}

function Pending({ payment: current }: { readonly payment: Payment }) {
  const { run, busy } = useAction(explainRefusal);
  const { state, total, currency, expiresAt } = current;
  if (state === 'lost') {
    return (
      <>
        <h2>The payment is void</h2>
        <p>It was given up, or another took its place. Nothing was taken from you.</p>
        <button type="button" onClick={() => (payment.value = undefined)}>
          Back to the cart
        </button>
      </>
    );
  }
  const isOver = state === 'timed-out';
  return (
    <>
      <h2>{isOver ? 'The payment timed out' : 'Payment'}</h2>
      {isOver ? (
        <p>What it held is on the shelf again. A payment that comes late still takes what nobody else has bought.</p>
      ) : (
        <p>
          {total !== null && <b>{money(total, currency)}. </b>}
          Everything is kept for you for{' '}
          <Countdown
            until={expiresAt}
            over={() => {
              payment.value = { ...current, state: 'timed-out' };
            }}
          />
          . Pay, give it up, or wait and see it time out.
        </p>
      )}
      <p class="row">
        <button type="button" class="primary" aria-busy={busy} onClick={() => run(() => pay(current))}>
          {isOver ? 'Pay all the same' : 'Pay now'}
        </button>
        <button type="button" class="plain" onClick={() => run(() => giveUp(current))}>
          Give it up
        </button>
      </p>
    </>
  );
}

function Ordered({ order: { orderId, shortfall } }: { readonly order: OrderView }) {
  return (
    <>
      <h2>Thank you</h2>
      <p>
        Order <code>{orderId.slice(0, 8)}</code> is paid.
      </p>
      {shortfall.length > 0 && (
        <p class="changed">
          It came late: {shortfall.map(({ name, quantity }) => `${quantity} × ${name}`).join(', ')} had been sold, and
          the money for that goes back to you.
        </p>
      )}
    </>
  );
}

/** The cart says which payment is under way, whichever page began it. */
function useFollowedCheckout(): void {
  const checkout = cart.value?.checkout;
  const currency = cart.value?.currency ?? 'EUR';
  useEffect(() => {
    const current = payment.value;
    if (checkout && checkout.checkoutId !== current?.checkoutId) {
      joinPayment(checkout.checkoutId, checkout.expiresAt, currency);
    } else if (cart.value && !checkout && current?.state === 'open' && current.total === null) {
      // it was paid or given up on the page that began it
      payment.value = undefined;
    }
  }, [checkout?.checkoutId]);
}

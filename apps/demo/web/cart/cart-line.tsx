import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { CartLineView, CartView } from '../../src/cart/view.js';
import { showRefusal } from '../live/request.js';
import { cart, products } from '../live/state.js';
import { Countdown } from '../shell/countdown.js';
import { money } from '../shell/money.js';
import { setQuantity } from './changes.js';
import { explainRefusal } from './refusals.js';

interface LineProps {
  readonly line: CartLineView;
  readonly currency: string;
}

export function CartLine({ line, currency }: LineProps) {
  const { sku, name, subtotal, unitPrice, unitPriceAtAdd } = line;
  const { shown, want } = useQuantity(line);
  return (
    <li class="line" data-sku={sku}>
      <h2>{name}</h2>
      <fieldset class="quantity" aria-label={`Quantity of ${name}`}>
        <button type="button" aria-label={`One ${name} less`} onClick={() => want(Math.max(0, shown - 1))}>
          −
        </button>
        <output data-testid="quantity" aria-live="polite">
          {shown}
        </output>
        <button type="button" aria-label={`One more ${name}`} onClick={() => want(shown + 1)}>
          +
        </button>
      </fieldset>
      <p class="subtotal">{money(subtotal, currency)}</p>
      {unitPrice !== unitPriceAtAdd && (
        <p class="changed" aria-live="polite">
          now {money(unitPrice, currency)}, was <s>{money(unitPriceAtAdd, currency)}</s>
        </p>
      )}
      <Hold line={line} renew={() => want(shown)} />
    </li>
  );
}

function Hold({ line, renew }: { line: CartLineView; renew: () => void }) {
  const { sku, name, heldUntil, quantity } = line;
  // a payment has a countdown of its own
  if (cart.value?.checkout) return null;
  if (heldUntil !== null) {
    return (
      <p class="hold">
        kept for you for <Countdown until={heldUntil} over={readCartAgain} />
      </p>
    );
  }
  if (line.available === null) return null;
  // what others take is told to the shelves, not to each cart
  const available = products.value?.find((product) => product.sku === sku)?.stock ?? line.available;
  return (
    <p class="hold over" role="status">
      {available >= quantity
        ? 'No longer kept for you. '
        : `No longer kept for you, and ${available === 0 ? 'gone' : `only ${available} left`}. `}
      {available >= quantity && (
        <button type="button" class="plain" aria-label={`Keep ${name} again`} onClick={renew}>
          Keep it again
        </button>
      )}
    </p>
  );
}

/** What the visitor wants shows at once; what they want meanwhile is sent when the answer is there, the last wish only. */
function useQuantity({ sku, quantity }: CartLineView) {
  const wanted = useSignal<number | undefined>(undefined);
  const sending = useSignal(false);
  useEffect(() => {
    if (!sending.value) wanted.value = undefined;
  }, [quantity]);
  const sendWishes = async (): Promise<void> => {
    if (sending.value) return;
    sending.value = true;
    try {
      for (let sent: number | undefined; wanted.value !== undefined && sent !== wanted.value; ) {
        sent = wanted.value;
        await setQuantity(sku, sent);
      }
    } catch (error) {
      wanted.value = undefined;
      showRefusal(error, explainRefusal);
    } finally {
      sending.value = false;
    }
  };
  return {
    shown: wanted.value ?? quantity,
    want: (units: number) => {
      wanted.value = units;
      void sendWishes();
    },
  };
}

/** The end of a hold is no change that anybody tells of. */
async function readCartAgain(): Promise<void> {
  const response = await fetch('/api/cart').catch(() => undefined);
  if (response?.ok) cart.value = (await response.json()) as CartView;
}

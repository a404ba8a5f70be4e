import { useSignal } from '@preact/signals';
import { send } from '../live/request.js';
import { products } from '../live/state.js';
import { useAction } from '../shell/action.js';
import { sayNotice } from '../shell/notices.js';

/** For trying out what happens to carts when the shop changes its mind. */
export function Shopkeeper() {
  const sku = useSignal('mug');
  const { run, busy } = useAction();
  const product = products.value?.find((each) => each.sku === sku.value);
  const change = (changes: { price?: number; stock?: number }, said: string) =>
    run(async () => {
      await send('PATCH', `/api/products/${sku.value}`, changes);
      sayNotice(said, 'done');
    });
  return (
    <details class="shopkeeper">
      <summary>Behind the counter</summary>
      <p>Change what the shop has and asks for, and watch the carts.</p>
      <div class="row">
        <label>
          Product{' '}
          <select value={sku.value} onChange={({ currentTarget }) => (sku.value = currentTarget.value)}>
            {products.value?.map(({ sku: each, name }) => (
              <option key={each} value={each}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {product && (
          <>
            <button
              type="button"
              aria-busy={busy}
              onClick={() => change({ price: Math.round((product.price ?? 1_000) * 1.1) }, 'The price has gone up.')}
            >
              Raise the price by 10 %
            </button>
            <button
              type="button"
              aria-busy={busy}
              onClick={() => change({ price: Math.round((product.price ?? 1_000) * 0.8) }, 'The price has gone down.')}
            >
              Lower it by 20 %
            </button>
            <button type="button" aria-busy={busy} onClick={() => change({ stock: product.held + 1 }, 'One is left.')}>
              Leave one on the shelf
            </button>
            <button
              type="button"
              aria-busy={busy}
              onClick={() => change({ stock: product.held + 40 }, 'There are 40 more.')}
            >
              Fill the shelf
            </button>
          </>
        )}
      </div>
    </details>
  );
}

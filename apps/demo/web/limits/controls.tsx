import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { send } from '../live/request.js';
import { useAction } from '../shell/action.js';
import { fire, forget } from './attempts.js';

const MOST_AT_ONCE = 100;
const RATES = [1, 2, 5, 10, 20];

/** One request, many at once, or a steady rate. */
export function Controls() {
  const burst = useSignal(25);
  const rate = useSignal(5);
  const steady = useSignal(false);
  const { run, busy } = useAction();
  useEffect(() => {
    if (!steady.value) return undefined;
    const timer = setInterval(() => fire(1), 1_000 / rate.value);
    return () => clearInterval(timer);
  }, [steady.value, rate.value]);
  return (
    <div class="controls row">
      <button type="button" onClick={() => fire(1)}>
        Send one
      </button>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          fire(Math.min(MOST_AT_ONCE, burst.value));
        }}
      >
        <label>
          <span class="hidden">Requests at once</span>
          <input
            type="number"
            min={1}
            max={MOST_AT_ONCE}
            required
            value={burst.value}
            onInput={({ currentTarget }) => (burst.value = Math.floor(Number(currentTarget.value)) || 1)}
          />
        </label>
        <button type="submit" class="primary">
          Send a burst
        </button>
      </form>
      <span class="row">
        <label>
          <span class="hidden">Steady rate</span>
          <select value={rate.value} onChange={({ currentTarget }) => (rate.value = Number(currentTarget.value))}>
            {RATES.map((each) => (
              <option key={each} value={each}>
                {each} per second
              </option>
            ))}
          </select>
        </label>
        <button type="button" aria-pressed={steady.value} onClick={() => (steady.value = !steady.value)}>
          {steady.value ? 'Stop' : 'Send steadily'}
        </button>
      </span>
      <button
        type="button"
        class="plain"
        aria-busy={busy}
        onClick={() =>
          run(async () => {
            await send('DELETE', '/api/limits/counters');
            forget();
          })
        }
      >
        Start afresh
      </button>
    </div>
  );
}

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { limits } from '../live/state.js';
import { Answers } from './answers.js';
import { roles } from './attempts.js';
import { Controls } from './controls.js';
import { record } from './history.js';
import { Plot } from './plot.js';
import { PoliciesTable } from './policies-table.js';
import { summarize } from './summary.js';

/** Often enough to follow, seldom enough to be listened to. */
const SAY_EVERY_MS = 5_000;

export function LimitsPage() {
  useEffect(record, []);
  const summary = useSummary();
  return (
    <>
      <h1>Rate limits</h1>
      <p class="lead">
        Send requests, and watch what the limits have left. They are counted in Redis for your address alone, so another
        window of yours draws on the same counters.
      </p>
      <Controls />
      {limits.value === undefined ? (
        <p aria-busy="true">Asking what is left.</p>
      ) : (
        <div class="playground">
          <figure class="panel">
            <Plot summary={summary} />
            <figcaption class="quiet">
              Lines are worked out from the policy, dots are what{' '}
              {limits.value.source === 'redis' ? 'Redis' : 'this process, while Redis is away,'} says, in whole units.
              Below: requests that passed <span class="outcome passed">|</span> and that were refused{' '}
              <span class="outcome refused">×</span>
            </figcaption>
            <p class="hidden" role="status" data-testid="summary">
              {summary}
            </p>
          </figure>
          <PoliciesTable />
          <Answers />
        </div>
      )}
    </>
  );
}

function useSummary(): string {
  const summary = useSignal('');
  const isThere = limits.value !== undefined;
  useEffect(() => {
    const say = () => {
      if (limits.value) summary.value = summarize(limits.value);
    };
    say();
    const timer = setInterval(say, SAY_EVERY_MS);
    return () => clearInterval(timer);
  }, [isThere, roles.value]);
  return summary.value;
}

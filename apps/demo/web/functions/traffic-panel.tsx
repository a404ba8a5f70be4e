import type { TrafficView } from '../../src/functions/view.js';
import { send } from '../live/request.js';
import { useAction } from '../shell/action.js';
import { RatePlot } from './rate-plot.js';

/** Counters that are called without a pause, and an account of the calls. */
export function TrafficPanel({ traffic }: { readonly traffic: TrafficView }) {
  const { isRunning, acknowledged, refused, failed, lost, versions } = traffic;
  const { run, busy } = useAction();
  const answers = Object.entries(versions).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  return (
    <section class="panel" aria-labelledby="traffic-title">
      <h2 id="traffic-title">Calls without a pause</h2>
      <p class="quiet">
        Each process of the shop calls twelve counters, up to 300 times per second, for a minute. What failed got no
        answer and may have counted. What is lost was acknowledged, and is gone all the same.
      </p>
      <button
        type="button"
        class={isRunning ? '' : 'primary'}
        aria-busy={busy}
        onClick={() => run(() => send('POST', '/api/functions/traffic', { isRunning: !isRunning }))}
      >
        {isRunning ? 'Stop calling' : 'Call the counters'}
      </button>
      <dl class="counts">
        <Count name="counted" value={acknowledged} />
        <Count name="refused" value={refused} isBad />
        <Count name="failed" value={failed} isBad />
        <Count name="lost" value={lost} isBad />
      </dl>
      <RatePlot traffic={traffic} />
      {answers.length > 0 && (
        <table data-testid="versions">
          <caption>Answers by version</caption>
          <tbody>
            {answers.map(([version, count]) => (
              <tr key={version}>
                <th scope="row">{version}</th>
                <td class="number">{count.toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Count({
  name,
  value,
  isBad = false,
}: {
  readonly name: string;
  readonly value: number;
  readonly isBad?: boolean;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={isBad && value > 0 ? 'outcome refused' : ''} data-count={name}>
        {value.toLocaleString('en')}
      </dd>
    </div>
  );
}

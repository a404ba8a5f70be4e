import type { CallsView } from '../../src/functions/view.js';

interface Props {
  readonly calls: readonly CallsView[];
  readonly processes: number;
}

/** How often each function was called, and how long that took. */
export function CallsTable({ calls, processes }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section class="panel scroll" tabIndex={0} aria-labelledby="calls-title">
      <h2 id="calls-title">Calls</h2>
      <p class="quiet">
        Since the start, by{' '}
        {processes === 1 ? 'the one process of the shop' : `all ${processes} processes that have run`}. Times are from
        the call to its result, in milliseconds.
      </p>
      <table data-testid="calls">
        <thead>
          <tr>
            <th scope="col">Function</th>
            <th scope="col">Library</th>
            {['Calls', 'Refused', 'Failed', 'Median', '99 %'].map((title) => (
              <th scope="col" class="number" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {calls.map(({ functionName, library, calls: count, refused, failed, p50Ms, p99Ms }) => (
            <tr key={functionName} data-function={functionName}>
              <th scope="row">{functionName}</th>
              <td>{library}</td>
              {[count, refused, failed, p50Ms, p99Ms].map((value, i) => (
                <td class="number" key={i}>
                  {value.toLocaleString('en')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

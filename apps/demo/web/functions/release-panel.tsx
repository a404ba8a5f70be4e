import { useSignal } from '@preact/signals';
import type { Change, PlannedView } from '../../src/functions/view.js';
import { Refusal, send } from '../live/request.js';
import { useAction } from '../shell/action.js';

const TEXTS: Readonly<Record<Change, string>> = {
  next: 'a newer version',
  current: 'the version of this shop',
  incomplete: 'a newer version without decrement_counter',
  edited: 'other code under the same version',
};
const DID: Readonly<Record<PlannedView['action'], string>> = {
  loaded: 'loaded, it was not there',
  replaced: 'replaces an older version',
  unchanged: 'has exactly this',
  'kept-newer': 'keeps a newer version',
};

/** Plans and deploys a version of the counter library. */
export function ReleasePanel() {
  const change = useSignal<Change>('next');
  const result = useSignal<{ readonly title: string; readonly rows: readonly PlannedView[] } | undefined>(undefined);
  const refused = useSignal<string | undefined>(undefined);
  const { run, busy } = useAction();
  const ask = (what: 'plan' | 'deploy') =>
    run(async () => {
      result.value = undefined;
      refused.value = undefined;
      const sent = send<{ plan?: PlannedView[]; deployed?: PlannedView[] }>('POST', `/api/functions/${what}`, {
        change: change.value,
      });
      const answer = await sent.catch((error: unknown) => {
        // what a plan comes to is its result, and stays on the page
        if (!(error instanceof Refusal && error.status === 409)) throw error;
        refused.value = error.message;
      });
      if (!answer) return;
      result.value = {
        title: what === 'plan' ? 'What a deploy would do' : 'Deployed',
        rows: answer.plan ?? answer.deployed ?? [],
      };
    });
  return (
    <section class="panel" aria-labelledby="release-title">
      <h2 id="release-title">A new version of the counter library</h2>
      <p class="quiet">
        Each primary takes it in one step, while it is being called. It is never replaced by an older one.
      </p>
      <label class="stacked">
        <span>Version</span>
        <select value={change.value} onChange={({ currentTarget }) => (change.value = currentTarget.value as Change)}>
          {Object.entries(TEXTS).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <p class="row">
        <button type="button" aria-busy={busy} onClick={() => ask('plan')}>
          Plan
        </button>
        <button type="button" class="primary" aria-busy={busy} onClick={() => ask('deploy')}>
          Deploy
        </button>
      </p>
      <div role="status">
        {refused.value && (
          <p class="refusal">
            <b>Refused, nothing was changed.</b> {refused.value}
          </p>
        )}
        {result.value && (
          <div class="scroll">
            <table data-testid="plan">
              <caption>{result.value.title}</caption>
              <tbody>
                {result.value.rows.map(({ node, action, version }) => (
                  <tr key={node}>
                    <th scope="row">{node}</th>
                    <td>{version}</td>
                    <td>{DID[action]}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
    </section>
  );
}

import type { NodeView } from '../../src/functions/view.js';
import { send } from '../live/request.js';
import { useAction } from '../shell/action.js';

/** The servers of the shop's own cluster: they can be killed, and brought back. */
export function NodesPanel({ nodes }: { readonly nodes: readonly NodeView[] }) {
  const isOneDown = nodes.some(({ isUp }) => !isUp);
  return (
    <section class="panel" aria-labelledby="nodes-title">
      <h2 id="nodes-title">The cluster</h2>
      <p class="quiet">
        A primary that is killed is missed after a second, and one of the replicas takes its place. The keys of the
        others are served meanwhile.
      </p>
      <ul class="nodes">
        {nodes.map((node) => (
          <NodeLine key={node.address} node={node} canKill={!isOneDown} />
        ))}
      </ul>
    </section>
  );
}

function NodeLine({ node: { address, role, isUp }, canKill }: { readonly node: NodeView; readonly canKill: boolean }) {
  const { run, busy } = useAction();
  const change = (to: 'killed' | 'running') => run(() => send('POST', `/api/functions/nodes/${address}`, { to }));
  return (
    <li data-node={address} data-role={role} data-up={isUp}>
      <span>
        <b>{address}</b> {isUp ? role : <span class="outcome refused">down</span>}
      </span>
      {isUp ? (
        <button
          type="button"
          aria-label={`Kill ${role} ${address}`}
          aria-busy={busy}
          aria-disabled={!canKill}
          onClick={() => canKill && change('killed')}
        >
          Kill
        </button>
      ) : (
        <button type="button" aria-label={`Bring ${address} back`} aria-busy={busy} onClick={() => change('running')}>
          Bring back
        </button>
      )}
    </li>
  );
}

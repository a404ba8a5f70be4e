import { functions, visitor } from '../live/state.js';
import { CallsTable } from './calls-table.js';
import { LibrariesTable } from './libraries-table.js';
import { NodesPanel } from './nodes-panel.js';
import { ReleasePanel } from './release-panel.js';
import { TrafficPanel } from './traffic-panel.js';

export function FunctionsPage() {
  const view = functions.value;
  return (
    <>
      <h1>Functions</h1>
      <p class="lead">
        What runs in the servers: the libraries of this shop, what is called, and what happens to calls while a new
        version is deployed{view?.nodes ? ', or a primary dies' : ''}.
      </p>
      {view === undefined ? (
        <p aria-busy="true">Asking the servers.</p>
      ) : (
        <>
          <div class="workshop">
            <TrafficPanel traffic={view.traffic} />
            {view.mode === 'functions' ? (
              <ReleasePanel />
            ) : (
              <p class="panel">
                This server has no functions: the same files run as scripts, and there is nothing to deploy.
              </p>
            )}
          </div>
          {view.nodes && <NodesPanel nodes={view.nodes} />}
          <LibrariesTable libraries={view.libraries} primaries={view.primaries} />
          <CallsTable calls={view.calls} processes={view.processes} />
          <p class="quiet">
            This page is served by process {visitor.value?.process ?? 'unknown'}. It is for trying out on a machine of
            one’s own: everybody who sees the shop may use it, and a real one has it behind a login. What is deployed is
            always the shop’s own file.
          </p>
        </>
      )}
    </>
  );
}

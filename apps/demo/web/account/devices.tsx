import type { DeviceView } from '../../src/account/view.js';
import { send } from '../live/request.js';
import { devices, visitor } from '../live/state.js';
import { identityChanged } from '../live/stream.js';
import { useAction } from '../shell/action.js';
import { sayNotice } from '../shell/notices.js';
import { browserOf } from './user-agent.js';

export function Devices({ user }: { readonly user: string }) {
  const { run, busy } = useAction();
  const others = devices.value?.filter(({ handle }) => handle !== visitor.value?.handle) ?? [];
  return (
    <section aria-labelledby="devices-title">
      <h2 id="devices-title">Your devices</h2>
      <p>
        Wherever {user} is logged in. To end a session is final: its next request, and its open pages, are a guest's.
      </p>
      <ul class="devices" aria-busy={devices.value === undefined}>
        {devices.value?.map((device) => (
          <DeviceLine key={device.handle} device={device} />
        ))}
      </ul>
      <p class="row">
        <button
          type="button"
          aria-busy={busy}
          aria-disabled={others.length === 0}
          onClick={() =>
            run(async () => {
              const { revoked } = await send<{ revoked: number }>('POST', '/api/sessions/revoke-others');
              sayNotice(`Ended: ${revoked} other ${revoked === 1 ? 'session' : 'sessions'}.`, 'done');
            })
          }
        >
          Log out everywhere else
        </button>
        <button type="button" aria-busy={busy} onClick={() => run(() => leave('/api/sessions/revoke-all'))}>
          Log out everywhere
        </button>
        <button type="button" class="plain" aria-busy={busy} onClick={() => run(() => leave('/api/logout'))}>
          Log out here
        </button>
      </p>
    </section>
  );
}

function DeviceLine({ device: { handle, ip, userAgent, createdAt } }: { readonly device: DeviceView }) {
  const { run, busy } = useAction();
  const isThis = handle === visitor.value?.handle;
  return (
    <li data-handle={handle}>
      <div>
        <b>{browserOf(userAgent)}</b> {isThis && <span class="badge">this one</span>}
        <p>
          {ip ?? 'unknown address'}, since {new Date(createdAt).toLocaleTimeString('en', { timeStyle: 'short' })}
        </p>
      </div>
      <button
        type="button"
        aria-label={`End the session of ${browserOf(userAgent)}${isThis ? ', this one' : ''}`}
        aria-busy={busy}
        onClick={() => run(() => (isThis ? leave('/api/logout') : send('DELETE', `/api/sessions/${handle}`)))}
      >
        End
      </button>
    </li>
  );
}

async function leave(path: string): Promise<void> {
  await send('POST', path);
  identityChanged();
}

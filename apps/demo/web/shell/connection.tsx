import { slow, waiting } from '../live/request.js';
import { link, redis } from '../live/state.js';

/** What is going on where the page cannot do what it should; nothing where it can. */
export function Connection() {
  const text = sentence();
  return (
    <div class="connection" role="status">
      {text && <p>{text}</p>}
    </div>
  );
}

function sentence(): string | undefined {
  const kept = waiting.value > 0 ? ' What you changed is kept, and sent as soon as the shop is back.' : '';
  if (link.value === 'lost') return `No connection to the shop. Trying again.${kept}`;
  if (redis.value === 'away' || waiting.value > 0) {
    return `The shop does not reach its data right now, and tries again by itself.${kept}`;
  }
  if (slow.value > 0) return 'The shop is slow right now. Nothing is lost: it is working on it.';
  return undefined;
}

import type { EventEmitter } from 'node:events';
import type { Decision, PolicyDecision } from './decision.js';

/** What a limiter tells of: `limiter.on('denied', (decision) => …)`. Listeners are called at once; they must not throw. */
export interface RateLimiterEvents {
  allowed: [decision: Decision];
  /** Refused, by whoever `source` names. */
  denied: [decision: Decision];
  /** A shadow policy would have refused. */
  'shadow-denied': [decision: Decision, policy: PolicyDecision];
  /** It passed, and the policy has less left than the option `nearLimit` says. */
  'near-limit': [decision: Decision, policy: PolicyDecision];
  /** Redis did not decide, and why. */
  fallback: [decision: Decision, error: Error];
  /** `open`: the server does not answer, and decisions do not wait for it; `closed`: it answers again. */
  circuit: [state: 'open' | 'closed', server: string];
}

type Emitter = Pick<EventEmitter<RateLimiterEvents>, 'emit' | 'listenerCount'>;

/** Somebody hears what is decided. Asked once per batch: events cost nothing where nobody does. */
export function isHeard(emitter: Emitter): boolean {
  return (
    emitter.listenerCount('allowed') > 0 ||
    emitter.listenerCount('denied') > 0 ||
    emitter.listenerCount('near-limit') > 0 ||
    emitter.listenerCount('shadow-denied') > 0
  );
}

export function announce(emitter: Emitter, decision: Decision, nearLimit: number): void {
  tell(() => {
    emitter.emit(decision.allowed ? 'allowed' : 'denied', decision);
    for (const policy of decision.policies) {
      if (policy.shadow && !policy.allowed) emitter.emit('shadow-denied', decision, policy);
      else if (decision.allowed && policy.remaining < nearLimit * policy.limit) {
        emitter.emit('near-limit', decision, policy);
      }
    }
  });
}

/** A listener that throws must not refuse or free anybody. */
export function tell(work: () => void): void {
  try {
    work();
  } catch (cause) {
    process.emitWarning(`A listener of a rate limiter threw: ${cause}. Mend it.`, {
      type: 'RateLimitWarning',
      code: 'RATE_LIMIT_LISTENER',
    });
  }
}

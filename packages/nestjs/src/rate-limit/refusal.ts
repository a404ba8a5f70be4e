import { type Decision, refusalSentence } from '@redis-functions/rate-limit';

/** What a refused client is told, in whatever envelope its protocol has. */
export interface Refusal {
  readonly message: string;
  /** 0 where waiting does not help: the call costs more than the limit. */
  readonly retryAfterMs: number;
  /** Name of the policy that refused. */
  readonly policy: string;
}

export function toRefusal(decision: Decision): Refusal {
  return {
    message: refusalSentence(decision),
    retryAfterMs: decision.retryAfterMs,
    policy: decision.policy,
  };
}

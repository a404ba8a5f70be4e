import { conclude, type Decision, type PolicyDecision } from '../decision.js';
import { toDecisionId } from '../decision-id.js';
import type { ResolvedPolicy } from '../policy/policy.js';
import type { Batch, Group, Waiter } from './batch.js';

type DecisionGroup = Group<Decision>;

export interface AnswerHandlers {
  decided(group: DecisionGroup, waiter: Waiter<Decision>, decision: Decision): void;
  /** A key of this group holds something else than the state of a limit. */
  unanswered(group: DecisionGroup): void;
}

/** Reads a reply of `ratelimiter_decide`: the server's time, then of each group how many passed and what its policies say. */
export function readAnswers(batch: Batch<Decision>, reply: readonly number[], handlers: AnswerHandlers): void {
  const idPrefix = `${toDecisionId(reply[0] as number, batch.id)}.`;
  let offset = 1;
  for (let number = 0; number < batch.groups.length; number++) {
    const group = batch.groups[number] as DecisionGroup;
    const { waiters, set } = group;
    if ((reply[offset] as number) < 0) handlers.unanswered(group);
    else {
      for (let index = 0; index < waiters.length; index++) {
        const waiter = waiters[index] as Waiter<Decision>;
        // the part after the prefix is the lease that the group was sent with, see Batch.leaseOf
        const id = index === 0 ? idPrefix + number : `${idPrefix}${number}-${index}`;
        handlers.decided(group, waiter, conclude(id, waiter.key, policiesOf(group, index, reply, offset), 'redis'));
      }
    }
    offset += 1 + 3 * set.policies.length;
  }
}

/**
 * What the policies say to one of a group's waiters: the first ones passed, as many as were granted. The numbers in the
 * reply are those after all of them; what was left in between follows from the cost.
 */
function policiesOf({ set, cost }: DecisionGroup, index: number, reply: readonly number[], offset: number) {
  const granted = reply[offset] as number;
  const passes = index < granted;
  const decisions: PolicyDecision[] = [];
  for (let i = 0; i < set.policies.length; i++) {
    const policy = set.policies[i] as ResolvedPolicy;
    const { name, limit, window, algorithm, shadow } = policy;
    const left = reply[offset + 1 + 3 * i] as number;
    const wait = reply[offset + 2 + 3 * i] as number;
    const reset = reply[offset + 3 + 3 * i] as number;
    const own = policy.cost ?? cost;
    const chargedAfter = passes ? (granted - 1 - index) * own : 0;
    // a shadow's refusal shows in a decision that passes; any other wait is for those that did not
    const retryAfterMs = passes && !shadow ? 0 : wait;
    const refillMs = chargedAfter > 0 && algorithm === 'token-bucket' ? Math.floor((chargedAfter * window) / limit) : 0;
    decisions.push({
      name,
      limit,
      windowMs: window,
      algorithm,
      cost: own,
      fixedCost: policy.cost !== undefined,
      shadow,
      allowed: retryAfterMs === 0,
      remaining: left < 0 ? 0 : left + chargedAfter,
      retryAfterMs,
      resetAfterMs: reset - refillMs,
      blocked: left < 0,
    });
  }
  return decisions;
}

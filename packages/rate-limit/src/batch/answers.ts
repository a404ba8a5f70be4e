import { conclude, type Decision, type PolicyDecision } from '../decision.js';
import { toDecisionId } from '../decision-id.js';
import type { ResolvedPolicy } from '../policy/policy.js';
import { type PolicyState, statesOf } from '../verdict.js';
import type { Batch, Group, Waiter } from './batch.js';

type DecisionGroup = Group<Decision>;

export interface AnswerHandlers {
  decided(group: DecisionGroup, waiter: Waiter<Decision>, decision: Decision): void;
  /** A key of this group holds something else than the state of a limit. */
  unanswered(group: DecisionGroup): void;
}

/** Reads a reply of `ratelimiter_decide`; its contract is at the function in lua/ratelimiter.lua. */
export function readAnswers(batch: Batch<Decision>, reply: readonly number[], handlers: AnswerHandlers): void {
  const idPrefix = `${toDecisionId(reply[0] as number, batch.id)}.`;
  let offset = 1;
  for (let number = 0; number < batch.groups.length; number++) {
    const group = batch.groups[number] as DecisionGroup;
    const first = reply[offset] as number;
    const count = group.set.policies.length;
    if (first === -1) {
      handlers.unanswered(group);
      offset += 1;
      continue;
    }
    // short: of each policy only when it is full; long: -2 - how many passed, and three numbers of each
    const isShort = first >= 0;
    const granted = isShort ? first : -2 - first;
    const states = isShort ? undefined : statesOf([0, 0, ...reply.slice(offset + 1, offset + 1 + 3 * count)]);
    const { waiters } = group;
    for (let index = 0; index < waiters.length; index++) {
      const waiter = waiters[index] as Waiter<Decision>;
      // begins with the lease that the group was sent with, see Batch.leaseOf
      const id = index === 0 ? idPrefix + number : `${idPrefix}${number}-${index}`;
      const ahead = granted - index;
      const policies = states ? policyDecisions(group, states, ahead) : bucketDecisions(group, reply, offset, ahead);
      handlers.decided(group, waiter, conclude(id, waiter.key, policies, 'redis'));
    }
    offset += 1 + (isShort ? count : 3 * count);
  }
}

/**
 * The short answer: what buckets that are full after so many ms have left, and how long they let those wait that did not
 * pass. Written for as few objects as can be: it is nearly every answer.
 *
 * @param ahead How many that passed are as far on as this one or further; 0 or less where it did not pass.
 */
function bucketDecisions(
  { set: { policies }, cost }: DecisionGroup,
  reply: readonly number[],
  offset: number,
  ahead: number,
): PolicyDecision[] {
  const decisions: PolicyDecision[] = new Array(policies.length);
  for (let index = 0; index < policies.length; index++) {
    const { name, limit, window, algorithm, cost: fixed } = policies[index] as ResolvedPolicy;
    const own = fixed ?? cost;
    const unitMs = window / limit;
    // those that passed after this one were charged after it
    const resetAfterMs = (reply[offset + 1 + index] as number) - (ahead > 1 ? (ahead - 1) * own * unitMs : 0);
    const retryAfterMs = ahead > 0 ? 0 : Math.max(0, resetAfterMs + own * unitMs - window);
    decisions[index] = {
      name,
      limit,
      windowMs: window,
      algorithm,
      cost: own,
      fixedCost: fixed !== undefined,
      shadow: false,
      allowed: retryAfterMs === 0,
      remaining: Math.max(0, Math.floor((window - resetAfterMs) / unitMs)),
      retryAfterMs,
      resetAfterMs,
      blocked: false,
    };
  }
  return decisions;
}

/**
 * What the policies say to one of a group's waiters. The states are those after all that passed; what was left in between
 * follows from the cost.
 *
 * @param ahead How many that passed are as far on as this one or further; 0 or less where it did not pass.
 */
function policyDecisions(
  { set, cost }: DecisionGroup,
  states: readonly PolicyState[],
  ahead: number,
): PolicyDecision[] {
  const passes = ahead > 0;
  return set.policies.map((policy, index) => {
    const { name, limit, window, algorithm, shadow } = policy;
    const { remaining, retryAfterMs: wait, resetAfterMs, blocked } = states[index] as PolicyState;
    const own = policy.cost ?? cost;
    const chargedAfter = passes ? (ahead - 1) * own : 0;
    const refillMs = chargedAfter > 0 && algorithm === 'token-bucket' ? Math.floor((chargedAfter * window) / limit) : 0;
    // a shadow's refusal shows in a decision that passes; any other wait is for those that did not
    const retryAfterMs = passes && !shadow ? 0 : wait;
    return {
      name,
      limit,
      windowMs: window,
      algorithm,
      cost: own,
      fixedCost: policy.cost !== undefined,
      shadow,
      allowed: retryAfterMs === 0,
      remaining: remaining + chargedAfter,
      retryAfterMs,
      resetAfterMs: resetAfterMs - refillMs,
      blocked,
    };
  });
}

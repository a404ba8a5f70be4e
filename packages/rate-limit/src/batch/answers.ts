import { conclude, type Decision, type PolicyDecision } from '../decision.js';
import { toDecisionId } from '../decision-id.js';
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
    const granted = first >= 0 ? first : -2 - first;
    const states = first >= 0 ? bucketStates(group, granted, reply, offset) : fullStates(group, reply, offset);
    offset += 1 + (first >= 0 ? count : 3 * count);
    const { waiters } = group;
    for (let index = 0; index < waiters.length; index++) {
      const waiter = waiters[index] as Waiter<Decision>;
      // begins with the lease that the group was sent with, see Batch.leaseOf
      const id = index === 0 ? idPrefix + number : `${idPrefix}${number}-${index}`;
      handlers.decided(
        group,
        waiter,
        conclude(id, waiter.key, policyDecisions(group, states, granted - index), 'redis'),
      );
    }
  }
}

/** What a bucket that is full after so many ms has left, and how long it lets those wait that did not pass. */
function bucketStates(
  { set, cost, waiters }: DecisionGroup,
  granted: number,
  reply: readonly number[],
  offset: number,
): PolicyState[] {
  const refuses = granted < waiters.length;
  return set.policies.map(({ limit, window, cost: own = cost }, index) => {
    const resetAfterMs = reply[offset + 1 + index] as number;
    const unitMs = window / limit;
    return {
      remaining: Math.floor((window - resetAfterMs) / unitMs),
      retryAfterMs: refuses ? Math.max(0, resetAfterMs + own * unitMs - window) : 0,
      resetAfterMs,
      blocked: false,
    };
  });
}

function fullStates({ set }: DecisionGroup, reply: readonly number[], offset: number): PolicyState[] {
  const count = set.policies.length;
  return statesOf([0, 0, ...reply.slice(offset + 1, offset + 1 + 3 * count)]);
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

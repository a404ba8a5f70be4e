import { InvalidArgumentError } from '@redis-functions/core';

/** What the id of a decision says: when it was made, in µs of the clock of who made it, and its lease. */
export interface DecisionId {
  readonly at: number;
  readonly lease: string;
}

/** The id of an answer that took nothing: there is nothing to settle. */
export const NOTHING_TAKEN = '0.peek';

export function toDecisionId(at: number, lease: string): string {
  return `${at}.${lease}`;
}

/** @throws InvalidArgumentError for what is no id of a decision. */
export function parseDecisionId(id: unknown): DecisionId {
  const [, at, lease] = (typeof id === 'string' && /^(\d{1,16})\.([A-Za-z0-9_.-]{1,64})$/.exec(id)) || [];
  if (at === undefined || lease === undefined) {
    throw new InvalidArgumentError('decision', 'decision has no id of a decision. Give what consume() resolved with.');
  }
  return { at: Number(at), lease };
}

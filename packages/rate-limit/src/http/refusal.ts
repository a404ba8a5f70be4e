import type { Decision } from '../decision.js';
import { retryAfterSeconds } from './headers.js';

const PROBLEM_TYPES = 'https://iana.org/assignments/http-problem-types';

/** A refusal as `application/problem+json` (RFC 9457), with the problem types of the RateLimit draft. */
export interface RateLimitProblem {
  readonly type: string;
  readonly title: string;
  /** Status of the response. */
  readonly status: number;
  readonly detail: string;
  /** Names of the policies that refused; none where nobody could be asked. */
  readonly 'violated-policies': readonly string[];
}

/** A refusal in one sentence or two, for people. */
export function refusalSentence(decision: Decision): string {
  if (decision.retryAfterMs === 0) return `This request asks for more than the limit of ${decision.limit} ever allows.`;
  const seconds = retryAfterSeconds(decision);
  const wait = `Try again in ${seconds} second${seconds === 1 ? '' : 's'}.`;
  return decision.source === 'unavailable'
    ? `Requests cannot be checked at the moment. ${wait}`
    : `Too many requests. ${wait}`;
}

/** @param status Of the response. Default: 503 where nobody could be asked, else 429. */
export function rateLimitProblem(
  decision: Decision,
  status = decision.source === 'unavailable' ? 503 : 429,
): RateLimitProblem {
  const isUnavailable = decision.source === 'unavailable';
  return {
    type: `${PROBLEM_TYPES}#${isUnavailable ? 'temporary-reduced-capacity' : 'quota-exceeded'}`,
    title: isUnavailable ? 'Temporarily less capacity' : 'Quota exceeded',
    status,
    detail: refusalSentence(decision),
    'violated-policies': isUnavailable ? [] : violatedPolicies(decision),
  };
}

function violatedPolicies({ policy, policies }: Decision): string[] {
  const violated = policies.filter(({ allowed, shadow }) => !allowed && !shadow).map(({ name }) => name);
  // a cost that never fits is refused before any policy is asked
  return violated.length > 0 ? violated : [policy];
}

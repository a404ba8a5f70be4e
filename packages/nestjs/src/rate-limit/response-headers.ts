import { type Decision, type HeaderOptions, rateLimitHeaders } from '@redis-functions/rate-limit';
import type { HttpResponse } from './contexts/http-response.js';

/** Lists of the current draft: another limiter on the same request, such as a wide one in front, has its items there. */
const LISTS = ['RateLimit', 'RateLimit-Policy'] as const;

const SHOWN = Symbol('rate limits');

/** What a response tells of. A request may be decided about more than once: GraphQL has many fields in one. */
interface Shown {
  /** What others said before; undefined for nothing. */
  readonly before: Readonly<Record<string, string | undefined>>;
  /** The latest of each limit. */
  readonly decisions: Decision[];
}

/** Sets the header fields for all that was decided about a request so far. */
export function setRateLimitHeaders(response: HttpResponse, decision: Decision, options: HeaderOptions): void {
  if (response.isSent) return;
  const { before, decisions } = shownBy(response);
  const known = decisions.findIndex((other) => isOfOneLimit(other, decision));
  decisions[known === -1 ? decisions.length : known] = decision;
  for (const [name, value] of rateLimitHeaders(decisions, options)) {
    const front = before[name];
    response.setHeader(name, front === undefined ? value : `${front}, ${value}`);
  }
}

function shownBy(response: HttpResponse): Shown {
  const { identity }: { identity: { [SHOWN]?: Shown } } = response;
  if (identity[SHOWN]) return identity[SHOWN];
  const before = Object.fromEntries(LISTS.map((name) => [name, response.getHeader(name)]));
  identity[SHOWN] = { before, decisions: [] };
  return identity[SHOWN];
}

function isOfOneLimit(one: Decision, other: Decision): boolean {
  const { key, policies } = one;
  if (key !== other.key || policies.length !== other.policies.length) return false;
  return policies.every(({ name }, index) => name === other.policies[index]?.name);
}

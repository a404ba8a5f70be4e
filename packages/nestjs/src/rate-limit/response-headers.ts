import { type Decision, type HeaderOptions, rateLimitHeaders } from '@redis-functions/rate-limit';
import type { HttpResponse } from './contexts/http-response.js';

/** Lists of the current draft: another limiter on the same request, such as a wide one in front, has its items there. */
const LISTS = ['RateLimit', 'RateLimit-Policy'] as const;

/** What a response tells of. A request may be decided about more than once: GraphQL has many fields in one. */
interface Shown {
  readonly before: ReadonlyMap<string, string>;
  /** The latest of each limit. */
  readonly decisions: Map<string, Decision>;
}

const shownByResponse = new WeakMap<object, Shown>();

/** Sets the header fields for all that was decided about a request so far. */
export function setRateLimitHeaders(response: HttpResponse, decision: Decision, options: HeaderOptions): void {
  if (response.isSent) return;
  const { before, decisions } = shownBy(response);
  decisions.set(limitOf(decision), decision);
  for (const [name, value] of rateLimitHeaders([...decisions.values()], options)) {
    const front = before.get(name);
    response.setHeader(name, front === undefined ? value : `${front}, ${value}`);
  }
}

function shownBy(response: HttpResponse): Shown {
  const known = shownByResponse.get(response.identity);
  if (known) return known;
  const before = new Map<string, string>();
  for (const name of LISTS) {
    const value = response.getHeader(name);
    if (value !== undefined) before.set(name, value);
  }
  const shown = { before, decisions: new Map<string, Decision>() };
  shownByResponse.set(response.identity, shown);
  return shown;
}

function limitOf({ key, policies }: Decision): string {
  return [key, ...policies.map(({ name }) => name)].join(' ');
}

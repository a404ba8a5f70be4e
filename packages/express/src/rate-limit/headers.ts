import { type Decision, type HeaderOptions, rateLimitHeaders } from '@redis-functions/rate-limit';
import type { Response } from 'express';

const decisionsOf = new WeakMap<Response, readonly Decision[]>();

/** Sets the fields for this decision together with those that other limiters have made about the same request. */
export function setHeaders(response: Response, decision: Decision, options: HeaderOptions): void {
  if (response.headersSent) return;
  const decisions = [...(decisionsOf.get(response) ?? []), decision];
  decisionsOf.set(response, decisions);
  for (const [name, value] of rateLimitHeaders(decisions, options)) response.setHeader(name, value);
}

/** The decision, with another name for its one policy. */
export function renamed(decision: Decision, name: string | undefined): Decision {
  if (name === undefined) return decision;
  return { ...decision, policies: decision.policies.map((policy) => ({ ...policy, name })) };
}

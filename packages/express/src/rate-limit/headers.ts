import { type Decision, type HeaderOptions, rateLimitHeaders } from '@redis-functions/rate-limit';
import type { Response } from 'express';

/** Sets the fields for the decisions of all limiters that were asked about one request. */
export function setHeaders(response: Response, decisions: readonly Decision[], options: HeaderOptions): void {
  if (response.headersSent) return;
  for (const field of rateLimitHeaders(decisions, options)) response.setHeader(field[0], field[1]);
}

/** The decision, with another name for its one policy. */
export function renamed(decision: Decision, name: string): Decision {
  return { ...decision, policy: name, policies: decision.policies.map((policy) => ({ ...policy, name })) };
}

import { type ConsumeOptions, CostAboveCapacityError, type Decision } from '@redis-functions/rate-limit';
import type { Request, Response } from 'express';
import { settleAfterwards } from './afterwards.js';
import type { Configuration } from './configuration.js';
import { renamed, setHeaders } from './headers.js';
import type { RateLimitInfo } from './request-info.js';
import { keyOf } from './request-key.js';
import { visit, visitsOf } from './visits.js';

/**
 * Counts a request, and tells it and its response so. Undefined for one that is not counted.
 *
 * Every `await` costs each request a turn: only what a user's function returned is awaited, and the decision.
 */
export async function decide(
  configuration: Configuration,
  request: Request,
  response: Response,
): Promise<RateLimitInfo | undefined> {
  const { limiter, skip, policies, cost, identifier, headers } = configuration;
  if (skip !== undefined && (await skip(request, response))) return undefined;
  const before = visitsOf(request);
  if (before?.by.includes(configuration)) {
    reportSecondVisit(configuration);
    return undefined;
  }
  const keyOrPromise = keyOf(configuration, request, response);
  const key = typeof keyOrPromise === 'string' ? keyOrPromise : await keyOrPromise;
  const asked = {
    policies: policies.of === undefined ? policies.fixed : await policies.of(request, response),
    cost: typeof cost === 'function' ? await cost(request, response) : cost,
  };
  let decision: Decision;
  try {
    decision = await limiter.consume(key, asked);
  } catch (error) {
    decision = await refusedForCost(configuration, key, asked, error);
  }
  settleAfterwards(configuration, decision, request, response);
  const name = typeof identifier === 'function' ? await identifier(request, response) : identifier;
  const shown = name === undefined ? decision : renamed(decision, name);
  const { info, visits } = visit(request, before, configuration, decision, shown);
  setHeaders(response, visits.decisions, headers);
  return info;
}

function reportSecondVisit({ checks }: Configuration): void {
  checks.report(
    'singleCount',
    'One rateLimit() middleware is twice on the way of a request, which was counted once. ' +
      'Take it out of one place, or make a middleware with a "name" of its own for each.',
  );
}

/** A request that costs more than the limit is a refusal here: what a client sends must not be a fault of the server. */
async function refusedForCost(
  { limiter, checks }: Configuration,
  key: string,
  { policies }: ConsumeOptions,
  error: unknown,
): Promise<Decision> {
  if (!(error instanceof CostAboveCapacityError)) throw error;
  checks.report('costAboveCapacity', `A request was refused for its cost, and always will be: ${error.message}`);
  return neverAllowed(await limiter.peek(key, { policies }), error);
}

/** No `retryAfterMs`: waiting does not help. */
function neverAllowed(decision: Decision, { policy, limit }: CostAboveCapacityError): Decision {
  const { remaining = 0, resetAfterMs = 0 } = decision.policies.find(({ name }) => name === policy) ?? {};
  return { ...decision, allowed: false, policy, limit, remaining, resetAfterMs, retryAfterMs: 0 };
}

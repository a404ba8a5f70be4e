import { type ConsumeOptions, CostAboveCapacityError, type Decision } from '@redis-functions/rate-limit';
import type { Request, Response } from 'express';
import { settleAfterwards } from './afterwards.js';
import type { Configuration } from './configuration.js';
import { renamed, setHeaders } from './headers.js';
import { type RateLimitInfo, toInfo } from './request-info.js';
import { keyOf } from './request-key.js';
import { visit } from './visits.js';

/**
 * Counts a request, and tells it and its response so. Undefined for one that is not counted.
 *
 * Every `await` costs each request a turn: only what a user's function returned is awaited.
 */
export async function decide(
  configuration: Configuration,
  request: Request,
  response: Response,
): Promise<RateLimitInfo | undefined> {
  const { skip, policies, cost, identifier, requestPropertyName, headers, checks } = configuration;
  if (skip !== undefined && (await skip(request, response))) return undefined;
  const visits = visit(request, configuration);
  if (visits === undefined) {
    checks.report(
      'singleCount',
      'One rateLimit() middleware is twice on the way of a request, which was counted once. ' +
        'Take it out of one place, or make a middleware with a "name" of its own for each.',
    );
    return undefined;
  }
  const keyOrPromise = keyOf(configuration, request, response);
  const key = typeof keyOrPromise === 'string' ? keyOrPromise : await keyOrPromise;
  const asked = {
    policies: policies.of === undefined ? policies.fixed : await policies.of(request, response),
    cost: typeof cost === 'function' ? await cost(request, response) : cost,
  };
  const decision = await consume(configuration, key, asked);
  settleAfterwards(configuration, decision, request, response);
  const name = typeof identifier === 'function' ? await identifier(request, response) : identifier;
  visits.decisions.push(name === undefined ? decision : renamed(decision, name));
  setHeaders(response, visits.decisions, headers);
  const info = toInfo(decision);
  (request as unknown as Record<string, RateLimitInfo>)[requestPropertyName] = info;
  return info;
}

/** A request that costs more than the limit is a refusal here: what a client sends must not be a fault of the server. */
async function consume({ limiter, checks }: Configuration, key: string, asked: ConsumeOptions): Promise<Decision> {
  try {
    return await limiter.consume(key, asked);
  } catch (error) {
    if (!(error instanceof CostAboveCapacityError)) throw error;
    checks.report('costAboveCapacity', `A request was refused for its cost, and always will be: ${error.message}`);
    return neverAllowed(await limiter.peek(key, { policies: asked.policies }), error);
  }
}

/** No `retryAfterMs`: waiting does not help. */
function neverAllowed(decision: Decision, { policy, limit }: CostAboveCapacityError): Decision {
  const { remaining = 0, resetAfterMs = 0 } = decision.policies.find(({ name }) => name === policy) ?? {};
  return { ...decision, allowed: false, policy, limit, remaining, resetAfterMs, retryAfterMs: 0 };
}

import { type ConsumeOptions, CostAboveCapacityError, type Decision } from '@redis-functions/rate-limit';
import type { Request, Response } from 'express';
import { settleAfterwards } from './afterwards.js';
import type { Configuration } from './configuration.js';
import { renamed, setHeaders } from './headers.js';
import type { RateLimitInfo, Visits } from './request-info.js';
import { keyOf } from './request-key.js';
import { visit, visitsOf } from './visits.js';

/**
 * Counts a request, and tells it and its response so. Undefined for one that is not counted. A promise only where something
 * has to be waited for: every turn that a request waits costs more than the rest of this.
 */
export function decide(
  configuration: Configuration,
  request: Request,
  response: Response,
): RateLimitInfo | undefined | Promise<RateLimitInfo | undefined> {
  const { limiter, skip, policies, cost, identifier } = configuration;
  const dependsOnRequest = typeof cost === 'function' || typeof identifier === 'function' || policies.of !== undefined;
  if (skip !== undefined || dependsOnRequest) return decideInTurn(configuration, request, response);
  const before = visitsOf(request);
  if (before?.by.includes(configuration)) return reportSecondVisit(configuration);
  const key = keyOf(configuration, request, response);
  if (typeof key !== 'string') return decideInTurn(configuration, request, response, key);
  const known = limiter.decideAtOnce(key, { policies: policies.fixed, cost });
  if (known !== undefined) return tell(configuration, request, response, before, known, identifier);
  return decideInTurn(configuration, request, response, key);
}

async function decideInTurn(
  configuration: Configuration,
  request: Request,
  response: Response,
  known?: string | Promise<string>,
): Promise<RateLimitInfo | undefined> {
  const { limiter, skip, policies, cost, identifier } = configuration;
  if (skip !== undefined && (await skip(request, response))) return undefined;
  const before = visitsOf(request);
  if (before?.by.includes(configuration)) return reportSecondVisit(configuration);
  const keyOrPromise = known ?? keyOf(configuration, request, response);
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
  const name = typeof identifier === 'function' ? await identifier(request, response) : identifier;
  return tell(configuration, request, response, before, decision, name);
}

/** @param name What the one policy is called in the header fields, where that is not its name. */
function tell(
  configuration: Configuration,
  request: Request,
  response: Response,
  before: Visits | undefined,
  decision: Decision,
  name: string | undefined,
): RateLimitInfo {
  settleAfterwards(configuration, decision, request, response);
  const shown = name === undefined ? decision : renamed(decision, name);
  const { info, visits } = visit(request, before, configuration, decision, shown);
  setHeaders(response, visits.decisions, configuration.headers);
  return info;
}

function reportSecondVisit({ checks }: Configuration): undefined {
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

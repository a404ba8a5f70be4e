import { type ConsumeOptions, CostAboveCapacityError, type Decision } from '@redis-functions/rate-limit';
import type { Request, Response } from 'express';
import type { Configuration } from './configuration.js';
import { renamed, setHeaders } from './headers.js';
import { policiesOf } from './policy-source.js';
import { type RateLimitInfo, toInfo } from './request-info.js';
import { keyOf } from './request-key.js';
import type { Warnings } from './warnings.js';

/** Counts a request, and tells it and its response so. Undefined for one that is not counted. */
export async function decide(
  configuration: Configuration,
  request: Request,
  response: Response,
  warnings: Warnings,
): Promise<RateLimitInfo | undefined> {
  const { skip, cost, identifier, requestPropertyName, headers } = configuration;
  if (await skip?.(request, response)) return undefined;
  const key = await keyOf(configuration, request, response, warnings);
  const asked = {
    policies: await policiesOf(configuration.policies, request, response),
    cost: typeof cost === 'function' ? await cost(request, response) : cost,
  };
  const decision = await consume(configuration, key, asked, warnings);
  const name = typeof identifier === 'function' ? await identifier(request, response) : identifier;
  setHeaders(response, renamed(decision, name), headers);
  const info = toInfo(decision, key);
  Object.defineProperty(request, requestPropertyName, {
    value: info,
    configurable: true,
    enumerable: true,
    writable: true,
  });
  return info;
}

/** A request that costs more than the limit is a refusal here: what a client sends must not be a fault of the server. */
async function consume(
  { limiter }: Configuration,
  key: string,
  asked: ConsumeOptions,
  warnings: Warnings,
): Promise<Decision> {
  try {
    return await limiter.consume(key, asked);
  } catch (error) {
    if (!(error instanceof CostAboveCapacityError)) throw error;
    warnings.once(
      'RATE_LIMIT_COST_ABOVE_CAPACITY',
      `A request was refused for its cost, and always will be: ${error.message}`,
    );
    return neverAllowed(await limiter.peek(key, { policies: asked.policies }), error);
  }
}

/** No `retryAfterMs`: waiting does not help. */
function neverAllowed(decision: Decision, { policy, limit }: CostAboveCapacityError): Decision {
  const { remaining = 0, resetAfterMs = 0 } = decision.policies.find(({ name }) => name === policy) ?? {};
  return { ...decision, allowed: false, policy, limit, remaining, resetAfterMs, retryAfterMs: 0 };
}

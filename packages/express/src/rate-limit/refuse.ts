import { rateLimitProblem, refusalSentence } from '@redis-functions/rate-limit';
import type { NextFunction, Request, Response } from 'express';
import type { Configuration } from './configuration.js';
import type { RefusalOptions } from './options.js';
import type { RateLimitInfo } from './request-info.js';
import { visitsOf } from './visits.js';

const UNAVAILABLE_STATUS = 503;

/** Answers a request that may not pass. A promise only where somebody else has a say in it. */
export function refuse(
  configuration: Configuration,
  info: RateLimitInfo,
  request: Request,
  response: Response,
  next: NextFunction,
): Promise<void> | undefined {
  const { handler, message, problem } = configuration;
  // nobody has found this client over its limit: the fault is on this side
  const statusCode = info.source === 'unavailable' ? UNAVAILABLE_STATUS : configuration.statusCode;
  if (handler !== undefined || message !== undefined) {
    return refuseAsTold(configuration, info, statusCode, request, response, next);
  }
  if (problem)
    answer(response, statusCode, 'application/problem+json', JSON.stringify(problemOf(request, info, statusCode)));
  else answer(response, statusCode, 'text/plain; charset=utf-8', refusalSentence(info));
  return undefined;
}

async function refuseAsTold(
  configuration: Configuration,
  info: RateLimitInfo,
  statusCode: number,
  request: Request,
  response: Response,
  next: NextFunction,
): Promise<void> {
  const { handler, message, problem } = configuration;
  const body = problem
    ? problemOf(request, info, statusCode)
    : typeof message === 'function'
      ? await message(request, response)
      : (message ?? refusalSentence(info));
  if (handler) await handler(request, response, next, toRefusalOptions(configuration, info, statusCode, body));
  // else somebody may have answered meanwhile
  else if (!response.headersSent) response.status(statusCode).send(body);
}

function problemOf(request: Request, info: RateLimitInfo, statusCode: number) {
  return rateLimitProblem(visitsOf(request)?.decisions.at(-1) ?? info, statusCode);
}

/** Without `send()`, whose ETag costs more than all the rest and is of no use to anybody here. */
function answer(response: Response, statusCode: number, type: string, body: string): void {
  if (response.headersSent) return;
  response.statusCode = statusCode;
  response.setHeader('Content-Type', type);
  response.end(body);
}

function toRefusalOptions(
  { requestPropertyName }: Configuration,
  info: RateLimitInfo,
  statusCode: number,
  message: unknown,
): RefusalOptions {
  const { limit, policies } = info;
  const { windowMs = 0 } = policies.find(({ name }) => name === info.policy) ?? {};
  return { statusCode, message, limit, windowMs, requestPropertyName, info };
}

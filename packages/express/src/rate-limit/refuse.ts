import { rateLimitProblem, refusalSentence } from '@redis-functions/rate-limit';
import type { NextFunction, Request, Response } from 'express';
import type { Configuration } from './configuration.js';
import type { RefusalOptions } from './options.js';
import type { RateLimitInfo } from './request-info.js';
import { visitsOf } from './visits.js';

const UNAVAILABLE_STATUS = 503;

/** Answers a request that may not pass. */
export async function refuse(
  configuration: Configuration,
  info: RateLimitInfo,
  request: Request,
  response: Response,
  next: NextFunction,
): Promise<void> {
  const { handler, message, problem } = configuration;
  // nobody has found this client over its limit: the fault is on this side
  const statusCode = info.source === 'unavailable' ? UNAVAILABLE_STATUS : configuration.statusCode;
  if (handler === undefined && message === undefined) {
    if (problem) {
      const body = JSON.stringify(rateLimitProblem(visitsOf(request)?.decisions.at(-1) ?? info, statusCode));
      answer(response, statusCode, 'application/problem+json', body);
    } else {
      answer(response, statusCode, 'text/plain; charset=utf-8', refusalSentence(info));
    }
    return;
  }
  const body = problem
    ? rateLimitProblem(visitsOf(request)?.decisions.at(-1) ?? info, statusCode)
    : typeof message === 'function'
      ? await message(request, response)
      : (message ?? refusalSentence(info));
  if (handler) await handler(request, response, next, toRefusalOptions(configuration, info, statusCode, body));
  // else somebody may have answered meanwhile
  else if (!response.headersSent) response.status(statusCode).send(body);
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

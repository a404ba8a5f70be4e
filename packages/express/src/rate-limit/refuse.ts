import { retryAfterSeconds } from '@redis-functions/rate-limit';
import type { NextFunction, Request, Response } from 'express';
import type { Configuration } from './configuration.js';
import type { RateLimitInfo } from './request-info.js';

const UNAVAILABLE_STATUS = 503;

/** Answers a request that may not pass. */
export async function refuse(
  { handler, message, statusCode: configured }: Configuration,
  info: RateLimitInfo,
  request: Request,
  response: Response,
  next: NextFunction,
): Promise<void> {
  // nobody has found this client over its limit: the fault is on this side
  const statusCode = info.source === 'unavailable' ? UNAVAILABLE_STATUS : configured;
  const body = typeof message === 'function' ? await message(request, response) : (message ?? sentence(info));
  if (handler) {
    await handler(request, response, next, { statusCode, message: body, info });
    return;
  }
  // somebody else has answered meanwhile
  if (response.headersSent) return;
  response.status(statusCode);
  if (message === undefined) response.type('text/plain');
  response.send(body);
}

function sentence(info: RateLimitInfo): string {
  if (info.retryAfterMs === 0) return `This request asks for more than the limit of ${info.limit} ever allows.`;
  const seconds = retryAfterSeconds(info);
  const wait = `Try again in ${seconds} second${seconds === 1 ? '' : 's'}.`;
  return info.source === 'unavailable'
    ? `Requests cannot be checked at the moment. ${wait}`
    : `Too many requests. ${wait}`;
}

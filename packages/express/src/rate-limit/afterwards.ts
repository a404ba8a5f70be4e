import type { Decision } from '@redis-functions/rate-limit';
import type { Request, Response } from 'express';
import type { Configuration } from './configuration.js';

/**
 * Does what is left to do when the response has ended, once: releases leases, and takes a request out of the count that
 * turned out not to belong there.
 */
export function settleAfterwards(
  configuration: Configuration,
  decision: Decision,
  request: Request,
  response: Response,
): void {
  const { limiter, skipSuccessful, skipFailed } = configuration;
  if (!decision.allowed || decision.source === 'unavailable') return;
  const isLeased = hasLeases(decision);
  const isConditional = skipSuccessful || skipFailed;
  if (!isLeased && !isConditional) return;
  let hasEnded = false;
  const end = () => {
    if (hasEnded) return;
    hasEnded = true;
    if (isLeased) limiter.release(decision).catch(configuration.report);
    if (isConditional) uncount(configuration, decision, request, response).catch(configuration.report);
  };
  // the client may have gone while the decision was on its way: that event does not come again
  if (response.destroyed || response.writableFinished) end();
  else response.once('finish', end).once('close', end);
}

async function uncount(
  { limiter, skipSuccessful, skipFailed, requestWasSuccessful }: Configuration,
  decision: Decision,
  request: Request,
  response: Response,
): Promise<void> {
  // closed before it was finished: nobody has the answer
  const isSuccess = response.writableFinished && (await requestWasSuccessful(request, response));
  if (isSuccess ? skipSuccessful : skipFailed) await limiter.settle(decision, 0);
}

function hasLeases({ policies }: Decision): boolean {
  for (const { algorithm } of policies) if (algorithm === 'concurrency') return true;
  return false;
}

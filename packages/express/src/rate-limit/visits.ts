import type { Decision } from '@redis-functions/rate-limit';
import type { Request } from 'express';
import { RequestInfo, type Visits } from './request-info.js';

/** Under which names requests are told: nearly always one. */
const propertyNames = new Set<string>();

type Told = Record<string, unknown>;

/** @param requestPropertyName Where a middleware will tell its requests what was decided. */
export function expectVisits(requestPropertyName: string): void {
  propertyNames.add(requestPropertyName);
}

/**
 * Kept in what the request was told: one more property on every request would cost more than all the rest of this. Asked
 * for once per middleware, as looking for what is not there costs as much.
 */
export function visitsOf(request: Request): Visits | undefined {
  for (const name of propertyNames) {
    const visits = RequestInfo.visitsOf((request as unknown as Told)[name]);
    if (visits !== undefined) return visits;
  }
  return undefined;
}

/**
 * Tells the request what was decided, and that this middleware has been there.
 *
 * @param before What `visitsOf` said.
 * @param shown The decision under the names that its header fields have.
 */
export function visit(
  request: Request,
  before: Visits | undefined,
  middleware: { readonly requestPropertyName: string },
  decision: Decision,
  shown: Decision,
): { readonly info: RequestInfo; readonly visits: Visits } {
  const visits = before ?? { by: [], decisions: [] };
  visits.by.push(middleware);
  visits.decisions.push(shown);
  const info = new RequestInfo(decision, visits);
  (request as unknown as Told)[middleware.requestPropertyName] = info;
  return { info, visits };
}

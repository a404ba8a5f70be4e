import type { Decision } from '@redis-functions/rate-limit';
import type { Request } from 'express';
import type { Configuration } from './configuration.js';

/** What rate limits know of one request: who has asked about it, and what was decided, in that order. */
export interface Visits {
  readonly by: Configuration[];
  /** As the response tells of them. */
  readonly decisions: Decision[];
}

// on the request itself: one more property costs a tenth of a WeakMap's entry
const VISITS = Symbol('rate limits');

interface Visited {
  [VISITS]?: Visits;
}

/** Undefined where this middleware has been on the way of the request already: it counts once. */
export function visit(request: Request, configuration: Configuration): Visits | undefined {
  const visited = request as Visited;
  const visits = visited[VISITS];
  if (visits === undefined) {
    visited[VISITS] = { by: [configuration], decisions: [] };
    return visited[VISITS];
  }
  if (visits.by.includes(configuration)) return undefined;
  visits.by.push(configuration);
  return visits;
}

/** The last decision, under the names that its header fields have. */
export function shownDecision(request: Request): Decision | undefined {
  return (request as Visited)[VISITS]?.decisions.at(-1);
}

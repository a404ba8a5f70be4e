import type { Checks } from './checks.js';

const users = new Map<string, number>();

/**
 * Notices two middlewares that would count together without anybody having said so: two routes with "5 per minute" each
 * are then 5 per minute in all. Says so once per counter.
 *
 * @param counters The keys of the middleware's policies, without who is counted.
 * @returns Lets them go.
 */
export function occupyCounters(counters: readonly string[], checks: Checks): () => void {
  for (const counter of counters) {
    const count = users.get(counter) ?? 0;
    users.set(counter, count + 1);
    if (count > 0) report(counter, checks);
  }
  return () => {
    for (const counter of counters) {
      const count = users.get(counter) ?? 0;
      if (count > 1) users.set(counter, count - 1);
      else users.delete(counter);
    }
  };
}

function report(counter: string, checks: Checks): void {
  checks.reportOfProcess(
    'unsharedStore',
    `Two rateLimit() middlewares count in one counter, ${counter}. ` +
      'Give each a "name" of its own; where they are meant to count together, use one middleware in both places.',
  );
}

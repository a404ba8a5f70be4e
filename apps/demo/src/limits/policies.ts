import type { Policy } from '@redis-functions/rate-limit';

/** One of each kind. Small and quick, so that one sees them drain and refill. */
export const PLAYGROUND: readonly Policy[] = [
  { name: 'bucket', algorithm: 'token-bucket', limit: 20, window: '10s' },
  { name: 'fixed', algorithm: 'fixed-window', limit: 20, window: '10s' },
  { name: 'sliding', algorithm: 'sliding-window', limit: 20, window: '10s' },
  { name: 'log', algorithm: 'sliding-log', limit: 20, window: '10s' },
  // less than a browser asks for at once, or it would never be reached
  { name: 'leases', algorithm: 'concurrency', limit: 3, window: '10s' },
];

export const NAMES: readonly string[] = PLAYGROUND.map(({ name }) => name as string);

/** The same counters, whichever of them refuse. */
export function chosen(enforced: readonly string[], shadow: readonly string[]): Policy[] {
  return PLAYGROUND.flatMap((policy) => {
    if (enforced.includes(policy.name as string)) return [policy];
    return shadow.includes(policy.name as string) ? [{ ...policy, shadow: true }] : [];
  });
}

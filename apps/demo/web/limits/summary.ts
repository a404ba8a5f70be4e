import type { LimitsView, PolicyView } from '../../src/limits/view.js';
import { isChosen } from './attempts.js';
import { leftOf } from './history.js';

/** The plot in words: what is left of each policy that counts. */
export function summarize({ policies }: LimitsView): string {
  const chosen = policies.filter(({ name }) => isChosen(name));
  if (chosen.length === 0) return 'No policy is chosen.';
  return `${chosen.map((policy) => `${policy.name}: ${leftText(policy)}`).join('; ')}.`;
}

export function leftText(policy: PolicyView): string {
  return `${Math.floor(leftOf(policy) + 0.001)} of ${policy.limit} left`;
}

export function describe({ algorithm, limit, windowMs }: PolicyView): string {
  const window = `${windowMs / 1_000} s`;
  switch (algorithm) {
    case 'token-bucket':
      return `token bucket: ${limit} at once, then one every ${windowMs / limit / 1_000} s`;
    case 'fixed-window':
      return `fixed window: ${limit} in ${window}, from the first request on`;
    case 'sliding-window':
      return `sliding window: ${limit} in ${window}, earlier ones fade out`;
    case 'sliding-log':
      return `sliding log: ${limit} in any ${window}, to the millisecond`;
    case 'concurrency':
      return `concurrency: ${limit} under way; each takes 1 s`;
  }
}

import type { PolicySet } from './policy/policy-set.js';

/** One client under one set of policies. */
export interface Subject {
  readonly key: string;
  /** The key as it stands in the names of keys in Redis. */
  readonly tag: string;
  readonly set: PolicySet;
}

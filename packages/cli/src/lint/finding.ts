import type { RuleCode } from './rules.js';

/** One place in a file that will do something else than it says. */
export interface Finding {
  readonly code: RuleCode | 'syntax';
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** What happens, and what to write instead. */
  readonly message: string;
}

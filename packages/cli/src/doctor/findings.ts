/** What doctor can find, and how bad it is: `error` ends the command with exit code 1. Each has a heading in docs/doctor.md. */
export const FINDINGS = {
  unreachable: 'error',
  busy: 'error',
  'missing-permission': 'error',
  'no-functions': 'error',
  'known-vulnerability': 'error',
  'library-missing': 'error',
  'library-differs': 'error',
  'library-outdated': 'warning',
  'replica-behind': 'warning',
  'unsafe-library': 'error',
  'lost-at-restart': 'error',
  'persistence-failing': 'error',
  eviction: 'warning',
  'no-busy-threshold': 'warning',
  'not-examined': 'warning',
} as const;

export type FindingCode = keyof typeof FINDINGS;

/** One thing that is wrong, or will go wrong, on one server. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: (typeof FINDINGS)[FindingCode];
  readonly node: string;
  /** What is so. */
  readonly problem: string;
  /** What to do about it. */
  readonly remedy: string;
}

export function finding(code: FindingCode, node: string, problem: string, remedy: string): Finding {
  return { code, severity: FINDINGS[code], node, problem, remedy };
}

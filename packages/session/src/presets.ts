import type { Duration } from '@redis-functions/core';

export interface Timeouts {
  readonly idle: Duration;
  readonly absolute: Duration;
}

/**
 * Timeouts by the numbers of those who recommend them.
 *
 * Sources: OWASP Session Management Cheat Sheet, "Session Expiration" (idle: 2 to 5 minutes for high value, 15 to 30 for
 * low risk; absolute: 4 to 8 hours); NIST SP 800-63B-4, 2.1.3, 2.2.3 and 2.3.3 (AAL1: 30 days; AAL2: 1 hour and 24 hours;
 * AAL3: 15 minutes and 12 hours).
 */
export const PRESETS = {
  owaspHighValue: { idle: '5m', absolute: '4h' },
  owaspLowRisk: { idle: '30m', absolute: '8h' },
  /** No timeout for idleness is asked for: it ends at the absolute one. */
  nistAal1: { idle: '30d', absolute: '30d' },
  nistAal2: { idle: '1h', absolute: '24h' },
  nistAal3: { idle: '15m', absolute: '12h' },
} as const satisfies Record<string, Timeouts>;

export type Preset = keyof typeof PRESETS;

import { InvalidArgumentError } from './errors.js';

/** A length of time: milliseconds, or a text like `'250ms'`, `'10s'`, `'1m'`, `'8h'`, `'1d'`. */
export type Duration = number | string;

const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
/** A hundred years: still exact in a double as microseconds. */
const LONGEST_MS = 3_155_760_000_000;

/** @throws InvalidArgumentError unless it is a whole number of milliseconds from 1 to 100 years. */
export function parseDuration(field: string, value: unknown): number {
  const ms = typeof value === 'string' ? parseText(value) : value;
  if (typeof ms === 'number' && Number.isInteger(ms) && ms >= 1 && ms <= LONGEST_MS) return ms;
  const got = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
  throw new InvalidArgumentError(
    field,
    `${field} is ${got}. Give whole milliseconds above 0, or a text like "250ms", "10s", "1m", "1h" or "1d".`,
  );
}

/** The shortest text of the same length: equal lengths get one text however they were written. */
export function formatDuration(ms: number): string {
  for (const [unit, size] of Object.entries(UNITS)) {
    if (ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

function parseText(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,15})(ms|s|m|h|d)$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * UNITS[unit as keyof typeof UNITS];
}

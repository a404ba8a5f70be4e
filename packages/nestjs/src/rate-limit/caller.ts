import type { ExecutionContext } from '@nestjs/common';
import { clientAddress } from '@redis-functions/rate-limit';
import type { Call } from './contexts/call.js';
import type { RateLimitKeyFunction } from './metadata.js';
import type { Rule } from './rules/rate-limit-rules.js';
import { warnOnce } from './warn-once.js';

/** Callers of whom nothing is known, such as those whose connection has just closed, count together. */
const NOBODY = 'unknown';

/** Who a call counts as by what the key function says, or else as without one. */
export async function keyedCaller(
  key: RateLimitKeyFunction,
  context: ExecutionContext,
  call: Call,
  rule: Rule,
  ipv6Subnet: number | false,
): Promise<string | undefined> {
  const value = await key(context);
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  warnOnce(
    'RATE_LIMIT_NO_KEY',
    rule.place,
    'The key function returned no text for a call, which counts by its address instead. ' +
      'Return what tells callers apart, also for those who are not logged in.',
  );
  return unkeyedCaller(context, call, rule, ipv6Subnet);
}

/**
 * Who a call counts as by its address, or (in microservices) all callers of its handler as one. Undefined where a guard
 * for everything has nobody to tell apart: a queue must not be limited by accident.
 */
export function unkeyedCaller(
  context: ExecutionContext,
  { address = '', hasAddresses }: Call,
  { isImplied }: Rule,
  ipv6Subnet: number | false,
): string | undefined {
  if (hasAddresses) return clientAddress(address, ipv6Subnet) ?? NOBODY;
  return isImplied ? undefined : `${context.getClass().name}.${context.getHandler().name}`;
}

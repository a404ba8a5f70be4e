import type { Request, Response } from 'express';
import { keyByAddress } from './client-key.js';
import type { Configuration } from './configuration.js';
import type { Warnings } from './warnings.js';

/** Who a request belongs to: what `keyGenerator` says, else its address. Never empty. */
export async function keyOf(
  { key, ipv6Subnet }: Configuration,
  request: Request,
  response: Response,
  warnings: Warnings,
): Promise<string> {
  if (key !== undefined) {
    const value = await key(request, response);
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number' || typeof value === 'bigint') return String(value);
    warnings.once(
      'RATE_LIMIT_NO_KEY',
      'keyGenerator returned no text for a request, which counts as its client address instead. ' +
        'Return what tells clients apart, also for those who are not logged in.',
    );
  }
  return keyByAddress(request, ipv6Subnet, warnings);
}

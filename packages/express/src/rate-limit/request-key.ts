import { isIPv6 } from 'node:net';
import { clientAddress } from '@redis-functions/rate-limit';
import type { Request, Response } from 'express';
import { assertSubnet } from './assert-options.js';
import type { Checks } from './checks.js';
import { keyByAddress } from './client-key.js';
import type { Configuration } from './configuration.js';

/** Who a request belongs to: what `keyGenerator` says, else its address. Never empty; a promise only where one is needed. */
export function keyOf(configuration: Configuration, request: Request, response: Response): string | Promise<string> {
  const { key, ipv6Subnet, checks } = configuration;
  if (key !== undefined) return givenKey(configuration, request, response);
  if (typeof ipv6Subnet !== 'function') return keyByAddress(request, ipv6Subnet, checks);
  return addressKey(configuration, request, response);
}

async function givenKey(configuration: Configuration, request: Request, response: Response): Promise<string> {
  const { key, checks } = configuration;
  const value = await key?.(request, response);
  if (typeof value === 'string' && value !== '') {
    checkAddress(value, configuration);
    return value;
  }
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  checks.report(
    'emptyKey',
    'keyGenerator returned no text for a request, which counts as its client address instead. ' +
      'Return what tells clients apart, also for those who are not logged in.',
  );
  return addressKey(configuration, request, response);
}

async function addressKey(
  { ipv6Subnet, checks }: Configuration,
  request: Request,
  response: Response,
): Promise<string> {
  if (typeof ipv6Subnet !== 'function') return keyByAddress(request, ipv6Subnet, checks);
  const subnet = await ipv6Subnet(request, response);
  assertSubnet(subnet);
  return keyByAddress(request, subnet, checks);
}

/** By its value, at the first that comes: the text of a function does not say what it returns. */
function checkAddress(key: string, { ipv6Subnet, checks }: { ipv6Subnet: unknown; checks: Checks }): void {
  if (!key.includes(':') || ipv6Subnet === false || !checks.isOpen('keyGeneratorIpFallback') || !isIPv6(key)) return;
  // an IPv4 address written as IPv6 is one client
  if (!clientAddress(key, 64)?.includes(':')) return;
  checks.report(
    'keyGeneratorIpFallback',
    'keyGenerator returned a whole IPv6 address: whoever has one has 2^64 of them at least, and a new limit with each. ' +
      'Return clientAddress(req.ip), which folds them to their subnet, or leave keyGenerator out.',
  );
}

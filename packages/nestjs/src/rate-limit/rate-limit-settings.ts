import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { InvalidArgumentError } from '@redis-functions/core';
import type { HeaderOptions } from '@redis-functions/rate-limit';
import type { RedisFunctionsModuleOptions } from '../module/options.js';
import { MODULE_OPTIONS_TOKEN } from '../module/redis-functions.module-definition.js';

const QUIET_MS = 60_000;

/** Options of the guard, checked, every default in place. */
@Injectable()
export class RateLimitSettings {
  readonly headers: HeaderOptions;
  readonly skip: ((context: ExecutionContext) => boolean | Promise<boolean>) | undefined;
  readonly ipv6Subnet: number | false;
  /** Hears what went wrong after a call, when there is nobody left to tell. */
  readonly report: (error: Error) => void;

  /** @throws InvalidArgumentError that names the option. */
  constructor(@Inject(MODULE_OPTIONS_TOKEN) { rateLimit = {} }: RedisFunctionsModuleOptions) {
    const { headers = {}, key, skip, ipv6Subnet = 56, onError } = rateLimit;
    assertFunction('rateLimit.key', key);
    assertFunction('rateLimit.skip', skip);
    assertSubnet('rateLimit.ipv6Subnet', ipv6Subnet);
    this.headers = headers;
    this.skip = skip;
    this.ipv6Subnet = ipv6Subnet;
    this.report = onError ?? quietReport();
  }
}

function quietReport(): (error: Error) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - saidAt < QUIET_MS) return;
    saidAt = performance.now();
    process.emitWarning(
      `A call has ended, and its lease was not released: ${error.message} ` +
        'It ends by itself after the window of its policy. Give rateLimit.onError to hear of each.',
      { type: 'RateLimitWarning', code: 'RATE_LIMIT_NOT_SETTLED' },
    );
  };
}

function assertFunction(field: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new InvalidArgumentError(field, `${field} is not a function. Give one, or leave it out.`);
}

function assertSubnet(field: string, value: unknown): void {
  if (value === false || (Number.isInteger(value) && Number(value) >= 32 && Number(value) <= 64)) return;
  throw new InvalidArgumentError(
    field,
    `${field} is ${String(value)}. Give false, or a whole number of bits from 32 to 64.`,
  );
}

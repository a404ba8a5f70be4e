import { type Decision, type HeaderOptions, rateLimitHeaders } from '@redis-functions/rate-limit';
import type { HttpExchange } from './http-exchange.js';

/** Lists of the current draft: another limiter on the same request, such as a wide one in front, adds its items. */
const LISTS: readonly string[] = ['RateLimit', 'RateLimit-Policy'];

export function setRateLimitHeaders(exchange: HttpExchange, decision: Decision, options: HeaderOptions): void {
  for (const [name, value] of rateLimitHeaders([decision], options)) {
    const before = LISTS.includes(name) ? exchange.getHeader(name) : undefined;
    exchange.setHeader(name, before === undefined ? value : `${before}, ${value}`);
  }
}

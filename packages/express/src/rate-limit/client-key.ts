import { clientAddress } from '@redis-functions/rate-limit';
import type { Request } from 'express';
import type { Checks } from './checks.js';

const NOBODY = 'unknown';

/** Who a request belongs to by its address, as Express's setting "trust proxy" makes it. Never empty. */
export function keyByAddress(request: Request, ipv6Subnet: number | false, checks: Checks): string {
  checkProxy(request, checks);
  // what a client wrote into X-Forwarded-For is only believed where it is an address
  const address =
    clientAddress(request.ip ?? '', ipv6Subnet) ?? clientAddress(request.socket?.remoteAddress ?? '', ipv6Subnet);
  if (address !== undefined) return address;
  checks.report(
    'ip',
    'A request has no client address (a Unix socket, or a connection that was closed): such requests share one limit. ' +
      'Behind a proxy on a Unix socket, set app.set("trust proxy", 1); otherwise give keyGenerator.',
  );
  return NOBODY;
}

/** Getting it wrong, either way, makes a limit useless, and does not show before it matters. */
function checkProxy(request: Request, checks: Checks): void {
  const trust: unknown = request.app?.get('trust proxy');
  const { headers } = request;
  if (trust === true) {
    checks.report(
      'trustProxy',
      '"trust proxy" is true: a client can write any address into X-Forwarded-For and is never limited. ' +
        'Set it to the number of proxies in front of the application, for example app.set("trust proxy", 1).',
    );
  } else if (!trust && headers['x-forwarded-for'] !== undefined) {
    checks.report(
      'xForwardedForHeader',
      'A request has X-Forwarded-For, and "trust proxy" is not set: behind a proxy, all clients share its address and one limit. ' +
        'If there is a proxy, set app.set("trust proxy", 1), or however many there are; if not, a client made this up.',
    );
  }
  if (headers.forwarded !== undefined && headers['x-forwarded-for'] === undefined) {
    checks.report(
      'forwardedHeader',
      'A request has Forwarded, which Express does not read: behind a proxy that sends it, all clients share its address and one limit. ' +
        'If there is such a proxy, have it send X-Forwarded-For, or give keyGenerator; if not, a client made this up.',
    );
  }
}

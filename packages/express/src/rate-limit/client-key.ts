import { clientAddress } from '@redis-functions/rate-limit';
import type { Request } from 'express';
import type { Warnings } from './warnings.js';

const NOBODY = 'unknown';

/** Who a request belongs to by its address, as Express's setting "trust proxy" makes it. Never empty. */
export function keyByAddress(request: Request, ipv6Subnet: number | false, warnings: Warnings): string {
  checkTrust(request, warnings);
  // what a client wrote into X-Forwarded-For is only believed where it is an address
  const address =
    clientAddress(request.ip ?? '', ipv6Subnet) ?? clientAddress(request.socket?.remoteAddress ?? '', ipv6Subnet);
  if (address !== undefined) return address;
  warnings.once(
    'RATE_LIMIT_NO_ADDRESS',
    'A request has no client address (a Unix socket, or a connection that was closed): such requests share one limit. ' +
      'Behind a proxy on a Unix socket, set app.set("trust proxy", 1); otherwise give keyGenerator.',
  );
  return NOBODY;
}

/** Both ways of getting it wrong make a limit useless, and neither shows before it matters. */
function checkTrust(request: Request, warnings: Warnings): void {
  const trust: unknown = request.app?.get('trust proxy');
  if (trust === true) {
    warnings.once(
      'RATE_LIMIT_TRUSTS_EVERYBODY',
      '"trust proxy" is true: a client can write any address into X-Forwarded-For and is never limited. ' +
        'Set it to the number of proxies in front of the application, for example app.set("trust proxy", 1).',
    );
  } else if (!trust && request.headers['x-forwarded-for'] !== undefined) {
    warnings.once(
      'RATE_LIMIT_IGNORES_PROXY',
      'A request has X-Forwarded-For, and "trust proxy" is not set: behind a proxy, all clients share its address and one limit. ' +
        'If there is a proxy, set app.set("trust proxy", 1), or however many there are; if not, a client made this up.',
    );
  }
}

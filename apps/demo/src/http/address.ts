import { clientAddress } from '@redis-functions/rate-limit';
import type { Request } from 'express';

/** Who is limited where nobody is logged in. */
export function addressOf(request: Request): string {
  return clientAddress(request.ip ?? '') ?? 'unknown';
}

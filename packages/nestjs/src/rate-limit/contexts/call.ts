import type { Decision } from '@redis-functions/rate-limit';
import type { HttpResponse } from './http-response.js';

/** What a guard needs to know of a call, whatever protocol it came by. */
export interface Call {
  /** The caller's network address; undefined where it is not known. */
  readonly address: string | undefined;
  /** Callers of this protocol have addresses, even if one of them cannot be read. */
  readonly hasAddresses: boolean;
  /** The HTTP response, where there is one: it has header fields, and its end is the end of the call. */
  readonly response: HttpResponse | undefined;
  /** Reaches the client as a refusal, through Nest's own exception filter of the protocol. */
  refusal(decision: Decision): Error | Promise<Error>;
}

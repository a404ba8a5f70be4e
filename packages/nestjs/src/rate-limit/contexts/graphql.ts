import type { ExecutionContext } from '@nestjs/common';
import { RateLimitedException } from '../rate-limited.exception.js';
import { addressOf } from './address.js';
import type { Call } from './call.js';
import { HttpResponse } from './http-response.js';

/** The context of an operation, as drivers and applications make it: all of it may be missing. */
interface GraphqlContext {
  /** Apollo, Mercurius; Express's requests know their response. */
  readonly req?: (object & { readonly res?: unknown; readonly extra?: Extra }) | null;
  readonly request?: object | null;
  readonly res?: unknown;
  readonly response?: unknown;
  /** Mercurius. */
  readonly reply?: { readonly request?: unknown } | null;
  /** Subscriptions by graphql-ws. */
  readonly extra?: Extra;
}

interface Extra {
  readonly request?: unknown;
}

/** One field of an operation: of a query, a mutation, or the start of a subscription. */
export function graphqlCall(context: ExecutionContext): Call {
  const [, , given] = context.getArgs<[unknown, unknown, GraphqlContext | null | undefined]>();
  const { req, request, res, response, reply, extra } = given ?? {};
  const requests = [req, request, reply?.request, req?.extra?.request, extra?.request];
  const responses = [res, reply, response, req?.res];
  return {
    address: first(requests, addressOf),
    hasAddresses: true,
    response: first(responses, HttpResponse.from),
    refusal: (decision) => new RateLimitedException(decision),
  };
}

function first<T>(values: readonly unknown[], read: (value: unknown) => T | undefined): T | undefined {
  for (const value of values) {
    const found = read(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

import type { ExecutionContext } from '@nestjs/common';

interface Extra {
  readonly request?: unknown;
}

/** The context of an operation, as drivers and applications make it: all of it may be missing. */
interface GraphqlContext {
  /** Apollo, Mercurius. */
  readonly req?: { readonly extra?: Extra } | null;
  readonly request?: unknown;
  /** Mercurius. */
  readonly reply?: { readonly request?: unknown } | null;
  /** Subscriptions by graphql-ws. */
  readonly extra?: Extra;
}

/** What may be the request of an operation. */
export function graphqlRequests(context: ExecutionContext): readonly unknown[] {
  const [, , given] = context.getArgs<[unknown, unknown, GraphqlContext | null | undefined]>();
  const { req, request, reply, extra } = given ?? {};
  return [req, request, reply?.request, req?.extra?.request, extra?.request].filter(Boolean);
}

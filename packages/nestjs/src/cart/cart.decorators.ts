import type { IncomingHttpHeaders } from 'node:http';
import {
  applyDecorators,
  type CallHandler,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { conditionsOf, etagOf } from '@redis-functions/cart';
import { type Observable, tap } from 'rxjs';

interface WithHeaders {
  readonly headers: IncomingHttpHeaders;
}

/**
 * What a request says about its change, for the last argument of the cart's operations: `If-Match` as `ifVersion`,
 * `Idempotency-Key` as `opId`. A field that says nothing of a cart is refused with 400 (CartError `INVALID_ARGUMENT`).
 */
export const CartConditions = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  conditionsOf(context.switchToHttp().getRequest<WithHeaders>().headers),
);

/** Sets the `ETag` of what a handler returns, where that has a version. */
@Injectable()
export class CartETagInterceptor implements NestInterceptor {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      tap((result: { readonly version?: unknown } | null | undefined) => {
        if (typeof result?.version !== 'number') return;
        const response: unknown = context.switchToHttp().getResponse();
        this.host.httpAdapter.setHeader(response, 'ETag', etagOf({ version: result.version }));
        this.host.httpAdapter.setHeader(response, 'Cache-Control', 'private, no-cache');
      }),
    );
  }
}

/** Gives the answers of a handler, or of all of a class, the `ETag` of the cart that they are. */
export function CartETag(): ClassDecorator & MethodDecorator {
  return applyDecorators(UseInterceptors(CartETagInterceptor)) as ClassDecorator & MethodDecorator;
}

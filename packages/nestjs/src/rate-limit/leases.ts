import type { ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Decision, RateLimiter } from '@redis-functions/rate-limit';
import { finalize, map } from 'rxjs';
import type { Call } from './contexts/call.js';

/** What is to be done at the end of a call, by its arguments: guard and interceptors are given the same array. */
const endings = new WeakMap<readonly unknown[], () => void>();

export function hasLeases(policies: readonly { readonly algorithm: string }[]): boolean {
  return policies.some(({ algorithm }) => algorithm === 'concurrency');
}

/**
 * Releases the leases of a decision, once, when its call has ended: with the HTTP response or its connection, else with
 * what the handler returned. A call that ends before its handler is reached, and has no response, keeps them until they
 * expire.
 */
export function releaseAtEnd(
  limiter: RateLimiter,
  decision: Decision,
  context: ExecutionContext,
  { response }: Call,
  report: (error: Error) => void,
): void {
  if (!decision.allowed || decision.source === 'unavailable' || !hasLeases(decision.policies)) return;
  let hasEnded = false;
  const end = () => {
    if (hasEnded) return;
    hasEnded = true;
    limiter.release(decision).catch(report);
  };
  response?.onEnd(end);
  endings.set(context.getArgs(), end);
}

/** Ends a call when what its handler returned has ended: a value, an observable, or a subscription's iterator. */
export const leaseInterceptor: NestInterceptor = {
  intercept(context, next) {
    const end = endings.get(context.getArgs());
    // HTTP: guard and interceptors have arrays of their own there, and the response tells of its end
    if (!end) return next.handle();
    let isHeld = false;
    return next.handle().pipe(
      map((value) => {
        if (!isIterator(value)) return value;
        isHeld = true;
        return endingIterator(value, end);
      }),
      finalize(() => {
        if (!isHeld) end();
      }),
    );
  },
};

function isIterator(value: unknown): value is AsyncIterator<unknown> & AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'next' in value;
}

function endingIterator(iterator: AsyncIterator<unknown>, end: () => void): AsyncIterableIterator<unknown> {
  const watch = async (step: Promise<IteratorResult<unknown>>) => {
    try {
      const result = await step;
      if (result.done) end();
      return result;
    } catch (error) {
      end();
      throw error;
    }
  };
  return {
    next: () => watch(iterator.next()),
    async return(value) {
      end();
      return (await iterator.return?.(value)) ?? { done: true, value };
    },
    async throw(error) {
      end();
      if (iterator.throw) return iterator.throw(error);
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

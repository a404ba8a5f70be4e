import { FunctionCallError } from '@redis-functions/core';
import { CartError } from './cart-error.js';

/** Gives the library's own errors their names; every other fault stays what it is. */
export async function named<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw toCartError(error) ?? error;
  }
}

function toCartError(cause: unknown): CartError | undefined {
  if (!(cause instanceof FunctionCallError)) return undefined;
  if (cause.code === 'AMOUNT_OVERFLOW') return new CartError({ code: 'AMOUNT_OVERFLOW' }, { cause });
  if (cause.code !== 'CORRUPT_DATA') return undefined;
  // the library puts the key first, and keys made here have no white space
  const key = /CORRUPT_DATA (\S+)/.exec(cause.message)?.[1] ?? '';
  return new CartError({ code: 'CORRUPT_DATA', key }, { cause });
}

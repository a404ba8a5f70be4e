import { RedisFunctionsError } from '@redis-functions/core';

export type CsrfErrorCode = 'CSRF_OTHER_SITE' | 'CSRF_TOKEN_MISSING' | 'CSRF_TOKEN_WRONG';

/** A request that another site may have had the visitor's browser send; it was not served. */
export class CsrfError extends RedisFunctionsError {
  override readonly name = 'CsrfError';
  declare readonly code: CsrfErrorCode;
  /** The status that says the same to an HTTP client. */
  readonly httpStatus = 403;

  constructor(code: CsrfErrorCode, message: string) {
    super(code, message);
  }
}

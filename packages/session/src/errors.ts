import { RedisFunctionsError } from '@redis-functions/core';

const HTTP_STATUS = {
  CORRUPT_DATA: 500,
  INVALID_SESSION_DATA: 500,
  LIST_FULL: 409,
  NOT_A_LIST: 409,
  NOT_A_NUMBER: 409,
  NOT_WATCHED: 500,
  RESPONSE_STARTED: 500,
  SESSION_EXISTS: 500,
  SESSION_GONE: 409,
  SESSION_LIMIT: 409,
  SESSION_TAKEN: 500,
  SESSION_TOO_LARGE: 413,
  VERSION_CONFLICT: 409,
} as const;

export type SessionErrorCode = keyof typeof HTTP_STATUS;

/** A session operation that was refused; nothing has been changed. */
export class SessionError extends RedisFunctionsError {
  override readonly name = 'SessionError';
  declare readonly code: SessionErrorCode;
  /** The status that says the same to an HTTP client. */
  readonly httpStatus: number;

  constructor(code: SessionErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.httpStatus = HTTP_STATUS[code];
  }
}

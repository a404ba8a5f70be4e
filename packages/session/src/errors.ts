import { RedisFunctionsError } from '@redis-functions/core';

export type SessionErrorCode =
  | 'INVALID_SESSION_DATA'
  | 'SESSION_EXISTS'
  | 'SESSION_GONE'
  | 'SESSION_LIMIT'
  | 'VERSION_CONFLICT';

/** A session operation that was refused; nothing has been changed. */
export class SessionError extends RedisFunctionsError {
  override readonly name = 'SessionError';
  declare readonly code: SessionErrorCode;

  constructor(code: SessionErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

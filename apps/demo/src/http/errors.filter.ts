import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { CartError } from '@redis-functions/cart';
import { InvalidArgumentError, RedisFunctionsError, UnavailableError } from '@redis-functions/core';
import type { Response } from 'express';

interface Answer {
  statusCode: number;
  [detail: string]: unknown;
}

/** Gives the errors of the libraries their status: what the visitor did is 4xx with the reason, a server away is 503. */
@Catch(RedisFunctionsError)
export class RedisFunctionsErrorFilter implements ExceptionFilter<RedisFunctionsError> {
  readonly #logger = new Logger('Shop');

  catch(error: RedisFunctionsError, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const answer = this.#answer(error);
    if (answer.statusCode === 503) response.setHeader('Retry-After', '1');
    response.status(answer.statusCode).json(answer);
  }

  #answer(error: RedisFunctionsError): Answer {
    if (error instanceof CartError) {
      const { code, ...details } = error.details;
      return { statusCode: error.httpStatus, error: code, message: error.message, ...details };
    }
    if (error instanceof InvalidArgumentError) {
      return { statusCode: 400, error: error.code, field: error.field, message: error.message };
    }
    this.#logger.error(error.message);
    return error instanceof UnavailableError
      ? {
          statusCode: 503,
          error: error.code,
          message: 'The shop cannot reach its data right now. Try again in a moment.',
        }
      : { statusCode: 500, error: 'INTERNAL', message: 'Something went wrong in the shop. It has been logged.' };
  }
}

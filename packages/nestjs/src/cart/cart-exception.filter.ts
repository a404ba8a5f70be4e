import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CartError, type CartProblem, toCartProblem } from '@redis-functions/cart';

/**
 * Answers refusals of carts with their status, code and facts (RFC 9457), for all routes
 * (`{ provide: APP_FILTER, useClass: CartExceptionFilter }`) or for some (`@UseFilters(CartExceptionFilter)`).
 */
@Catch(CartError)
export class CartExceptionFilter implements ExceptionFilter<CartError> {
  readonly #logger = new Logger('Cart');

  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(error: CartError, host: ArgumentsHost): unknown {
    const problem = toCartProblem(error) as CartProblem;
    if (problem.status >= 500) this.#logger.error(error.message);
    // GraphQL sends what is returned; other protocols have no status
    if (host.getType<string>() !== 'http') return new HttpException(problem, problem.status, { cause: error });
    const response: unknown = host.switchToHttp().getResponse();
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json; charset=utf-8');
    httpAdapter.reply(response, JSON.stringify(problem), problem.status);
    return undefined;
  }
}

import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { type RedisFunctions, RedisFunctionsError } from '@redis-functions/core';
import { InjectRedisFunctions } from '@redis-functions/nestjs';
import type { Response } from 'express';

/** Whether the shop can serve. A PING alone would stay green while the libraries are gone. */
@Controller('health')
export class HealthController {
  readonly #functions: RedisFunctions;

  constructor(@InjectRedisFunctions() functions: RedisFunctions) {
    this.#functions = functions;
  }

  @Get()
  async read(@Res({ passthrough: true }) response: Response) {
    try {
      return { status: 'ok', ...(await this.#describe()) };
    } catch (error) {
      if (!(error instanceof RedisFunctionsError)) throw error;
      response.status(HttpStatus.SERVICE_UNAVAILABLE);
      return { status: 'unavailable', error: error.code, message: error.message };
    }
  }

  async #describe() {
    const [server, mode, libraries] = await Promise.all([
      this.#functions.server(),
      this.#functions.mode(),
      this.#functions.list(),
    ]);
    return { server, mode, libraries: libraries.map(({ name, version }) => ({ name, version: version ?? null })) };
  }
}

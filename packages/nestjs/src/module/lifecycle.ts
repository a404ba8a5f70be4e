import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type RedisFunctions, UnavailableError } from '@redis-functions/core';
import { RateLimiter } from '@redis-functions/rate-limit';
import { SessionService } from '@redis-functions/session';
import type { RedisFunctionsModuleOptions } from './options.js';
import { MODULE_OPTIONS_TOKEN } from './redis-functions.module-definition.js';
import { REDIS_FUNCTIONS } from './tokens.js';

const RETRY_DELAY_MS = { first: 500, most: 10_000 };

/** Deploys when the application starts, closes the connection when it ends. */
@Injectable()
export class RedisFunctionsLifecycle implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('RedisFunctions');
  readonly #functions: RedisFunctions;
  readonly #sessions: SessionService | undefined;
  readonly #onUnavailable: 'retry' | 'fail';
  #retry: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(
    @Inject(REDIS_FUNCTIONS) functions: RedisFunctions,
    @Inject(RateLimiter) private readonly limiter: RateLimiter,
    @Inject(SessionService) sessions: SessionService,
    @Inject(MODULE_OPTIONS_TOKEN) { onUnavailableAtStart = 'retry', session }: RedisFunctionsModuleOptions,
  ) {
    // without options there is something in its place that cannot be asked for anything
    this.#sessions = session && sessions;
    this.#functions = functions;
    this.#onUnavailable = onUnavailableAtStart;
  }

  async onModuleInit(): Promise<void> {
    try {
      await this.#deploy();
    } catch (error) {
      if (this.#onUnavailable === 'fail' || !(error instanceof UnavailableError)) throw error;
      this.#logger.error(`${error.message} Retrying until it is there.`);
      this.#retryAfter(RETRY_DELAY_MS.first);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#retry);
    await this.limiter.close();
    await this.#sessions?.close();
    await this.#functions.close();
  }

  async #deploy(): Promise<void> {
    const outcomes = await this.#functions.deploy();
    for (const { node, library, action, version = 'without version' } of outcomes) {
      this.#logger.log(`${library} ${version}: ${action} (${node})`);
    }
  }

  #retryAfter(delayMs: number): void {
    if (this.#ended) return;
    this.#retry = setTimeout(() => {
      this.#deploy().catch((error) => {
        // calls deploy by themselves and say what is wrong; here it is said to whoever reads the log
        this.#logger.error(error instanceof Error ? error.message : String(error));
        this.#retryAfter(Math.min(delayMs * 2, RETRY_DELAY_MS.most));
      });
    }, delayMs);
    this.#retry.unref();
  }
}

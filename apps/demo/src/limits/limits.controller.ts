import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, Delete, HttpCode, Inject, type OnModuleInit, Post, Req, Res } from '@nestjs/common';
import { type Decision, RateLimiter, rateLimitHeaders } from '@redis-functions/rate-limit';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { LiveService } from '../events/live.service.js';
import { addressOf } from '../http/address.js';
import { ZodPipe } from '../http/zod.pipe.js';
import { chosen, NAMES, PLAYGROUND } from './policies.js';
import type { AnswerView, LimitsView } from './view.js';

const names = z.array(z.enum(NAMES)).max(NAMES.length);
const attempt = z
  .strictObject({ enforced: names.default([]), shadow: names.default([]) })
  .refine(({ enforced, shadow }) => enforced.length + shadow.length > 0, 'names no policy: give at least one');

/** How often pages hear what a counter says by itself, beside what they work out. */
const READ_EVERY_MS = 500;
/** What a request that holds a lease is busy with. */
const WORK_MS = 1_000;

/** Requests that do nothing but be counted, by the policies that the visitor chooses. Each address has counters of its own. */
@Controller('api/limits')
export class LimitsController implements OnModuleInit {
  constructor(
    @Inject(RateLimiter) private readonly limiter: RateLimiter,
    @Inject(LiveService) private readonly live: LiveService,
  ) {}

  onModuleInit(): void {
    this.live.offer('limits', { everyMs: READ_EVERY_MS, read: (address) => this.#read(address) });
  }

  @Post('requests')
  async attempt(
    @Body(new ZodPipe(attempt)) { enforced, shadow }: z.infer<typeof attempt>,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AnswerView> {
    const decision = await this.limiter.consume(keyOf(addressOf(request)), { policies: chosen(enforced, shadow) });
    // pages in other processes see it with their next reading
    this.live.refreshAll('limits');
    for (const [name, value] of rateLimitHeaders([decision])) response.setHeader(name, value);
    response.status(decision.allowed ? 200 : 429);
    if (decision.allowed && holdsLease(decision)) await this.#work(decision);
    return showAnswer(decision);
  }

  /** Everything is free again. */
  @Delete('counters')
  @HttpCode(204)
  async reset(@Req() request: Request): Promise<void> {
    await this.limiter.reset(keyOf(addressOf(request)), { policies: PLAYGROUND });
    this.live.refreshAll('limits');
  }

  async #work(decision: Decision): Promise<void> {
    await sleep(WORK_MS);
    // where Redis is away it cannot be told; the lease ends by itself
    await this.limiter.release(decision).catch(() => {});
    this.live.refreshAll('limits');
  }

  async #read(address: string): Promise<LimitsView> {
    const { source, policies } = await this.limiter.peek(keyOf(address), { policies: PLAYGROUND });
    return {
      source,
      policies: policies.map(({ name, algorithm, limit, windowMs, remaining, resetAfterMs }) => ({
        name,
        algorithm,
        limit,
        windowMs,
        remaining,
        resetAfterMs,
      })),
    };
  }
}

function keyOf(address: string): string {
  return `playground ${address}`;
}

function holdsLease({ policies }: Decision): boolean {
  return policies.some(({ algorithm, allowed }) => algorithm === 'concurrency' && allowed);
}

function showAnswer({ allowed, source, retryAfterMs, policies }: Decision): AnswerView {
  const refusing = policies.filter((policy) => !policy.allowed);
  return {
    allowed,
    source,
    retryAfterMs,
    refusedBy: refusing.filter(({ shadow }) => !shadow).map(({ name }) => name),
    wouldRefuse: refusing.filter(({ shadow }) => shadow).map(({ name }) => name),
  };
}

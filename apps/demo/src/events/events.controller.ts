import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { CurrentSession } from '@redis-functions/nestjs';
import type { RequestSession, Session } from '@redis-functions/session';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { cartIdOf } from '../cart/cart-owner.js';
import { addressOf } from '../http/address.js';
import { ZodPipe } from '../http/zod.pipe.js';
import { EventStreams } from './event-streams.js';
import { LiveService } from './live.service.js';
import type { VisitorView } from './view.js';

const watched = z
  .string()
  .max(100)
  .default('shop')
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(['shop', 'counter', 'limits', 'functions'])));

/** One stream per page: what it watches, and the visitor's own cart and devices. */
@Controller('api/events')
export class EventsController {
  constructor(
    @Inject(LiveService) private readonly live: LiveService,
    @Inject(EventStreams) private readonly streams: EventStreams,
  ) {}

  @Get()
  async open(
    @Query('watch', new ZodPipe(watched)) kinds: z.infer<typeof watched>,
    @CurrentSession() visitor: RequestSession,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    // an open page is not a visitor who is there
    visitor.noTouch();
    const session = await visitor.load();
    const shared = kinds.map((kind) => (kind === 'limits' ? `limits:${addressOf(request)}` : kind));
    let end = () => {};
    this.streams.open(response, () => end());
    const me: VisitorView = { user: session?.userId ?? null, handle: session?.handle ?? null, process: process.pid };
    this.streams.send(response, 'me', JSON.stringify(me));
    if (!session) this.streams.send(response, 'cart', 'null');
    end = this.live.watch([...shared, ...ownTopics(session)], (kind, json) => {
      if (kind === 'devices' && !json.includes(`"${session?.handle}"`)) {
        // it was ended elsewhere: this stream has nothing more to tell
        this.streams.send(response, 'signed-out', 'null');
        response.end();
      } else this.streams.send(response, kind, json);
    });
  }
}

function ownTopics(session: Session | null): string[] {
  if (!session) return [];
  return [`cart:${cartIdOf(session)}`, ...(session.userId === null ? [] : [`devices:${session.userId}`])];
}

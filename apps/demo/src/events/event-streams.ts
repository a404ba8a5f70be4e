import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Response } from 'express';

/** A proxy, and a page, take a stream for dead that says nothing for long. */
const BEAT_EVERY_MS = 5_000;
/** What a page may leave unread. Whoever is that far behind begins anew, and has less to read. */
const MOST_UNREAD_BYTES = 1_000_000;

/** The streams of server-sent events (HTML standard, 9.2) that pages of this process have open. */
@Injectable()
export class EventStreams implements OnModuleDestroy {
  readonly #open = new Set<Response>();
  #beats: NodeJS.Timeout | undefined;

  /** @param closed Told once, whoever ends it. */
  open(response: Response, closed: () => void): void {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // nginx would keep events back until there are many
      'X-Accel-Buffering': 'no',
    });
    // how long a page waits before it comes again
    response.write('retry: 1000\n\n');
    this.#open.add(response);
    this.#beats ??= setInterval(() => this.#beat(), BEAT_EVERY_MS).unref();
    response.once('close', () => {
      this.#open.delete(response);
      closed();
    });
  }

  /** @param json One line. */
  send(response: Response, kind: string, json: string): void {
    // what was ended is open until the other side has heard of it
    if (response.writableEnded) return;
    if (response.writableLength > MOST_UNREAD_BYTES) response.destroy();
    else response.write(`event: ${kind}\ndata: {"now":${Date.now()},"data":${json}}\n\n`);
  }

  /** A server that closes would wait for them. */
  onModuleDestroy(): void {
    clearInterval(this.#beats);
    for (const response of this.#open) response.end();
  }

  #beat(): void {
    for (const response of this.#open) this.send(response, 'beat', 'null');
  }
}

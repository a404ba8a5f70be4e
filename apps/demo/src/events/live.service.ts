import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type Handle, type RedisFunctions, RedisFunctionsError } from '@redis-functions/core';
import { InjectRedisFunctions } from '@redis-functions/nestjs';
import { feed } from '../libraries/feed.js';
import { type Listener, Topic } from './topic.js';
import type { StatusView } from './view.js';

/** How a kind of topic is read. `id` is what follows the colon of the topic's name, or empty. */
export interface Offer {
  /** How often it is read while somebody watches. Default: only when somebody tells that it has changed. */
  readonly everyMs?: number;
  read(id: string): Promise<unknown>;
}

const FEED = '{demo}:feed';
/** What another process has changed is on the pages of this one within this time and a round trip. */
const FEED_EVERY_MS = 300;
/** Sooner than a visitor asks what is going on. */
const FEED_DEADLINE_MS = 1_500;

/**
 * What pages watch, read once per process however many pages there are. A topic is called `kind` or `kind:id`; the module
 * that knows how to read a kind offers it. A change is told here, and through a feed in Redis to the other processes.
 */
@Injectable()
export class LiveService implements OnApplicationShutdown {
  readonly #logger = new Logger('Live');
  readonly #feed: Handle<typeof feed.functions>;
  readonly #offers = new Map<string, Offer>();
  readonly #topics = new Map<string, Topic>();
  readonly #pages = new Set<Listener>();
  #reader: NodeJS.Timeout | undefined;
  #isReading = false;
  #readTo: string | undefined;
  #feedFailure: unknown;
  #status: StatusView['redis'] = 'up';

  constructor(@InjectRedisFunctions() functions: RedisFunctions) {
    this.#feed = functions.use(feed, { deadlineMs: FEED_DEADLINE_MS });
  }

  /** For the module that knows how to read topics of this kind, when the application starts. */
  offer(kind: string, offer: Offer): void {
    this.#offers.set(kind, offer);
  }

  /** @returns Ends it. */
  watch(names: readonly string[], listener: Listener): () => void {
    this.#pages.add(listener);
    listener('status', JSON.stringify({ redis: this.#status } satisfies StatusView));
    for (const name of names) this.#topic(name).add(listener);
    this.#reader ??= setInterval(() => void this.#readFeed(), FEED_EVERY_MS).unref();
    return () => {
      this.#pages.delete(listener);
      for (const name of names) this.#leave(name, listener);
      if (this.#pages.size > 0) return;
      clearInterval(this.#reader);
      this.#reader = undefined;
      this.#readTo = undefined;
    };
  }

  /** Something has changed: the pages of this process are told at once, those of others within the time of a reading. */
  tell(...names: string[]): void {
    for (const name of names) void this.#topics.get(name)?.refresh();
    // nobody waits for it: whoever made the change has it, and pages that miss this read everything when they reconnect
    this.#feed.tell(FEED, names).catch((error) => this.#note(error));
  }

  /** Reads every topic of a kind that pages of this process watch. */
  refreshAll(kind: string): void {
    for (const [name, topic] of this.#topics) if (kindOf(name) === kind) void topic.refresh();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#reader);
  }

  #topic(name: string): Topic {
    const existing = this.#topics.get(name);
    if (existing) return existing;
    const kind = kindOf(name);
    const { everyMs, read } = this.#offers.get(kind) as Offer;
    const topic = new Topic({ kind, everyMs, read: () => read(name.slice(kind.length + 1)) }, () => {
      if (topic.failure !== undefined) this.#note(topic.failure);
      this.#showStatus();
    });
    this.#topics.set(name, topic);
    return topic;
  }

  #leave(name: string, listener: Listener): void {
    const topic = this.#topics.get(name);
    topic?.remove(listener);
    if (topic && !topic.isWatched) this.#topics.delete(name);
  }

  async #readFeed(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      const { last, topics } = await this.#feed.since(FEED, this.#readTo);
      // before the first reading, and while nothing could be read, anything may have changed
      const missed = this.#readTo === undefined || this.#feedFailure !== undefined;
      this.#readTo = last;
      this.#feedFailure = undefined;
      for (const name of missed ? this.#topics.keys() : new Set(topics)) void this.#topics.get(name)?.refresh();
    } catch (error) {
      this.#feedFailure = error;
      this.#note(error);
    } finally {
      this.#isReading = false;
      this.#showStatus();
    }
  }

  #showStatus(): void {
    const failures = [this.#feedFailure, ...Array.from(this.#topics.values(), ({ failure }) => failure)];
    const status = failures.some((failure) => failure !== undefined) ? 'away' : 'up';
    if (status === this.#status) return;
    this.#status = status;
    const json = JSON.stringify({ redis: status } satisfies StatusView);
    for (const page of this.#pages) page('status', json);
  }

  /** A server that is away is on the pages already; anything else is for whoever reads the log. */
  #note(error: unknown): void {
    if (!(error instanceof RedisFunctionsError)) this.#logger.error(error);
  }
}

function kindOf(topic: string): string {
  return topic.split(':', 1)[0] as string;
}

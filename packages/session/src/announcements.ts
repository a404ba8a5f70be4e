import type { EventEmitter } from 'node:events';
import { SessionError } from './errors.js';
import type { SessionEvents } from './events.js';
import { ExpiryWatch } from './expiry-watch.js';
import type { Configuration } from './options.js';
import type { Place } from './token.js';

type EndReason = SessionEvents['destroyed'][0]['reason'];

/** Tells listeners what happens to sessions, and the watch which of them it need not look for any more. */
export class Announcements {
  readonly #emitter: EventEmitter<SessionEvents>;
  readonly #watch: ExpiryWatch | undefined;

  constructor(emitter: EventEmitter<SessionEvents>, config: Configuration) {
    this.#emitter = emitter;
    if (config.lookEveryMs === 0) return;
    this.#watch = new ExpiryWatch(
      config,
      (event) => this.tell('expired', event),
      (error) => this.tell('failed', error),
    );
  }

  /** What a listener throws is its own failure: what it was told of has happened all the same. */
  tell<Name extends keyof SessionEvents>(name: Name, ...event: SessionEvents[Name]): void {
    try {
      (this.#emitter as EventEmitter).emit(name, ...event);
    } catch (error) {
      process.emitWarning(`A listener of the event ${name} threw: ${error}. Catch what it does.`, {
        type: 'SessionWarning',
        code: 'SESSION_LISTENER_THREW',
      });
    }
  }

  /** Before a session is made. */
  async expect(place: Place, userId: string | null, expiresAt: number): Promise<void> {
    await this.#watch?.expect(place, userId, expiresAt);
  }

  async ended(places: readonly Place[], userId: string | null, reason: EndReason): Promise<void> {
    for (const { handle } of places) this.tell('destroyed', { handle, userId, reason });
    await this.forget(places, userId);
  }

  async evicted(places: readonly Place[], userId: string | null, by: string): Promise<void> {
    for (const { handle } of places) this.tell('evicted', { handle, userId, by });
    await this.forget(places, userId);
  }

  async forget(places: readonly Place[], userId: string | null): Promise<void> {
    if (places.length > 0) await this.#watch?.forget(places.map((place) => ({ place, userId })));
  }

  async live(): Promise<number> {
    if (this.#watch) return this.#watch.count();
    throw new SessionError('NOT_WATCHED', 'Sessions are counted where their ends are watched. Set expiryEvents: true.');
  }

  async close(): Promise<void> {
    await this.#watch?.close();
  }
}

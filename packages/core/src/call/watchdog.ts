import type { ClientPort, PrimaryNode } from '../client/port.js';
import { killRunning, readStats } from '../manage/running.js';

/**
 * Ends what keeps a server busy for too long: a function, or a script, that has written nothing yet. One that has written
 * cannot be ended (UNKILLABLE); callers are told so by their deadline.
 */
export class Watchdog {
  readonly #port: ClientPort;
  readonly #killAfterMs: number;
  /** When a server was first seen busy with a script, whose duration it does not tell. */
  readonly #busySince = new Map<string, number>();
  #looking = false;

  constructor(port: ClientPort, killAfterMs: number) {
    this.#port = port;
    this.#killAfterMs = killAfterMs;
  }

  /** After an answer BUSY. Never fails: the call that met it is repeated in any case. */
  look(key: string | Buffer | undefined): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#endRunaway(key)
      .catch(() => {})
      .finally(() => {
        this.#looking = false;
      });
  }

  async #endRunaway(key: string | Buffer | undefined): Promise<void> {
    const node = await this.#port.primaryFor(key);
    const durationMs = await this.#durationOn(node);
    if (durationMs < this.#killAfterMs) return;
    this.#busySince.delete(node.id);
    await killRunning(node, this.#port.isServerError);
  }

  async #durationOn(node: PrimaryNode): Promise<number> {
    try {
      const { running } = await readStats(node);
      this.#busySince.delete(node.id);
      return running?.durationMs ?? 0;
    } catch (error) {
      // FUNCTION STATS itself is refused while a script, and not a function, is running
      if (!this.#port.isServerError(error) || !error.message.startsWith('BUSY')) throw error;
      const since = this.#busySince.get(node.id) ?? performance.now();
      this.#busySince.set(node.id, since);
      return performance.now() - since;
    }
  }
}

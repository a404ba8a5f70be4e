import { type CallOptions, type FunctionTable, type Handle, type Library, RedisFunctions } from '@redis-functions/core';

/** What ends a process in the middle. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/**
 * The functions of a process that dies at one of its calls, with some chance at each: before the call is sent, or after
 * the server has done it and before the answer is heard. From then on it does nothing at all, its clean-up included.
 */
export class MortalFunctions extends RedisFunctions {
  readonly #chance: number;
  readonly #random: () => number;
  #isDead = false;

  constructor(options: ConstructorParameters<typeof RedisFunctions>[0], chance: number, random: () => number) {
    super(options);
    this.#chance = chance;
    this.#random = random;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  override use<F extends FunctionTable>(library: Library<F>, options?: CallOptions): Handle<F> {
    const handle = super.use(library, options) as Record<string, (...input: unknown[]) => Promise<unknown>>;
    const mortal = Object.entries(handle).map(([name, call]) => [name, this.#mortal(call)]);
    return Object.fromEntries(mortal) as Handle<F>;
  }

  #mortal(call: (...input: unknown[]) => Promise<unknown>) {
    return async (...input: unknown[]): Promise<unknown> => {
      this.#mayDie(this.#chance / 2);
      const reply = await call(...input);
      this.#mayDie(this.#chance / 2);
      return reply;
    };
  }

  #mayDie(chance: number): void {
    if (this.#random() < chance) this.#isDead = true;
    if (this.#isDead) throw new Crash('the process is gone');
  }
}

/** Mulberry32: the same run for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Says once per middleware and code what is set up wrongly: `process.on('warning')` hears it, by default stderr. */
export class Warnings {
  readonly #said = new Set<string>();

  once(code: string, message: string): void {
    if (this.#said.has(code)) return;
    this.#said.add(code);
    process.emitWarning(message, { type: 'RateLimitWarning', code });
  }
}

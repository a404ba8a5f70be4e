const said = new Set<string>();

/** A mistake in the setup that only shows when it is called: `process.on('warning')` hears it, or stderr, once per place. */
export function warnOnce(code: string, place: string, message: string): void {
  const text = `${place}: ${message}`;
  if (said.has(text)) return;
  said.add(text);
  process.emitWarning(text, { type: 'RateLimitWarning', code });
}

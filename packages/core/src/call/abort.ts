const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Has the listener called when the signal aborts. One listener on the signal for all calls that share it: Node warns of a
 * leak at the eleventh.
 *
 * @returns Call it when the wait is over.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  let listeners = waiting.get(signal);
  if (!listeners) {
    listeners = new Set();
    waiting.set(signal, listeners);
    const all = listeners;
    const callAll = () => {
      for (const each of [...all]) each();
    };
    signal.addEventListener('abort', callAll, { once: true });
  }
  listeners.add(listener);
  return () => listeners.delete(listener);
}

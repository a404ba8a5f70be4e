import { UnavailableError } from '../errors.js';

/** What every client says about its connection, and the events that tell of a change. */
export interface Connectable {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  on(event: ConnectionEvent, listener: () => void): unknown;
  off(event: ConnectionEvent, listener: () => void): unknown;
}
type ConnectionEvent = 'ready' | 'connect' | 'end';

/** Resolves when a command can go out. Rejects for a client that nobody opened, or that is closed meanwhile. */
export function whenReady(client: Connectable, address: string): Promise<void> {
  if (client.isReady) return Promise.resolve();
  if (!client.isOpen) {
    return Promise.reject(
      new UnavailableError(
        'NOT_CONNECTED',
        `The connection to ${address} is not open. Call "await client.connect()" first.`,
      ),
    );
  }
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => {
      for (const event of ['ready', 'connect'] as const) client.off(event, changed);
      client.off('end', ended);
      outcome();
    };
    // a cluster says "connect", a single client says "connect" too early and then "ready"
    const changed = () => client.isReady && settle(resolve);
    const ended = () =>
      settle(() => reject(new UnavailableError('CLOSED', `The connection to ${address} was closed.`)));
    for (const event of ['ready', 'connect'] as const) client.on(event, changed);
    client.on('end', ended);
  });
}

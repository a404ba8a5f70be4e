import { channel, tracingChannel } from 'node:diagnostics_channel';

/** One call, from the method to its result. Told on the tracing channel `redis-functions:call`. */
export interface CallEvent {
  readonly functionName: string;
  /** Undefined for a call by bare name of a function that this client has no definition of. */
  readonly library: string | undefined;
  readonly version: string | undefined;
  readonly readOnly: boolean;
  /** Where it goes, without user name and password. */
  readonly address: string;
  /** How often it was sent: more than once where the server refused it for a moment, or had lost the library. */
  attempts: number;
  /** Set when it has succeeded. */
  result?: unknown;
  /** Set when it has failed. */
  error?: unknown;
}

/** What a deploy did with one library on one server. Told on the channel `redis-functions:deploy`. */
export interface DeployEvent {
  readonly node: string;
  readonly library: string;
  readonly version: string | undefined;
  readonly action: string;
  /** The library had been lost by a server, and a call brought it back. */
  readonly healing: boolean;
}

/** A text that becomes a library. Told on the channel `redis-functions:define`. */
export interface DefineEvent {
  /**
   * A subscriber may put another text in its place, with the same lines: the one with counters, while a test run covers Lua.
   * What is loaded, compared and hashed is then that text.
   */
  code: string;
}

const calls = tracingChannel<CallEvent>('redis-functions:call');
const deploys = channel('redis-functions:deploy');
const definitions = channel('redis-functions:define');

const { start, end, asyncStart, asyncEnd, error } = calls;

/** Somebody listens. Five comparisons where nobody does. */
export function isTraced(): boolean {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers
  );
}

export function traceCall<T>(event: () => CallEvent, work: (event: CallEvent | undefined) => Promise<T>): Promise<T> {
  if (!isTraced()) return work(undefined);
  const context = event();
  return calls.tracePromise(() => work(context), context);
}

export function tellDeploy(event: DeployEvent): void {
  if (deploys.hasSubscribers) deploys.publish(event);
}

/** @returns The text to take. */
export function tellDefinition(code: string): string {
  if (!definitions.hasSubscribers) return code;
  const event: DefineEvent = { code };
  definitions.publish(event);
  return event.code;
}

/** One command, as Redis takes it. */
export type Command = readonly (string | Buffer)[];

/** One server that takes writes: the only one, or one of a cluster's primaries. */
export interface PrimaryNode {
  /** host:port, or what the client calls it. */
  readonly id: string;
  send(command: Command): Promise<unknown>;
  /** A key in one of its slots, for deployers to tell each other that they were here. */
  readonly registryKey: string;
  /** Like `send`, with bulk strings as Buffers: a FUNCTION DUMP read as text is damaged. */
  sendBinary(command: Command): Promise<unknown>;
  /** Runs work on a connection of its own: WATCH on a shared one would mix with everybody else's commands. */
  isolated<T>(work: (send: (command: Command) => Promise<unknown>) => Promise<T>): Promise<T>;
}

export interface Route {
  /** The first key of the call: it decides the node in a cluster. */
  readonly key: string | Buffer | undefined;
  readonly readOnly: boolean;
}

/** All that this package asks of a Redis client. One adapter per client library implements it. */
export interface ClientPort {
  /** Where the server is, for messages; without user name and password. */
  readonly address: string;
  /** The client finds the new primary by itself when the old one is gone or demoted. */
  readonly followsFailover: boolean;
  /** A command sent now goes out now, instead of waiting in the client's queue for a connection. */
  readonly isReady: boolean;
  /** Resolves when a command can go out; opens the connection where this side made it. */
  whenReady(): Promise<void>;
  /** Sends one command to the node that owns its key. */
  send(command: Command, route: Route): Promise<unknown>;
  primaries(): Promise<readonly PrimaryNode[]>;
  /** The node that owns the key, or any primary. */
  primaryFor(key: string | Buffer | undefined): Promise<PrimaryNode>;
  /** The node is the one that takes writes, as far as the server and whoever watches over it know. */
  confirmPrimary(node: PrimaryNode): Promise<boolean>;
  /** The error is the server's answer, not a fault on the way to it. */
  isServerError(error: unknown): error is Error;
  /** The command never left: there was no connection. It can be repeated without harm. */
  wasNotSent(error: unknown): boolean;
  /** The hash slot of a key where slots matter, in a cluster; 0 where all keys are in one place. */
  slotOf(key: string | Buffer): number;
  /** The server that has the slot, as far as the client knows: a text that differs between servers. */
  nodeOf(slot: number): string;
  /** Closes what this side opened, and nothing else. */
  close(): Promise<void>;
}

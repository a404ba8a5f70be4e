/** What the stream of events says, by the name of the event. The page and the server share these types, and nothing else. */
export interface Told<T> {
  /** The server's time when it was read, in milliseconds since 1970: what counts down is counted from here. */
  readonly now: number;
  readonly data: T;
}

/** Who the stream was opened for. */
export interface VisitorView {
  /** Null for a guest. */
  readonly user: string | null;
  /** Public name of the session; null for a visitor without one. */
  readonly handle: string | null;
  /** Of the process that serves this page: a cluster has several. */
  readonly process: number;
}

export interface StatusView {
  /** `away`: the shop does not get an answer from Redis right now. */
  readonly redis: 'up' | 'away';
}

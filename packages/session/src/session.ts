/** Where a session was made: shown to its user, proof of nothing. */
export interface DeviceInfo {
  readonly ip?: string;
  readonly userAgent?: string;
}

/**
 * Values that JSON keeps: text, numbers, booleans, null, arrays and plain objects of these. An application names its own:
 * `declare module '@redis-functions/session' { interface SessionData { theme?: 'dark' | 'light' } }`.
 */
export interface SessionData {
  readonly [key: string]: unknown;
}

/** A session that is alive. The token that opens it is not part of it. */
export interface Session {
  /** Public name of the session: for device lists, logs and revocation. */
  readonly handle: string;
  /** Null for a guest. */
  readonly userId: string | null;
  readonly data: SessionData;
  readonly device: DeviceInfo;
  readonly createdAt: Date;
  /** To within a minute, or 5 % of the idle time where that is less: a read within that writes nothing. */
  readonly lastSeenAt: Date;
  /** When it ends if nothing more is asked of it. */
  readonly expiresAt: Date;
  /** Rises with each change of the data. */
  readonly version: number;
  /** When this was read, by the server's clock, as all times are. */
  readonly readAt: Date;
  /** The token to go on with, where the one that was given has been replaced and is in its grace. */
  readonly successor?: string;
}

/** A session in a list of a user's devices. */
export interface Device extends DeviceInfo {
  readonly handle: string;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
}

/** A new session. The token is told this once, and only its hash is kept. */
export interface CreatedSession {
  readonly token: string;
  readonly session: Session;
  /** Handles of the user's sessions that had to go for it. */
  readonly evicted: readonly string[];
}

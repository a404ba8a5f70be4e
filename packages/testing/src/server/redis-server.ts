/** A real server of one's own on 127.0.0.1. */
export interface RedisServer {
  /** For a client: `redis://127.0.0.1:PORT`, `rediss://` with TLS, with the password where one is set. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Of the process that runs now: it changes at `restart()`. */
  readonly pid: number;
  /** Where it keeps its files. */
  readonly directory: string;
  readonly isRunning: boolean;
  readonly isPaused: boolean;
  /** The last 64,000 characters that it printed: for finding out why it ended. */
  readonly log: string;
  /** What a client needs for TLS, in PEM; absent without TLS. Fits node-redis (`socket`) and ioredis (`tls`). */
  readonly tls?: ClientTls;
  /** The URL for one of the `users`. */
  urlFor(user: string): string;
  /**
   * Sends one command on a connection of its own, for looking behind the code under test. Replies are those of RESP2.
   *
   * @throws ServerSilentError where it does not run or does not answer in 10 seconds.
   */
  command(...command: string[]): Promise<unknown>;
  /** Ends it at once, as a crash does (SIGKILL). Its files stay until `stop()`. */
  kill(): Promise<void>;
  /** Freezes it: connections stay open and nothing answers (SIGSTOP). */
  pause(): void;
  resume(): void;
  /**
   * Starts it again on its port, with the files it has. A server that still runs ends in order first, and saves what its
   * configuration saves: by default nothing, so it comes back empty.
   */
  restart(): Promise<void>;
  /** Ends it for good and removes what it left behind; a given directory stays. Safe to repeat. */
  stop(): Promise<void>;
}

/** Certificates for a client, in PEM. The certificate and key are asked for where `tls` is `'mutual'`. */
export interface ClientTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** An ACL user. */
export interface AclUser {
  /** Default: none, any password is accepted (`nopass`). */
  password?: string;
  /** As in ACL SETUSER: `['~app:*', '+fcall']`. The user is on, and may nothing else. */
  rules: readonly string[];
}

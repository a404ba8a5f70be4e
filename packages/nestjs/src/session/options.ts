import type { CsrfOptions, HttpSessionOptions, SessionServiceOptions } from '@redis-functions/session';

/** What the module itself gives to the service. */
type Shared = 'client' | 'functions' | 'url';

export interface SessionModuleOptions extends Omit<SessionServiceOptions, Shared>, HttpSessionOptions {
  /**
   * Refuses requests that other sites had the visitor's browser send: true, or its options. Sockets of other sites are
   * never given a session; `trustedOrigins` says which sites are none of these. Default: false, requests are served.
   */
  csrf?: boolean | CsrfOptions;
  /**
   * How often the sessions of open sockets are looked at, so that a socket is closed whose session was ended elsewhere;
   * what this process ends closes its sockets at once. Below the grace of rotations, which is 30,000 ms. Default: 10,000.
   */
  socketCheckMs?: number;
}

/** Those of the service alone. */
export function serviceOptions({
  cookie: _cookie,
  onUnavailable: _away,
  csrf: _csrf,
  socketCheckMs: _check,
  ...options
}: SessionModuleOptions): Omit<SessionServiceOptions, Shared> {
  return options;
}

/** Those of requests alone. */
export function httpOptions({ cookie, onUnavailable }: SessionModuleOptions): HttpSessionOptions {
  return { ...(cookie !== undefined && { cookie }), ...(onUnavailable !== undefined && { onUnavailable }) };
}

export function csrfOptions({ csrf = false }: SessionModuleOptions): CsrfOptions | undefined {
  if (csrf === false) return undefined;
  return csrf === true ? {} : csrf;
}

import { InvalidArgumentError } from '@redis-functions/core';
import { SessionService, type SessionServiceOptions } from '@redis-functions/session';

export interface CookieOptions {
  /**
   * Sends the cookie over HTTPS only, under a name that begins with `__Host-`, so that no other host and no plain HTTP page
   * can set it. `auto`: where `request.secure` says so (behind a proxy: set Express's "trust proxy"). Default: `auto`.
   */
  secure?: boolean | 'auto';
  /** Name without the `__Host-` prefix. Default: `id`, which tells nothing about what runs here (OWASP). */
  name?: string;
  /** `lax`: not with requests that other sites send in the background; `strict`: not when coming from a link either. Default: `lax`. */
  sameSite?: 'lax' | 'strict';
}

export interface SessionOptions extends Partial<SessionServiceOptions> {
  /** A service that exists already, for example the one that NestJS injects. Without it, its options are given here. */
  service?: SessionService;
  cookie?: CookieOptions;
  /**
   * When Redis is away: `deny` has the request fail with `UnavailableError` where it asks for its session, `anonymous`
   * treats the visitor as one without a session. Default: `deny`.
   */
  onUnavailable?: 'deny' | 'anonymous';
}

/** The options as the middleware may trust them. */
export interface Configuration {
  readonly service: SessionService;
  readonly secure: boolean | 'auto';
  readonly name: string;
  readonly sameSite: 'lax' | 'strict';
  readonly onUnavailable: 'deny' | 'anonymous';
}

/** @throws InvalidArgumentError that names the option. */
export function resolveOptions(options: SessionOptions): Configuration {
  const { service, cookie = {}, onUnavailable = 'deny', ...serviceOptions } = options;
  const { secure = 'auto', name = 'id', sameSite = 'lax' } = cookie;
  if (service !== undefined && Object.keys(serviceOptions).length > 0) {
    const [first] = Object.keys(serviceOptions);
    throw new InvalidArgumentError(
      String(first),
      `${first} is an option of the service, which is given. Set it there.`,
    );
  }
  if (!/^[\w.-]{1,64}$/.test(name)) {
    throw new InvalidArgumentError('cookie.name', 'cookie.name must be 1 to 64 letters, digits, ".", "_" or "-".');
  }
  if (sameSite !== 'lax' && sameSite !== 'strict') {
    throw new InvalidArgumentError(
      'cookie.sameSite',
      'cookie.sameSite must be "lax" or "strict". Leave it out for "lax".',
    );
  }
  if (onUnavailable !== 'deny' && onUnavailable !== 'anonymous') {
    throw new InvalidArgumentError('onUnavailable', 'onUnavailable must be "deny" or "anonymous". Choose one.');
  }
  return {
    service: service ?? new SessionService(serviceOptions as SessionServiceOptions),
    secure,
    name,
    sameSite,
    onUnavailable,
  };
}

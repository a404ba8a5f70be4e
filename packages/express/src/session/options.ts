import { InvalidArgumentError, RedisFunctions } from '@redis-functions/core';
import { SessionService, type SessionServiceOptions } from '@redis-functions/session';

const DEFAULT_URL = 'redis://localhost:6379';

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

/** Every option may be left out; in production, all but the routing key. */
export interface SessionOptions extends SessionServiceOptions {
  /** A service that exists already, for example the one that NestJS injects; its own options are then given there. */
  service?: SessionService;
  /**
   * `redis://` or `rediss://`: a connection of its own, closed by `close()`. Default, where neither this nor `service`,
   * `client` or `functions` is given: the environment's REDIS_URL, else redis://localhost:6379.
   */
  url?: string;
  /** As for `SessionService`. Default: the environment's SESSION_ROUTING_KEY. */
  routingKey?: string | readonly string[];
  cookie?: CookieOptions;
  /**
   * When Redis is away: `deny` has the request fail with an `UnavailableError` (status 503) where it asks for its session,
   * `anonymous` treats the visitor as one without a session; what would change it fails in both. Default: `deny`.
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
  close(): Promise<void>;
}

/** @throws InvalidArgumentError that names the option. */
export function resolveOptions({ cookie = {}, onUnavailable = 'deny', ...options }: SessionOptions): Configuration {
  const { secure = 'auto', name = 'id', sameSite = 'lax' } = cookie;
  if (typeof secure !== 'boolean' && secure !== 'auto') {
    throw new InvalidArgumentError('cookie.secure', 'cookie.secure must be true, false or "auto". Choose one.');
  }
  if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name)) {
    throw new InvalidArgumentError('cookie.name', 'cookie.name is not a name. Give 1 to 64 of A-Z a-z 0-9 . _ -');
  }
  if (sameSite !== 'lax' && sameSite !== 'strict') {
    throw new InvalidArgumentError('cookie.sameSite', 'cookie.sameSite must be "lax" or "strict". Choose one.');
  }
  if (onUnavailable !== 'deny' && onUnavailable !== 'anonymous') {
    throw new InvalidArgumentError('onUnavailable', 'onUnavailable must be "deny" or "anonymous". Choose one.');
  }
  return { ...openService(options), secure, name, sameSite, onUnavailable };
}

function openService({ service, url, ...options }: SessionOptions): Pick<Configuration, 'service' | 'close'> {
  if (service !== undefined) {
    const [other] = Object.keys({ ...(url !== undefined && { url }), ...options });
    if (other === undefined) return { service, close: async () => {} };
    throw new InvalidArgumentError(other, `${other} is an option of the service, which is given. Set it there.`);
  }
  const withKey = { ...routingKeyOf(process.env), ...options };
  if (options.client !== undefined || options.functions !== undefined) {
    if (url === undefined) return { service: new SessionService(withKey), close: async () => {} };
    throw new InvalidArgumentError('url', 'url is given with client or functions. Give one of them.');
  }
  // an empty REDIS_URL is one that was not set
  const functions = new RedisFunctions({ url: url ?? (process.env['REDIS_URL'] || DEFAULT_URL) });
  return { service: new SessionService({ ...withKey, functions }), close: () => functions.close() };
}

function routingKeyOf({ SESSION_ROUTING_KEY: routingKey }: NodeJS.ProcessEnv): { routingKey?: string } {
  return routingKey ? { routingKey } : {};
}

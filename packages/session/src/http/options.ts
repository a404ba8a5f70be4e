import { InvalidArgumentError } from '@redis-functions/core';

/** Shorter ones can be tried out. */
const SHORTEST_SECRET = 32;

export interface CookieOptions {
  /**
   * Sends the cookie over HTTPS only, under a name that begins with `__Host-`, so that no other host and no plain HTTP page
   * can set it. `auto`: where the request came by HTTPS, as the proxy settings of the framework say. Default: `auto`.
   */
  secure?: boolean | 'auto';
  /** Name without the `__Host-` prefix. Default: `id`, which tells nothing about what runs here (OWASP). */
  name?: string;
  /** `lax`: not with requests that other sites send in the background; `strict`: not when coming from a link either. Default: `lax`. */
  sameSite?: 'lax' | 'strict';
  /**
   * Keeps the cookie when the browser closes, until the session's absolute end. The end of the session is up to the server
   * in both cases. Default: false, as OWASP prefers.
   */
  persistent?: boolean;
  /**
   * Signs the cookie, so that what nobody here has made is known without asking Redis. At least 32 characters each; the
   * first signs, all are accepted, and a cookie that was signed by an old one is signed anew. Default: not signed, because
   * a token has 256 random bits of its own.
   */
  secrets?: string | readonly string[];
}

export interface HttpSessionOptions {
  /** The cookie that has the token. Default: see each option. */
  cookie?: CookieOptions;
  /**
   * When Redis is away: `deny` has the request fail with an `UnavailableError` (status 503) where it asks for its session,
   * `anonymous` treats the visitor as one without a session; what would change it fails in both. Default: `deny`.
   */
  onUnavailable?: 'deny' | 'anonymous';
}

/** The options as requests may trust them. */
export interface HttpConfiguration {
  readonly cookie: CookieConfiguration;
  readonly onUnavailable: 'deny' | 'anonymous';
}

export interface CookieConfiguration {
  readonly secure: boolean | 'auto';
  readonly name: string;
  readonly sameSite: 'lax' | 'strict';
  readonly persistent: boolean;
  /** Empty: not signed. */
  readonly secrets: readonly string[];
}

const KNOWN: readonly string[] = [
  'secure',
  'name',
  'sameSite',
  'persistent',
  'secrets',
] satisfies (keyof CookieOptions)[];

/** @throws InvalidArgumentError that names the option. */
export function resolveHttpOptions({ cookie = {}, onUnavailable = 'deny' }: HttpSessionOptions): HttpConfiguration {
  const { secure = 'auto', name = 'id', sameSite = 'lax', persistent = false } = cookie;
  const unknown = Object.keys(cookie).find((option) => !KNOWN.includes(option));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(
      `cookie.${unknown}`,
      `There is no cookie.${unknown}. Choose from ${KNOWN.join(', ')}.`,
    );
  }
  if (typeof secure !== 'boolean' && secure !== 'auto') {
    throw new InvalidArgumentError('cookie.secure', 'cookie.secure must be true, false or "auto". Choose one.');
  }
  if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name)) {
    throw new InvalidArgumentError('cookie.name', 'cookie.name is not a name. Give 1 to 64 of A-Z a-z 0-9 . _ -');
  }
  if (sameSite !== 'lax' && sameSite !== 'strict') {
    throw new InvalidArgumentError('cookie.sameSite', 'cookie.sameSite must be "lax" or "strict". Choose one.');
  }
  if (typeof persistent !== 'boolean') {
    throw new InvalidArgumentError('cookie.persistent', 'cookie.persistent must be true or false. Choose one.');
  }
  if (onUnavailable !== 'deny' && onUnavailable !== 'anonymous') {
    throw new InvalidArgumentError('onUnavailable', 'onUnavailable must be "deny" or "anonymous". Choose one.');
  }
  const secrets = toSecrets('cookie.secrets', cookie.secrets ?? []);
  return { cookie: { secure, name, sameSite, persistent, secrets }, onUnavailable };
}

/** @throws InvalidArgumentError that names the option, and does not repeat what was given. */
export function toSecrets(option: string, given: string | readonly string[]): readonly string[] {
  const secrets = typeof given === 'string' ? [given] : given;
  const isSecret = (secret: unknown) => typeof secret === 'string' && secret.length >= SHORTEST_SECRET;
  if (Array.isArray(secrets) && secrets.every(isSecret)) return secrets;
  throw new InvalidArgumentError(
    option,
    `${option} must be texts of ${SHORTEST_SECRET} characters or more. Make one with node -p "crypto.randomBytes(32).toString('base64url')".`,
  );
}

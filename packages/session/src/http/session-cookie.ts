import type { IncomingMessage, ServerResponse } from 'node:http';
import { serialize } from 'cookie';
import { sign, unsign } from 'cookie-signature';
import { cookieValues } from './cookie-header.js';
import type { CookieConfiguration } from './options.js';
import type { HttpPlatform } from './platform.js';

/** A token and its signature are much shorter. */
const LONGEST_VALUE = 256;

/** The cookie of one request: what came, and what goes back. */
export class SessionCookie {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #config: CookieConfiguration;
  readonly #platform: HttpPlatform;
  #token: string | undefined;
  #isRead = false;
  #isSignedByOldSecret = false;
  #answer: 'none' | 'set' | 'clear' = 'none';
  #lifetimeMs = 0;

  constructor(request: IncomingMessage, response: ServerResponse, config: CookieConfiguration, platform: HttpPlatform) {
    this.#request = request;
    this.#response = response;
    this.#config = config;
    this.#platform = platform;
  }

  /** Undefined where there is none, or whose signature is wrong. Whether it is a token is for the service to say. */
  get token(): string | undefined {
    if (!this.#isRead) {
      const { token, isSignedByOldSecret = false } = readSessionToken(this.#request, this.#config, this.#platform);
      this.#isSignedByOldSecret = isSignedByOldSecret;
      this.#take(token, 'none');
    }
    return this.#token;
  }

  get isSignedByOldSecret(): boolean {
    return this.#isSignedByOldSecret;
  }

  /** @param lifetimeMs How long the session lives at most. */
  set(token: string, lifetimeMs: number): void {
    this.#take(token, 'set');
    this.#lifetimeMs = lifetimeMs;
  }

  clear(): void {
    this.#take(undefined, 'clear');
  }

  /** Into the head of the response, at its last moment: whatever else sets cookies or caching cannot undo it. */
  send(): void {
    if (this.#answer === 'none') return;
    const secure = isSecure(this.#request, this.#config, this.#platform);
    const [secret] = this.#config.secrets;
    const token = this.#token ?? '';
    const cookie = serialize(
      nameOf(this.#config, secure),
      token !== '' && secret !== undefined ? sign(token, secret) : token,
      {
        encode: asItIs,
        httpOnly: true,
        path: '/',
        sameSite: this.#config.sameSite,
        secure,
        ...(this.#answer === 'clear' && { maxAge: 0 }),
        ...(this.#answer === 'set' && this.#config.persistent && { maxAge: Math.ceil(this.#lifetimeMs / 1_000) }),
      },
    );
    this.#answer = 'none';
    this.#response.appendHeader('Set-Cookie', cookie);
    // a cache that kept this response would hand the session to others
    this.#response.setHeader('Cache-Control', 'no-store');
    if (!secure) warnOfProxy(this.#request, this.#platform);
  }

  #take(token: string | undefined, answer: 'none' | 'set' | 'clear'): void {
    this.#isRead = true;
    this.#token = token;
    this.#answer = answer;
  }
}

/** Undefined where there is no cookie, or one whose signature is wrong. */
export function readSessionToken(
  request: IncomingMessage,
  config: CookieConfiguration,
  platform: HttpPlatform,
): { readonly token?: string; readonly isSignedByOldSecret?: boolean } {
  const values = cookieValues(request.headers.cookie, nameOf(config, isSecure(request, config, platform)));
  // of two nobody can tell which one another host has planted (cookie tossing; `__Host-` makes it impossible)
  if (values.length > 1) warnOfTossing();
  const [value] = values;
  if (value === undefined || values.length > 1 || value.length > LONGEST_VALUE) return {};
  if (config.secrets.length === 0) return { token: value };
  for (const [i, secret] of config.secrets.entries()) {
    const token = unsign(value, secret);
    if (token !== false) return { token, isSignedByOldSecret: i > 0 };
  }
  return {};
}

function isSecure(request: IncomingMessage, { secure }: CookieConfiguration, platform: HttpPlatform): boolean {
  return secure === 'auto' ? platform.isSecure(request) : secure;
}

function nameOf({ name }: CookieConfiguration, secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}

/** Tokens and signatures have no character that a cookie cannot have. */
function asItIs(value: string): string {
  return value;
}

let warnedOfProxy = false;
let warnedOfTossing = false;

function warnOfProxy(request: IncomingMessage, platform: HttpPlatform): void {
  if (warnedOfProxy || request.headers['x-forwarded-proto'] !== 'https' || platform.trustsProxy(request)) return;
  warnedOfProxy = true;
  process.emitWarning(
    'A session cookie goes out without Secure, although a proxy says that the visitor came by HTTPS. ' +
      'Have the framework trust the proxy (Express: app.set("trust proxy", 1); Fastify: trustProxy), or set secure: true.',
    { type: 'SessionWarning', code: 'SESSION_IGNORES_PROXY' },
  );
}

function warnOfTossing(): void {
  if (warnedOfTossing) return;
  warnedOfTossing = true;
  process.emitWarning(
    'A request has two session cookies, and is served as one without a session: another host of the domain may have set ' +
      'one of them. Serve by HTTPS, where the cookie is bound to this host, or choose another cookie.name.',
    { type: 'SessionWarning', code: 'SESSION_COOKIE_TOSSED' },
  );
}

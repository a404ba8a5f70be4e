import { parse, serialize } from 'cookie';
import type { Request, Response } from 'express';
import type { Configuration } from './options.js';

/** The cookie of one request: what came, and what goes back. */
export class SessionCookie {
  readonly #request: Request;
  readonly #response: Response;
  readonly #config: Configuration;
  #token: string | undefined;
  #isRead = false;
  #answer: 'none' | 'set' | 'clear' = 'none';

  constructor(request: Request, response: Response, config: Configuration) {
    this.#request = request;
    this.#response = response;
    this.#config = config;
  }

  /** Undefined where there is none. Whether it is a token is for the service to say. */
  get token(): string | undefined {
    if (!this.#isRead) this.#token = readCookie(this.#request, this.#name);
    this.#isRead = true;
    return this.#token;
  }

  /** For as long as the browser is open: what ends the session is the server, not the cookie. */
  set(token: string): void {
    this.#take(token, 'set');
  }

  clear(): void {
    this.#take(undefined, 'clear');
  }

  /** Into the head of the response, at its last moment: whatever else sets cookies or caching cannot undo it. */
  send(): void {
    if (this.#answer === 'none') return;
    const secure = this.#isSecure;
    const cookie = serialize(this.#name, this.#token ?? '', {
      httpOnly: true,
      path: '/',
      sameSite: this.#config.sameSite,
      secure,
      ...(this.#answer === 'clear' && { maxAge: 0 }),
    });
    this.#answer = 'none';
    this.#response.appendHeader('Set-Cookie', cookie);
    // a cache that kept this response would hand the session to others
    this.#response.setHeader('Cache-Control', 'no-store');
    if (!secure) warnOfProxy(this.#request);
  }

  #take(token: string | undefined, answer: 'set' | 'clear'): void {
    this.#isRead = true;
    this.#token = token;
    this.#answer = answer;
  }

  get #isSecure(): boolean {
    return this.#config.secure === 'auto' ? this.#request.secure : this.#config.secure;
  }

  get #name(): string {
    return this.#isSecure ? `__Host-${this.#config.name}` : this.#config.name;
  }
}

function readCookie({ headers }: Request, name: string): string | undefined {
  return headers.cookie === undefined ? undefined : parse(headers.cookie)[name];
}

let warned = false;

function warnOfProxy({ headers, app }: Request): void {
  if (warned || headers['x-forwarded-proto'] !== 'https' || app?.get('trust proxy')) return;
  warned = true;
  process.emitWarning(
    'A session cookie goes out without Secure, although a proxy says that the visitor came by HTTPS. ' +
      'Set app.set("trust proxy", 1), or however many proxies there are, or secure: true.',
    { type: 'SessionWarning', code: 'SESSION_IGNORES_PROXY' },
  );
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { InvalidArgumentError, RedisFunctionsError } from '@redis-functions/core';
import { serialize } from 'cookie';
import { cookieValues } from '../cookie-header.js';
import { toSecrets } from '../options.js';
import type { HttpPlatform } from '../platform.js';
import type { RequestSession } from '../request-session.js';
import { CsrfError } from './csrf-error.js';
import { isCsrfToken, isSame, makeCsrfToken } from './csrf-token.js';
import { type Source, sourceOf } from './fetch-metadata.js';

/** RFC 9110, 9.2.1: nobody is hurt by a request that only asks. */
const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

export interface CsrfOptions {
  /** Further origins whose pages may send requests, such as `https://admin.example.com`. Default: none. */
  trustedOrigins?: readonly string[];
  /**
   * Of at least 32 characters; the first makes tokens, all are accepted. With it, a browser that does not say where its
   * requests come from can show by a token that a page of this site made it. Default: none, such browsers are refused.
   */
  tokenSecret?: string | readonly string[];
  /** Where a request has its token. Default: the header `x-csrf-token`. */
  tokenOf?: (request: IncomingMessage) => string | undefined;
  /** Requests that no browser sends for a visitor, such as webhooks with a signature of their own. Default: none. */
  exempt?: (request: IncomingMessage) => boolean;
}

const KNOWN: readonly string[] = ['trustedOrigins', 'tokenSecret', 'tokenOf', 'exempt'] satisfies (keyof CsrfOptions)[];
const COOKIE = 'csrf';

/** Refuses requests that another site had the visitor's browser send. */
export class CsrfProtection {
  readonly #platform: HttpPlatform;
  readonly #trusted: ReadonlySet<string>;
  readonly #secrets: readonly string[];
  readonly #tokenOf: (request: IncomingMessage) => string | undefined;
  readonly #exempt: (request: IncomingMessage) => boolean;

  /** @throws InvalidArgumentError that names the option. */
  constructor(platform: HttpPlatform, options: CsrfOptions = {}) {
    const { trustedOrigins = [], tokenSecret = [], tokenOf = headerToken, exempt = () => false } = options;
    const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
    if (unknown !== undefined) {
      throw new InvalidArgumentError(unknown, `There is no option "${unknown}". Choose from ${KNOWN.join(', ')}.`);
    }
    const wrong = trustedOrigins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
    if (wrong !== undefined) {
      throw new InvalidArgumentError(
        'trustedOrigins',
        `${wrong} is no origin. Give scheme and host: https://example.com`,
      );
    }
    this.#platform = platform;
    this.#trusted = new Set(trustedOrigins);
    this.#secrets = toSecrets('tokenSecret', tokenSecret);
    this.#tokenOf = tokenOf;
    this.#exempt = exempt;
  }

  /**
   * @param session Whose token it must be; undefined where the application has no sessions.
   * @throws CsrfError (status 403); UnavailableError where a token must be checked and Redis is away.
   */
  async check(request: IncomingMessage, response: ServerResponse, session: RequestSession | undefined): Promise<void> {
    if (SAFE_METHODS.has(request.method)) return;
    response.appendHeader('Vary', 'Sec-Fetch-Site, Origin');
    if (this.#exempt(request)) return;
    const source = this.#sourceOf(request);
    if (source === 'this-site') return;
    if (source === 'other-site') {
      throw new CsrfError(
        'CSRF_OTHER_SITE',
        'The request was sent by a page of another site. Add its origin to trustedOrigins if it may.',
      );
    }
    // no browser, or one that sends nothing of the visitor's along: there is nothing that another site could use
    if (request.headers.cookie === undefined) return;
    await this.#checkToken(request, session);
  }

  /**
   * A token for a form or a script of a page, and a cookie that goes with it. It holds for the session until the next
   * login or logout.
   */
  async token(
    request: IncomingMessage,
    response: ServerResponse,
    session: RequestSession | undefined,
  ): Promise<string> {
    const [secret] = this.#secrets;
    if (secret === undefined) {
      throw new RedisFunctionsError('CSRF_WITHOUT_SECRET', 'There is no secret for tokens. Give tokenSecret.');
    }
    const handle = await handleOf(session);
    const [current] = cookieValues(request.headers.cookie, this.#cookieName(request));
    // one for all pages of a session: the newest tab must not make the tokens of the others worthless
    if (current !== undefined && isCsrfToken(current, this.#secrets, handle)) return current;
    const token = makeCsrfToken(secret, handle);
    const secure = this.#platform.isSecure(request);
    response.appendHeader(
      'Set-Cookie',
      // scripts of the page read it, to send it back in a header
      serialize(this.#cookieName(request), token, { path: '/', sameSite: 'strict', secure }),
    );
    return token;
  }

  /** For requests that open a WebSocket: browsers let every page do that, with the visitor's cookies. */
  isOfOtherSite(request: IncomingMessage): boolean {
    return this.#sourceOf(request) === 'other-site';
  }

  #sourceOf(request: IncomingMessage): Source {
    return sourceOf(request, this.#ownOrigin(request), this.#trusted);
  }

  async #checkToken(request: IncomingMessage, session: RequestSession | undefined): Promise<void> {
    const token = this.#secrets.length > 0 ? this.#tokenOf(request) : undefined;
    if (typeof token !== 'string') {
      throw new CsrfError(
        'CSRF_TOKEN_MISSING',
        'The browser does not say where the request comes from, and it has no token. Send one in x-csrf-token.',
      );
    }
    const [cookie] = cookieValues(request.headers.cookie, this.#cookieName(request));
    const isRight =
      cookie !== undefined && isSame(cookie, token) && isCsrfToken(token, this.#secrets, await handleOf(session));
    if (!isRight) {
      throw new CsrfError(
        'CSRF_TOKEN_WRONG',
        'The token is not one of this session. Load the page again for a new one.',
      );
    }
  }

  #ownOrigin(request: IncomingMessage): string | undefined {
    const host = this.#platform.hostOf(request);
    const own = `${this.#platform.isSecure(request) ? 'https' : 'http'}://${host}`;
    // without a port that goes without saying, as browsers write it
    return host !== undefined && URL.canParse(own) ? new URL(own).origin : undefined;
  }

  #cookieName(request: IncomingMessage): string {
    return this.#platform.isSecure(request) ? `__Host-${COOKIE}` : COOKIE;
  }
}

function headerToken({ headers }: IncomingMessage): string | undefined {
  const token = headers['x-csrf-token'];
  return typeof token === 'string' ? token : undefined;
}

async function handleOf(session: RequestSession | undefined): Promise<string> {
  return (await session?.load())?.handle ?? '';
}

import { parse, serialize } from 'cookie';
import type { Request, Response } from 'express';
import type { Configuration } from './options.js';

/** The cookie of one request: what came, and what goes back. */
export class SessionCookie {
  readonly #request: Request;
  readonly #response: Response;
  readonly #config: Configuration;

  constructor(request: Request, response: Response, config: Configuration) {
    this.#request = request;
    this.#response = response;
    this.#config = config;
  }

  /** Undefined where there is none. Whether it is a token is for the service to say. */
  read(): string | undefined {
    const header = this.#request.headers.cookie;
    return header === undefined ? undefined : parse(header)[this.#name];
  }

  /** For as long as the browser is open: what ends the session is the server, not the cookie. */
  set(token: string): void {
    this.#write(token, undefined);
  }

  clear(): void {
    this.#write('', 0);
  }

  get #secure(): boolean {
    return this.#config.secure === 'auto' ? this.#request.secure : this.#config.secure;
  }

  get #name(): string {
    return this.#secure ? `__Host-${this.#config.name}` : this.#config.name;
  }

  #write(value: string, maxAge: number | undefined): void {
    const cookie = serialize(this.#name, value, {
      httpOnly: true,
      path: '/',
      sameSite: this.#config.sameSite,
      secure: this.#secure,
      ...(maxAge !== undefined && { maxAge }),
    });
    // one per response: a login after a start must not leave two for the browser to choose from
    const others = toList(this.#response.getHeader('Set-Cookie')).filter(
      (other) => !other.startsWith(`${this.#name}=`),
    );
    this.#response.setHeader('Set-Cookie', [...others, cookie]);
    // a cache that kept this response would hand the session to others
    this.#response.setHeader('Cache-Control', 'no-store');
  }
}

function toList(header: number | string | readonly string[] | undefined): readonly string[] {
  if (header === undefined) return [];
  return Array.isArray(header) ? header : [String(header)];
}

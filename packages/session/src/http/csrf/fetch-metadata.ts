import type { IncomingMessage } from 'node:http';

/** Where a request comes from, as far as the browser that sent it says. */
export type Source = 'this-site' | 'other-site' | 'unknown';

/**
 * By `Sec-Fetch-Site`, which pages cannot set; where it is missing (old browsers, plain HTTP) by `Origin`, and by
 * `Referer` where that is missing as well.
 *
 * Source: OWASP CSRF Prevention Cheat Sheet, "Fetch Metadata headers"; W3C Fetch Metadata Request Headers.
 *
 * @param own Scheme, host and port of this site.
 * @param trusted Further origins that may send requests.
 */
export function sourceOf({ headers }: IncomingMessage, own: string | undefined, trusted: ReadonlySet<string>): Source {
  const site = headers['sec-fetch-site'];
  const origin = headers.origin ?? originOf(headers.referer);
  if (origin !== undefined && trusted.has(origin)) return 'this-site';
  // none: the visitor's own doing, such as an address that they typed
  if (site === 'same-origin' || site === 'none') return 'this-site';
  // another host of the domain counts as another site: it may be somebody else's
  if (site !== undefined) return 'other-site';
  if (origin === undefined) return 'unknown';
  return origin === own ? 'this-site' : 'other-site';
}

function originOf(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  // what is no URL is of no site
  return URL.canParse(url) ? new URL(url).origin : 'null';
}

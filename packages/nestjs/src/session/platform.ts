import type { IncomingMessage } from 'node:http';
import type { HttpPlatform } from '@redis-functions/session';
import { toException } from './session.exception.js';

/** What Express's and Fastify's requests know, each by the proxy settings of its application. */
interface FrameworkRequest {
  readonly secure?: boolean;
  readonly protocol?: string;
  readonly host?: string;
  readonly ip?: string;
  readonly app?: { get(name: string): unknown };
  readonly server?: { readonly initialConfig?: { readonly trustProxy?: unknown } };
}

const requests = new WeakMap<IncomingMessage, FrameworkRequest>();

/** Fastify's request is another object than Node's, which is what sessions are made of. */
export function knowAs(raw: IncomingMessage, request: object): void {
  requests.set(raw, request);
}

/** The parts of both frameworks that are needed. */
interface Framework {
  /** Express */
  readonly request?: object;
  /** Fastify */
  readonly initialConfig?: { readonly trustProxy?: unknown };
}

interface Adapter {
  getType(): string;
  getInstance(): unknown;
}

/** No framework has seen a request that opens a WebSocket; it is read as the framework would have read it. */
export function knowUpgrade(raw: IncomingMessage, adapter: Adapter): void {
  if (requests.has(raw)) return;
  const framework = adapter.getInstance() as Framework;
  const { headers, socket } = raw;
  if (adapter.getType() === 'express' && framework.request) {
    const parts = { headers: { value: headers }, socket: { value: socket }, connection: { value: socket } };
    knowAs(raw, Object.create(framework.request, parts));
    return;
  }
  const trusts = Boolean(framework.initialConfig?.trustProxy);
  const forwarded = (name: string) =>
    (trusts
      ? String(headers[name] ?? '')
          .split(',')[0]
          ?.trim()
      : '') || undefined;
  const own = 'encrypted' in socket ? 'https' : 'http';
  const host = forwarded('x-forwarded-host') ?? headers.host;
  knowAs(raw, { protocol: forwarded('x-forwarded-proto') ?? own, ...(host !== undefined && { host }) });
}

/** Express's request is Node's. */
export const NEST: HttpPlatform = {
  isSecure: (raw) => of(raw).secure ?? of(raw).protocol === 'https',
  hostOf: (raw) => hostOf(raw),
  addressOf: (raw) => of(raw).ip ?? raw.socket.remoteAddress,
  trustsProxy: (raw) => Boolean(of(raw).app?.get('trust proxy') ?? of(raw).server?.initialConfig?.trustProxy),
  toError: toException,
};

function of(raw: IncomingMessage): FrameworkRequest {
  return requests.get(raw) ?? (raw as FrameworkRequest);
}

function hostOf(raw: IncomingMessage): string | undefined {
  const { host } = of(raw);
  // Express 4 says it without the port
  return host?.includes(':') || !raw.headers.host?.startsWith(`${host}:`)
    ? (host ?? raw.headers.host)
    : raw.headers.host;
}

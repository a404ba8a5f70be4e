import { redactUrl } from '@redis-functions/core';

/** One server, and how to enter. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly username: string;
  readonly password: string;
  readonly database: number;
}

/** @throws InvalidArgumentError for what is no URL of Redis. */
export function toAddress(url: string, defaultPort = 6379): ServerAddress {
  redactUrl(url);
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname.replace(/^\[|\]$/g, '') || 'localhost',
    port: Number(port || defaultPort),
    isTls: protocol === 'rediss:',
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: Number(pathname.slice(1)) || 0,
  };
}

/** For messages: without user name and password. */
export function describeAddress({ host, port, isTls }: ServerAddress): string {
  return `${isTls ? 'rediss' : 'redis'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

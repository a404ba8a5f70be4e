import { InvalidArgumentError, RedisFunctions } from '@redis-functions/core';
import { type HttpSessionOptions, SessionService, type SessionServiceOptions } from '@redis-functions/session';

const DEFAULT_URL = 'redis://localhost:6379';

/** Every option may be left out; in production, all but the routing key. */
export interface SessionOptions extends SessionServiceOptions, HttpSessionOptions {
  /** A service that exists already, for example the one that NestJS injects; its own options are then given there. */
  service?: SessionService;
  /**
   * `redis://` or `rediss://`: a connection of its own, closed by `close()`. Default, where neither this nor `service`,
   * `client` or `functions` is given: the environment's REDIS_URL, else redis://localhost:6379.
   */
  url?: string;
  /** As for `SessionService`. Default: the environment's SESSION_ROUTING_KEY. */
  routingKey?: string | readonly string[];
}

/** Where the sessions are, and how to let go of it. */
export interface OpenService {
  readonly service: SessionService;
  close(): Promise<void>;
}

/** @throws InvalidArgumentError that names the option. */
export function openService({ service, url, ...options }: Omit<SessionOptions, keyof HttpSessionOptions>): OpenService {
  if (service !== undefined) {
    const [other] = Object.keys({ ...(url !== undefined && { url }), ...options });
    if (other === undefined) return { service, close: async () => {} };
    throw new InvalidArgumentError(other, `${other} is an option of the service, which is given. Set it there.`);
  }
  const withKey = { ...routingKeyOf(process.env), ...options };
  if (options.client !== undefined || options.functions !== undefined) {
    if (url !== undefined) {
      throw new InvalidArgumentError('url', 'url is given with client or functions. Give one of them.');
    }
    const own = new SessionService(withKey);
    return { service: own, close: () => own.close() };
  }
  // an empty REDIS_URL is one that was not set
  const functions = new RedisFunctions({ url: url ?? (process.env['REDIS_URL'] || DEFAULT_URL) });
  const own = new SessionService({ ...withKey, functions });
  return {
    service: own,
    async close() {
      await own.close();
      await functions.close();
    },
  };
}

function routingKeyOf({ SESSION_ROUTING_KEY: routingKey }: NodeJS.ProcessEnv): { routingKey?: string } {
  return routingKey ? { routingKey } : {};
}

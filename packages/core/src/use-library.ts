import type { Handle } from './call/handle.js';
import type { RedisClient } from './client/adapt.js';
import type { FunctionTable, Library } from './define/library.js';
import { InvalidArgumentError } from './errors.js';
import type { CallOptions } from './options.js';
import { RedisFunctions } from './redis-functions.js';

/** How a service that is made on this package reaches its server. */
export interface LibraryConnection {
  /** A client of `redis` or `ioredis`. You opened it, you close it. Give this or `functions`. */
  client?: RedisClient;
  /** An existing `RedisFunctions`: its connection, mode and deploy policy are used. Give this or `client`. */
  functions?: RedisFunctions;
}

/**
 * The functions of a library for a service: of the `RedisFunctions` it was given, else of one on the client it was given.
 * Nothing is opened here, so there is nothing to close.
 *
 * @throws InvalidArgumentError unless exactly one of `client` and `functions` is given.
 */
export function useLibrary<F extends FunctionTable>(
  { client, functions }: LibraryConnection,
  library: Library<F>,
  options?: CallOptions,
): Handle<F> {
  if (functions !== undefined && client === undefined) return functions.use(library, options);
  if (client !== undefined && functions === undefined) return new RedisFunctions({ client }).use(library, options);
  throw new InvalidArgumentError('client', 'Neither or both of client and functions are given. Give one of them.');
}

import { RedisFunctionsError } from '@redis-functions/core';

/** There is no server binary to start. */
export class ServerNotFoundError extends RedisFunctionsError {
  override readonly name = 'ServerNotFoundError';

  constructor(looked: string) {
    super('SERVER_NOT_FOUND', `No redis-server or valkey-server found (${looked}). ${HOW_TO_INSTALL}`);
  }
}

/** A server process did not come up. */
export class ServerStartError extends RedisFunctionsError {
  override readonly name = 'ServerStartError';

  constructor(message: string, options?: ErrorOptions) {
    super('SERVER_START_FAILED', message, options);
  }
}

/** A server could not be fetched from the distribution's packages. */
export class ServerFetchError extends RedisFunctionsError {
  override readonly name = 'ServerFetchError';

  constructor(reason: string, options?: ErrorOptions) {
    super('SERVER_FETCH_FAILED', `Cannot fetch a server: ${reason}. ${HOW_TO_INSTALL}`, options);
  }
}

/** One sentence per system. */
export const HOW_TO_INSTALL = [
  'Debian and Ubuntu: apt-get install redis-server.',
  'Fedora: dnf install valkey.',
  'Alpine: apk add valkey.',
  'macOS: brew install valkey.',
  'Windows: use WSL and the Ubuntu way.',
  'Anywhere: name a binary in REDIS_FUNCTIONS_SERVER.',
].join(' ');

import { RedisFunctionsError } from '@redis-functions/core';

/** There is no server binary to start. */
export class ServerNotFoundError extends RedisFunctionsError {
  override readonly name = 'ServerNotFoundError';

  constructor(looked: string) {
    super('SERVER_NOT_FOUND', `No redis-server or valkey-server found (${looked}). ${HOW_TO_INSTALL}`);
  }
}

/** A server process did not come up. PORT_IN_USE: the port that was asked for is somebody else's. */
export class ServerStartError extends RedisFunctionsError {
  override readonly name = 'ServerStartError';

  constructor(code: 'SERVER_START_FAILED' | 'PORT_IN_USE', message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A server that was asked something does not run, or does not answer. */
export class ServerSilentError extends RedisFunctionsError {
  override readonly name = 'ServerSilentError';

  constructor(url: string, reason: string, options?: ErrorOptions) {
    const { hostname, port } = new URL(url);
    super('SERVER_SILENT', `The server at ${hostname}:${port} ${reason}. Call restart() or resume() first.`, options);
  }
}

/** Servers that form one Redis did not agree in time on who is what. */
export class NotSettledError extends RedisFunctionsError {
  override readonly name = 'NotSettledError';

  constructor(timeoutMs: number, reason: string, options?: ErrorOptions) {
    super(
      'NOT_SETTLED',
      `Not settled after ${timeoutMs} ms: ${reason}. Look at the log of its servers, or give it more time.`,
      options,
    );
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

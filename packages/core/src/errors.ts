/**
 * Errors of this package. Each has a stable `code` (one heading each in docs/errors.md), a message whose last sentence
 * says what to do, and the `cause` where there is one.
 */
export class RedisFunctionsError extends Error {
  override readonly name: string = 'RedisFunctionsError';
  /** Stable, machine-readable reason. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A library or function definition that could never work: found when it is defined, before any server is asked. */
export class InvalidDefinitionError extends RedisFunctionsError {
  override readonly name = 'InvalidDefinitionError';

  constructor(message: string, options?: ErrorOptions) {
    super('INVALID_DEFINITION', message, options);
  }
}

/** A key or argument that was refused before the network. `field` names it. */
export class InvalidArgumentError extends RedisFunctionsError {
  override readonly name = 'InvalidArgumentError';
  readonly field: string;

  constructor(field: string, message: string, options?: ErrorOptions) {
    super('INVALID_ARGUMENT', message, options);
    this.field = field;
  }
}

/** A reply that does not have the shape its decoder expects: usually an older library on the server. */
export class UnexpectedReplyError extends RedisFunctionsError {
  override readonly name = 'UnexpectedReplyError';

  constructor(message: string, options?: ErrorOptions) {
    super('UNEXPECTED_REPLY', message, options);
  }
}

/** No answer within the deadline, or no connection. Whether the server ran the call is unknown. */
export class UnavailableError extends RedisFunctionsError {
  override readonly name = 'UnavailableError';

  constructor(
    code: 'DEADLINE_EXCEEDED' | 'NOT_CONNECTED' | 'CONNECTION_LOST' | 'CLOSED',
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** A library could not be brought to the server, or must not be. */
export class DeployError extends RedisFunctionsError {
  override readonly name = 'DeployError';
  readonly library: string;

  constructor(
    code: 'ALREADY_EXISTS' | 'DRIFT' | 'INCOMPATIBLE' | 'LOAD_REFUSED' | 'NOT_DEPLOYED' | 'NOT_REPLICATED' | 'UNSAFE',
    library: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.library = library;
  }
}

/** A payload for `restore` that cannot be read: cut off, changed on its way, or something else. Nothing was sent. */
export class InvalidPayloadError extends RedisFunctionsError {
  override readonly name = 'InvalidPayloadError';

  constructor(message: string, options?: ErrorOptions) {
    super('INVALID_PAYLOAD', message, options);
  }
}

/** The server ran (or refused) a call and answered with an error. `code` is the server's or the function's own code. */
export class FunctionCallError extends RedisFunctionsError {
  override readonly name = 'FunctionCallError';
  /** Name of the library, where it is known to this client. */
  readonly library: string | undefined;
  /** Name of the function that was called. */
  readonly functionName: string;
  /** Line of the library file where the error was raised; absent for errors that a function returned on purpose. */
  readonly line: number | undefined;

  constructor(
    code: string,
    message: string,
    where: { library: string | undefined; functionName: string; line: number | undefined },
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.library = where.library;
    this.functionName = where.functionName;
    this.line = where.line;
  }
}

/** A sentence for the person at the terminal, which ends with the remedy. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** 1: refused or failed. 2: the command was given wrongly. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

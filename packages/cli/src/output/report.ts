import type { Terminal } from './terminal.js';

/** What a command found out or did: the same for people and for programs. */
export interface Report {
  /** Printed with `--json`. */
  readonly json: unknown;
  /** Printed without; ends with a line break where it is not empty. */
  readonly text: string;
  /** The exit code is 1: what was asked for is not so. */
  readonly failed?: boolean;
}

export function printReport({ json, text }: Report, asJson: boolean, terminal: Terminal): void {
  terminal.out(asJson ? `${JSON.stringify(json, undefined, 2)}\n` : text);
}

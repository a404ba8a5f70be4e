/** Where a command writes, and whom it asks. */
export interface Terminal {
  /** Results. */
  out(text: string): void;
  /** What is wrong, and what goes on meanwhile. */
  err(text: string): void;
  /** A person sees what is written, and can be asked. */
  readonly isInteractive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @returns False where the person says no, or goes away. */
  confirm(question: string): Promise<boolean>;
  /** Begins to read what is typed, line by line. */
  lines(): TerminalLines;
}

/** What is typed, or comes through a pipe. */
export interface TerminalLines {
  /** @returns Undefined where there are no more: the input has ended, Ctrl-C was pressed, the terminal went away. */
  next(prompt: string): Promise<string | undefined>;
  /** Hears of Ctrl-C ('interrupt') and of the end of the terminal ('terminate') while nothing is asked. */
  onInterrupt(listener: (signal: 'interrupt' | 'terminate') => void): void;
  close(): void;
}

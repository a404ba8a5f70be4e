/** Where a command writes, and whom it asks. */
export interface Terminal {
  /** Results. */
  out(text: string): void;
  /** What is wrong, and what goes on meanwhile. */
  err(text: string): void;
  /** A person sees what is written, and can be asked. */
  readonly isInteractive: boolean;
  readonly hasColour: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @returns False where the person says no, or goes away. */
  confirm(question: string): Promise<boolean>;
}

import { createInterface } from 'node:readline';
import { takeSignals } from './signals.js';
import type { TerminalLines } from './terminal.js';

/** The lines of the standard input. A prompt is shown to people only; what a pipe brings early waits. */
export function processLines(isInteractive: boolean): TerminalLines {
  const reader = createInterface({
    input: process.stdin,
    ...(isInteractive && { output: process.stderr }),
    terminal: isInteractive,
  });
  const early: string[] = [];
  let hasEnded = false;
  let answer: ((line: string | undefined) => void) | undefined;
  let hear: (signal: 'interrupt' | 'terminate') => void = () => {};

  const give = (line: string | undefined) => {
    answer?.(line);
    answer = undefined;
  };
  const end = () => {
    hasEnded = true;
    give(undefined);
  };
  const interrupt = () => (answer ? end() : hear('interrupt'));
  const terminate = () => {
    end();
    hear('terminate');
  };
  reader.on('line', (line) => {
    if (answer) give(line);
    else early.push(line);
  });
  reader.on('close', end);
  reader.on('SIGINT', interrupt);
  const giveBack = takeSignals((signal) => (signal === 'SIGINT' ? interrupt() : terminate()));

  return {
    next(prompt) {
      const line = early.shift();
      if (line !== undefined || hasEnded) return Promise.resolve(line);
      if (isInteractive) {
        reader.setPrompt(prompt);
        reader.prompt();
      }
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    onInterrupt(listener) {
      hear = listener;
    },
    close() {
      reader.close();
      giveBack();
    },
  };
}

import { createInterface } from 'node:readline/promises';
import { processLines } from './process-lines.js';
import type { Terminal } from './terminal.js';

/** The terminal of this process. Nothing is coloured: tables and diffs are the same for people, pipes and logs. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  // whoever reads the output may have seen enough: `… | head`
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // EIO: the terminal itself is gone
      if (error.code === 'EPIPE' || error.code === 'EIO') process.exit(process.exitCode ?? 0);
      throw error;
    });
  }
  const isInteractive = stdin.isTTY === true && stderr.isTTY === true;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    isInteractive,
    env,
    async confirm(question) {
      const lines = createInterface({ input: stdin, output: stderr });
      const gone = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
      try {
        const answer = await Promise.race([lines.question(`${question} [y/N] `), gone]);
        return /^y(es)?$/i.test(answer.trim());
      } finally {
        lines.close();
      }
    },
    lines: () => processLines(isInteractive),
  };
}

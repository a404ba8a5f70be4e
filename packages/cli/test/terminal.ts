import type { Terminal } from '../src/output/terminal.js';
import { run } from '../src/program.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What was asked. */
  readonly questions: readonly string[];
}

interface Given {
  url?: string;
  answer?: boolean | undefined;
  /** Lines, one after another; a function is run when its turn comes, with what has been printed so far. */
  typed?: readonly (string | ((printed: string) => Promise<string>))[] | undefined;
}

/** Runs the program as it is run in a terminal, or in a pipe where no answer is given. */
export async function runCli(argv: readonly string[], { url, answer, typed = [] }: Given = {}): Promise<Ran> {
  let [out, err] = ['', ''];
  const questions: string[] = [];
  const terminal: Terminal = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isInteractive: answer !== undefined,
    env: url === undefined ? {} : { REDIS_URL: url },
    confirm: async (question) => {
      questions.push(question);
      return answer === true;
    },
    lines: () => {
      const left = [...typed];
      return {
        next: async () => {
          const line = left.shift();
          return typeof line === 'function' ? line(out + err) : line;
        },
        onInterrupt: () => {},
        close: () => {},
      };
    },
  };
  const code = await run(argv, terminal);
  return { code, out, err, questions };
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type SelfTime, startProfile } from './profile.js';

type Question = 'cpu' | 'faked' | 'start profile' | 'stop profile';

/** An HTTP server in a process of its own, so that its CPU time is nothing but its own. */
export class AppProcess {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** @param file Calls `serveApp`. @param args What it finds in `process.argv`. */
  static async start(file: URL, args: readonly string[]): Promise<AppProcess> {
    const child = fork(file, args, { env: { ...process.env, NODE_ENV: 'production' }, serialization: 'advanced' });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`${file.pathname} ${args.join(' ')} ended with ${code}.`);
    });
    const [port] = await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => {});
    return new AppProcess(child, port as number);
  }

  /** CPU time since its start, user and system, in µs. */
  async cpuUs(): Promise<number> {
    return (await this.#ask('cpu')) as number;
  }

  /** How many responses since its start were not what was asked for, as far as the app itself can tell. */
  async faked(): Promise<number> {
    return (await this.#ask('faked')) as number;
  }

  async profile(work: () => Promise<unknown>): Promise<SelfTime[]> {
    await this.#ask('start profile');
    await work();
    return (await this.#ask('stop profile')) as SelfTime[];
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  async #ask(question: Question): Promise<unknown> {
    const answer = once(this.#child, 'message');
    this.#child.send(question);
    return (await answer)[0];
  }
}

/** In the child: says where it listens, answers questions, and ends when nobody asks any more. */
export function serveApp(port: number, faked: () => number): void {
  let stop: (() => Promise<SelfTime[]>) | undefined;
  const answers: Record<Question, () => unknown> = {
    cpu: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    faked,
    'start profile': async () => {
      stop = await startProfile();
      return true;
    },
    'stop profile': () => stop?.(),
  };
  process.on('disconnect', () => process.exit());
  process.on('message', (question: Question) => {
    Promise.resolve(answers[question]()).then(
      (answer) => process.send?.(answer),
      (error) => {
        throw error;
      },
    );
  });
  process.send?.(port);
}

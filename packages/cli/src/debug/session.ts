import { CliError } from '../output/cli-error.js';
import type { LdbConnection } from './ldb-connection.js';
import { type LdbLine, readLine } from './ldb-lines.js';
import type { LuaSource } from './lua-source.js';
import { readValues, renderValue } from './lua-value.js';
import { type Reply, ServerError } from './resp.js';
import type { DebugScript } from './script.js';

export interface Stopped {
  readonly kind: 'stopped';
  readonly line: number;
  readonly reason: 'entry' | 'step' | 'breakpoint' | 'pause' | 'endless';
}

export interface Ended {
  readonly kind: 'ended';
  /** Of the function; an error where it raised one. */
  readonly reply: Reply;
  readonly wasAborted: boolean;
}

/** What the function does on the way. */
export type Output =
  | { readonly kind: 'command'; readonly command: string; readonly reply: string }
  | { readonly kind: 'log' | 'notice'; readonly text: string };

export interface Frame {
  readonly name: string;
  readonly line: number;
}

/** The server has room for 64; one is for the call itself. */
export const MOST_BREAKPOINTS = 63;
/**
 * The server shows commands only while it steps, so a longer way is stepped, for this long. After that it runs at full
 * speed, unseen.
 */
const SEEN_MS = 2_000;

/**
 * A function under the server's debugger. It is stopped at a line or it has ended; each method that moves it on resolves
 * with which of the two, and none may be called while another is under way, `pause` and `abort` excepted.
 */
export class DebugSession {
  readonly source: LuaSource;
  readonly script: DebugScript;
  /** Of the function, in this session. */
  readonly commands: { command: string; reply: string }[] = [];
  onOutput: (output: Output) => void = () => {};
  readonly #connection: LdbConnection;
  readonly #breakpoints = new Set<number>();
  #state: Stopped | Ended = { kind: 'stopped', line: 1, reason: 'step' };
  #isMoving = false;
  #wish: 'none' | 'pause' | 'abort' = 'none';
  #command: string | undefined;

  constructor(connection: LdbConnection, source: LuaSource, script: DebugScript) {
    this.#connection = connection;
    this.source = source;
    this.script = script;
  }

  get state(): Stopped | Ended {
    return this.#state;
  }

  /** Runs what the file does when it is loaded, and stops at the first line of the function. */
  async enter(): Promise<Stopped | Ended> {
    return this.#moving(async () => {
      await this.send(['maxlen', '0']);
      const { callLine } = this.script;
      await this.send(['break', String(callLine)]);
      const called = await this.#advance('continue');
      if (called.kind === 'ended' || called.line !== callLine) return called;
      await this.send(['break', String(-callLine)]);
      const entered = await this.#step();
      return entered.kind === 'stopped' && entered.reason !== 'pause' ? { ...entered, reason: 'entry' } : entered;
    });
  }

  /** @returns The lines that it will stop at: those that something happens in, as many as the server has room for. */
  async setBreakpoints(lines: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const stops = new Map<number, number>();
    for (const line of lines) {
      const stop = this.source.stopFor(line);
      const isNew = stop !== undefined && ![...stops.values()].includes(stop);
      if (stop !== undefined && (!isNew || new Set(stops.values()).size < MOST_BREAKPOINTS)) stops.set(line, stop);
    }
    const wanted = new Set(stops.values());
    for (const line of this.#breakpoints) if (!wanted.has(line)) await this.#setBreakpoint(line, false);
    for (const line of wanted) if (!this.#breakpoints.has(line)) await this.#setBreakpoint(line, true);
    return stops;
  }

  get breakpoints(): readonly number[] {
    return [...this.#breakpoints].sort((a, b) => a - b);
  }

  async #setBreakpoint(line: number, isSet: boolean): Promise<void> {
    await this.send(['break', String(isSet ? line : -line)]);
    if (isSet) this.#breakpoints.add(line);
    else this.#breakpoints.delete(line);
  }

  /** To the next line, wherever it is. */
  step(): Promise<Stopped | Ended> {
    return this.#moving(() => this.#step());
  }

  /** To the next line of this function; what it calls runs through. */
  async next(): Promise<Stopped | Ended> {
    const depth = (await this.trace()).length;
    return this.#stepUntil((frames) => frames <= depth);
  }

  /** To the function that called this one. */
  async out(): Promise<Stopped | Ended> {
    const depth = (await this.trace()).length;
    return this.#stepUntil((frames) => frames < depth);
  }

  /** To the next breakpoint, or the end. */
  continue(): Promise<Stopped | Ended> {
    return this.#moving(async () => {
      const since = Date.now();
      while (Date.now() - since < SEEN_MS) {
        const state = await this.#step();
        if (this.#isDone(state)) return state;
      }
      this.#say({ kind: 'notice', text: 'It takes long: it runs at full speed now, and commands are not shown.' });
      const state = await this.#advance('continue');
      return state.kind === 'stopped' && state.line === this.script.callLine ? this.#step() : state;
    });
  }

  /** Stops at the next line, if it is stepped; what runs at full speed is stopped by the server after five seconds. */
  pause(): void {
    if (this.#isMoving) this.#wish = 'pause';
  }

  /** The functions that are under way, the innermost first; the file itself is none. */
  async trace(): Promise<Frame[]> {
    const frames: Frame[] = [];
    let name = '?';
    for (const line of await this.send(['trace'])) {
      if (line.kind === 'frame') name = line.name;
      else if (line.kind === 'source' && line.line < this.script.callLine) {
        frames.push({ name: this.source.functionAt(line.line).name ?? name, line: line.line });
      }
    }
    return frames;
  }

  /** Ends the function here. Where the server has forked, nothing of it is left. */
  async abort(): Promise<void> {
    if (this.#state.kind === 'ended') return;
    if (this.#isMoving) {
      this.#wish = 'abort';
      // what runs at full speed does not listen: without a debugger a fork runs to its end, which nobody sees
      setTimeout(() => this.close(), 1_000).unref();
      return;
    }
    const ended = await this.#advance('abort').catch(() => undefined);
    const reply = ended?.kind === 'ended' ? ended.reply : null;
    this.#state = { kind: 'ended', reply, wasAborted: true };
    this.close();
  }

  close(): void {
    this.#connection.close();
  }

  /** A command of the server's debugger, while the function is stopped. */
  async send(command: readonly string[]): Promise<LdbLine[]> {
    if (this.#state.kind === 'ended') throw new CliError('The function has ended. Begin again.');
    return toLines(await this.#connection.request(command));
  }

  async #moving(move: () => Promise<Stopped | Ended>): Promise<Stopped | Ended> {
    if (this.#state.kind === 'ended') throw new CliError('The function has ended. Begin again.');
    this.#isMoving = true;
    this.#wish = 'none';
    try {
      this.#state = await move();
    } finally {
      this.#isMoving = false;
    }
    // asked for by another than who moved it, who is told here
    if ((this.#wish as string) === 'abort') await this.abort();
    if (this.#state.kind === 'ended') this.close();
    return this.#state;
  }

  #isDone(state: Stopped | Ended): boolean {
    return state.kind === 'ended' || state.reason !== 'step' || this.#wish !== 'none';
  }

  #stepUntil(isThere: (depth: number) => boolean): Promise<Stopped | Ended> {
    return this.#moving(async () => {
      const around = new Set((await this.trace()).map(({ line }) => this.source.functionAt(line)));
      for (;;) {
        const state = await this.#step();
        if (state.kind === 'ended' || this.#isDone(state)) return state;
        // in a function that was not under way it is deeper for certain: asking costs as much as the step
        if (around.has(this.source.functionAt(state.line)) && isThere((await this.trace()).length)) return state;
      }
    });
  }

  async #step(): Promise<Stopped | Ended> {
    for (let before = this.#state.kind === 'stopped' ? this.#state.line : 0; ; ) {
      const state = await this.#advance('step');
      if (state.kind === 'ended') return state;
      if (this.#wish === 'pause') return { ...state, reason: 'pause' };
      // the line of the call is reached this way where a breakpoint stopped what the file does when it is loaded
      const isCall = state.line === this.script.callLine;
      const isEcho = isCall || (state.reason === 'step' && this.source.isEcho(state.line, before));
      this.#state = state;
      if (!isEcho || this.#wish !== 'none') return state;
      before = 0;
    }
  }

  async #advance(command: 'step' | 'continue' | 'abort'): Promise<Stopped | Ended> {
    for (const line of toLines(await this.#connection.run([command]))) {
      if (line.kind === 'stopped') return { kind: 'stopped', line: line.line, reason: reasonOf(line.reason) };
      if (line.kind === 'end') {
        return { kind: 'ended', reply: await this.#connection.next(), wasAborted: command === 'abort' };
      }
      this.#hear(line);
    }
    throw new CliError(`${this.#connection.name} does not say where it stopped. Begin again.`);
  }

  #hear(line: LdbLine): void {
    if (line.kind === 'call') this.#command = line.text;
    if (line.kind === 'reply' && this.#command !== undefined) {
      const done = { command: this.#command, reply: line.text };
      this.#command = undefined;
      this.commands.push(done);
      this.#say({ kind: 'command', ...done });
    }
    if (line.kind === 'debug') this.#say({ kind: 'log', text: toLog(line.text) });
  }

  #say(output: Output): void {
    this.onOutput(output);
  }
}

export function toLines(reply: Reply): LdbLine[] {
  if (reply instanceof ServerError) throw reply;
  return (Array.isArray(reply) ? reply : []).map((line) => readLine(String(line)));
}

function reasonOf(text: string): Stopped['reason'] {
  if (text.includes('timeout')) return 'endless';
  return text.includes('break') ? 'breakpoint' : 'step';
}

const LEVELS = ['debug', 'verbose', 'notice', 'warning'];

/** Of redis.log, by way of the shim, or of redis.debug. */
function toLog(text: string): string {
  const logged = /^line \d+: "?log"?, "?(\{.*?)"?$/.exec(text)?.[1];
  if (logged === undefined) return text;
  const [level, ...rest] = readValues(logged)[0]?.fields?.map(({ value }) => value) ?? [];
  const words = rest.map((value) => (value.type === 'string' ? value.text.slice(1, -1) : renderValue(value)));
  return `${LEVELS[Number(level?.text)] ?? '?'}: ${words.join(' ')}`;
}

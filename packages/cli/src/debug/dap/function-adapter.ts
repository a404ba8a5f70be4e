import { basename, resolve } from 'node:path';
import {
  DebugSession as AdapterSession,
  Breakpoint,
  ExitedEvent,
  Handles,
  InitializedEvent,
  OutputEvent,
  Scope,
  Source,
  StackFrame,
  StoppedEvent,
  TerminatedEvent,
  Thread,
  Variable,
} from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { errorLine } from '../../output/error-line.js';
import { LuaSource } from '../lua-source.js';
import { fieldName, type LuaValue, renderValue } from '../lua-value.js';
import { reportOutcome } from '../outcome.js';
import type { WhereOptions } from '../own-server.js';
import { withServer } from '../own-server.js';
import type { DebuggedFunction } from '../script.js';
import type { DebugSession, Ended, Output, Stopped } from '../session.js';
import { startSession } from '../start.js';
import { readTarget } from '../target.js';
import { evaluate, locals, localsOf, upvalues } from '../variables.js';
import { type LaunchConfiguration, readLaunch } from './launch.js';

type Found = readonly { readonly name: string; readonly value: LuaValue }[];
interface Launched extends LaunchConfiguration {
  readonly library: DebuggedFunction;
  readonly source: LuaSource;
}
type Env = Readonly<Record<string, string | undefined>>;

/** A server process has one thread for scripts. */
const THREAD = 1;
const REASONS = { entry: 'entry', step: 'step', breakpoint: 'breakpoint', pause: 'pause', endless: 'pause' } as const;

/** One editor that debugs one function: the Debug Adapter Protocol over a `DebugSession`. */
export class FunctionAdapter extends AdapterSession {
  /** Resolves when the editor has gone, and nothing is left of the function. */
  readonly ended: Promise<void>;
  readonly #where: WhereOptions;
  readonly #env: Env;
  readonly #handles = new Handles<() => Promise<Found>>();
  #end: () => void = () => {};
  #session: DebugSession | undefined;
  #launched: Launched | undefined;
  /** The server's debugger answers one question at a time. */
  #queue: Promise<unknown> = Promise.resolve();
  #isMoving = false;
  #breakpoints: readonly number[] = [];

  constructor(where: WhereOptions, env: Env) {
    super(true);
    this.setDebuggerColumnsStartAt1(true);
    this.#where = where;
    this.#env = env;
    this.ended = new Promise((resolveEnded) => {
      this.#end = resolveEnded;
    });
  }

  /** Instead of the end of the process. */
  override shutdown(): void {
    const gone = this.#session?.abort() ?? Promise.resolve();
    gone.finally(() => this.#end()).catch(() => {});
  }

  protected override initializeRequest(response: DebugProtocol.InitializeResponse): void {
    response.body = {
      supportsConfigurationDoneRequest: true,
      supportsEvaluateForHovers: true,
      supportsTerminateRequest: true,
      supportTerminateDebuggee: true,
    };
    this.sendResponse(response);
  }

  protected override launchRequest(response: DebugProtocol.LaunchResponse, given: object): void {
    this.#answer(response, async () => {
      const launch = readLaunch(given as Record<string, unknown>);
      const library = await readTarget(launch.program, launch.function);
      this.#launched = { ...launch, library, source: new LuaSource(library.code) };
      this.sendEvent(new InitializedEvent());
    });
  }

  protected override attachRequest(response: DebugProtocol.AttachResponse, given: object): void {
    this.launchRequest(response, given);
  }

  protected override setBreakPointsRequest(
    response: DebugProtocol.SetBreakpointsResponse,
    { source, breakpoints = [] }: DebugProtocol.SetBreakpointsArguments,
  ): void {
    this.#answer(response, async () => {
      const launched = this.#launched;
      const isOurs = launched && source.path !== undefined && resolve(source.path) === resolve(launched.program);
      const lines = breakpoints.map(({ line }) => this.convertClientLineToDebugger(line));
      if (!launched || !isOurs) {
        response.body = {
          breakpoints: lines.map((line) => toBreakpoint(line, undefined, 'This file is not debugged.')),
        };
        return;
      }
      this.#breakpoints = lines;
      // one that is running does not listen: they are set where it stops next
      const set = this.#isMoving ? undefined : await this.#session?.setBreakpoints(lines);
      response.body = {
        breakpoints: lines.map((line) => {
          const stop = set ? set.get(line) : launched.source.stopFor(line);
          const shown = stop === undefined ? undefined : this.convertDebuggerLineToClient(stop);
          return toBreakpoint(line, shown, 'Nothing happens here, or there are too many breakpoints.');
        }),
      };
    });
  }

  protected override configurationDoneRequest(response: DebugProtocol.ConfigurationDoneResponse): void {
    this.#answer(response, async () => {
      const launched = this.#launched;
      if (!launched) throw new Error('Nothing has been launched.');
      await new Promise<void>((started, reject) => {
        this.#debug(launched, started).catch(reject);
      });
    });
  }

  protected override threadsRequest(response: DebugProtocol.ThreadsResponse): void {
    response.body = { threads: [new Thread(THREAD, this.#launched?.library.name ?? 'function')] };
    this.sendResponse(response);
  }

  protected override stackTraceRequest(response: DebugProtocol.StackTraceResponse): void {
    this.#ask(response, async (session) => {
      const { program } = this.#launched as LaunchConfiguration;
      const frames = (await session.trace()).map(
        ({ name, line }, id) =>
          new StackFrame(
            id,
            name,
            new Source(basename(program), resolve(program)),
            this.convertDebuggerLineToClient(line),
            1,
          ),
      );
      response.body = { stackFrames: frames, totalFrames: frames.length };
    });
  }

  protected override scopesRequest(
    response: DebugProtocol.ScopesResponse,
    { frameId }: DebugProtocol.ScopesArguments,
  ): void {
    this.#ask(response, async (session) => {
      const frames = await session.trace();
      const line = frames[frameId]?.line ?? 1;
      const own = () => (frameId === 0 ? locals(session) : localsOf(session, frames, frameId));
      response.body = {
        scopes: [
          new Scope('Locals', this.#handles.create(own), false),
          new Scope(
            'Of the functions around',
            this.#handles.create(() => upvalues(session, line)),
            true,
          ),
        ],
      };
    });
  }

  protected override variablesRequest(
    response: DebugProtocol.VariablesResponse,
    { variablesReference }: DebugProtocol.VariablesArguments,
  ): void {
    this.#ask(response, async () => {
      const found = await (this.#handles.get(variablesReference)?.() ?? []);
      response.body = { variables: found.map(({ name, value }) => this.#toVariable(name, value)) };
    });
  }

  protected override evaluateRequest(
    response: DebugProtocol.EvaluateResponse,
    { expression }: DebugProtocol.EvaluateArguments,
  ): void {
    this.#ask(response, async (session) => {
      const { value, isError } = await evaluate(session, expression);
      if (isError) throw new Error(renderValue(value));
      const { value: result, variablesReference } = this.#toVariable('', value);
      response.body = { result, variablesReference };
    });
  }

  protected override continueRequest(response: DebugProtocol.ContinueResponse): void {
    response.body = { allThreadsContinued: true };
    this.#move(response, (session) => session.continue());
  }

  protected override nextRequest(response: DebugProtocol.NextResponse): void {
    this.#move(response, (session) => session.next());
  }

  protected override stepInRequest(response: DebugProtocol.StepInResponse): void {
    this.#move(response, (session) => session.step());
  }

  protected override stepOutRequest(response: DebugProtocol.StepOutResponse): void {
    this.#move(response, (session) => session.out());
  }

  protected override pauseRequest(response: DebugProtocol.PauseResponse): void {
    this.#session?.pause();
    this.sendResponse(response);
  }

  protected override terminateRequest(response: DebugProtocol.TerminateResponse): void {
    this.#answer(response, async () => {
      const isMoving = this.#isMoving;
      await this.#session?.abort();
      // whoever moves it says so itself
      if (!isMoving) this.#sayEnded();
    });
  }

  protected override disconnectRequest(response: DebugProtocol.DisconnectResponse): void {
    const gone = this.#session?.abort() ?? Promise.resolve();
    gone
      .then(() => {
        this.sendResponse(response);
        this.#end();
      })
      .catch(() => {});
  }

  /** Holds the server, if it is one of its own, until the editor has gone. */
  async #debug(launched: Launched, started: () => void): Promise<void> {
    const { timeout: timeoutMs } = this.#where;
    await withServer({ ...this.#where, ...launched }, this.#env, async (address) => {
      const session = await startSession({ ...launched, address, commit: false, timeoutMs });
      this.#session = session;
      session.onOutput = (output) => this.sendEvent(new OutputEvent(show(output), categoryOf(output)));
      await session.setBreakpoints(this.#breakpoints);
      started();
      this.#run(async () => {
        const entered = await session.enter();
        const stopOnEntry = launched.stopOnEntry ?? session.breakpoints.length === 0;
        const isBreakpoint =
          entered.kind === 'stopped' && (entered.reason !== 'entry' || session.breakpoints.includes(entered.line));
        return entered.kind === 'ended' || stopOnEntry || isBreakpoint ? entered : session.continue();
      });
      await this.ended;
      session.close();
    });
  }

  #move(response: DebugProtocol.Response, go: (session: DebugSession) => Promise<Stopped | Ended>): void {
    const session = this.#session;
    this.sendResponse(response);
    if (session) this.#run(() => go(session));
  }

  #run(go: () => Promise<Stopped | Ended>): void {
    this.#isMoving = true;
    this.#enqueue(async () => {
      try {
        const state = await go();
        this.#handles.reset();
        if (state.kind === 'ended') return this.#sayEnded();
        await this.#session?.setBreakpoints(this.#breakpoints);
        this.sendEvent(new StoppedEvent(REASONS[state.reason], THREAD));
      } catch (error) {
        this.sendEvent(new OutputEvent(`${errorLine(error)}\n`, 'stderr'));
        this.sendEvent(new ExitedEvent(1));
        this.sendEvent(new TerminatedEvent());
      } finally {
        this.#isMoving = false;
      }
    }).catch(() => {});
  }

  #sayEnded(): void {
    const [session, launched] = [this.#session, this.#launched];
    if (!session || !launched) return;
    const { program, library } = launched;
    const { text, failed } = reportOutcome(session, { file: program, functionName: library.name, commit: false });
    this.sendEvent(new OutputEvent(text, failed ? 'stderr' : 'stdout'));
    this.sendEvent(new ExitedEvent(failed ? 1 : 0));
    this.sendEvent(new TerminatedEvent());
  }

  /** What asks the function waits until it stops. */
  #ask(response: DebugProtocol.Response, work: (session: DebugSession) => Promise<void>): void {
    this.#answer(response, () =>
      this.#enqueue(() => {
        if (!this.#session) throw new Error('Nothing has been launched.');
        return work(this.#session);
      }),
    );
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }

  #answer(response: DebugProtocol.Response, work: () => Promise<void>): void {
    work().then(
      () => this.sendResponse(response),
      (error: unknown) =>
        this.sendErrorResponse(response, { id: 1, format: '{_text}', variables: { _text: errorLine(error) } }),
    );
  }

  #toVariable(name: string, value: LuaValue): DebugProtocol.Variable {
    const { fields = [] } = value;
    const inside = async () => fields.map((field) => ({ name: fieldName(field.key), value: field.value }));
    return new Variable(name, renderValue(value), fields.length > 0 ? this.#handles.create(inside) : 0);
  }
}

function toBreakpoint(asked: number, stop: number | undefined, reason: string): DebugProtocol.Breakpoint {
  if (stop !== undefined) return new Breakpoint(true, stop);
  return Object.assign(new Breakpoint(false, asked) as DebugProtocol.Breakpoint, { message: reason });
}

function show(output: Output): string {
  if (output.kind === 'command') return `${output.command}  =>  ${output.reply}\n`;
  return `${output.kind === 'log' ? 'log ' : ''}${output.text}\n`;
}

function categoryOf({ kind }: Output): string {
  return kind === 'notice' ? 'important' : 'console';
}

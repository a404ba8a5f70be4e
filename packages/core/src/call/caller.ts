import { setTimeout as delay } from 'node:timers/promises';
import type { Deployer } from '../deploy/deployer.js';
import type { Usage } from '../deploy/usage.js';
import { RedisFunctionsError } from '../errors.js';
import { type CallEvent, isTraced, traceCall } from '../telemetry/channels.js';
import type { DeadlineTimer, Lease } from './deadline.js';
import type { Gate } from './gate.js';
import type { Preparation } from './preparation.js';
import { isFunctionNotFound, isPassingRefusal } from './refusals.js';
import type { PreparedCall, Runner } from './runner.js';
import type { Watchdog } from './watchdog.js';

const RETRY_DELAY_MS = { first: 5, most: 100 };

/** How far one call has come. */
interface Progress {
  /** The last attempt left this process. */
  sent: boolean;
  /** The server does not have the function. */
  lost: boolean;
  /** It was brought to the server, which happens once per call. */
  healed: boolean;
}

/** A failover is under way: loading here, and then writing, would lose the writes as soon as this server is demoted. */
const NOT_THE_PRIMARY = new Error('not the primary');

export interface CallerParts {
  gate: Gate;
  preparation: Preparation;
  deployer: Deployer;
  usage: Usage;
  watchdog: Watchdog | undefined;
}

/** The way of a call: wait for a connection, have the library there, send, repeat what was refused, end by the deadline. */
export class Caller {
  readonly #gate: Gate;
  readonly #preparation: Preparation;
  readonly #deployer: Deployer;
  readonly #usage: Usage;
  readonly #watchdog: Watchdog | undefined;

  constructor({ gate, preparation, deployer, usage, watchdog }: CallerParts) {
    this.#gate = gate;
    this.#preparation = preparation;
    this.#deployer = deployer;
    this.#usage = usage;
    this.#watchdog = watchdog;
  }

  call<Output>(
    call: PreparedCall,
    decode: (reply: unknown) => Output,
    deadline: DeadlineTimer,
    signal?: AbortSignal,
  ): Promise<Output> {
    const runner = this.#gate.open;
    const { library } = call;
    if (runner && !signal && !isTraced() && (!library || this.#preparation.isDone(library))) {
      return this.#callAtOnce(call, decode, deadline, runner);
    }
    const traced = traceCall(
      () => this.#describe(call),
      (event) => deadline.run((lease) => this.#run(call, lease, event, undefined), signal),
    );
    return traced.then((reply) => {
      if (library?.versioned) this.#usage.mark(library);
      return decode(reply);
    });
  }

  /**
   * What nearly every call is: the connection is there, the library too, nobody listens. One promise and one reaction to
   * the client's, because at two hundred thousand calls per second each of them counts.
   */
  #callAtOnce<Output>(
    call: PreparedCall,
    decode: (reply: unknown) => Output,
    deadline: DeadlineTimer,
    runner: Runner,
  ): Promise<Output> {
    return new Promise((resolve, reject) => {
      const lease = deadline.enter(reject);
      const finish = (reply: unknown) => {
        deadline.leave(lease);
        if (call.library?.versioned) this.#usage.mark(call.library);
        try {
          resolve(decode(reply));
        } catch (error) {
          reject(error);
        }
      };
      runner.run(this.#gate.port, call).then(finish, (failure) => {
        this.#run(call, lease, undefined, failure).then(finish, (error) => {
          deadline.leave(lease);
          reject(error);
        });
      });
    });
  }

  #describe({ functionName, library, readOnly }: PreparedCall): CallEvent {
    const { address } = this.#gate.port;
    return { functionName, library: library?.name, version: library?.version, readOnly, address, attempts: 0 };
  }

  /** @param failure Why the first attempt failed, where it was made already. */
  async #run(call: PreparedCall, lease: Lease, event: CallEvent | undefined, failure: unknown): Promise<unknown> {
    const progress: Progress = { sent: failure !== undefined, lost: false, healed: false };
    let delayMs = RETRY_DELAY_MS.first;
    let reason = failure;
    for (;;) {
      if (reason !== undefined) {
        await this.#overcome(reason, call, lease, progress, delayMs);
        delayMs = Math.min(delayMs * 2, RETRY_DELAY_MS.most);
      }
      try {
        return await this.#attempt(call, lease, progress, event);
      } catch (error) {
        reason = error;
      }
    }
  }

  /** Returns when the call can be sent again. @throws What ends the call. */
  async #overcome(
    error: unknown,
    call: PreparedCall,
    lease: Lease,
    progress: Progress,
    delayMs: number,
  ): Promise<void> {
    const next = lease.expired ? 'give up' : this.#nextStep(error, call, progress);
    if (next === 'give up') {
      throw this.#gate.explain(error, { library: call.library?.name, functionName: call.functionName });
    }
    if (error !== NOT_THE_PRIMARY) lease.refusal = error;
    if (this.#isBusy(error)) this.#watchdog?.look(call.key);
    if (next === 'heal') progress.lost = true;
    else await delay(delayMs);
  }

  async #attempt(call: PreparedCall, lease: Lease, progress: Progress, event: CallEvent | undefined): Promise<unknown> {
    const { library } = call;
    progress.sent = false;
    const runner = this.#gate.open ?? (await this.#gate.runner(lease));
    if (library && !this.#preparation.isDone(library)) await this.#preparation.prepare(library, runner);
    if (library && progress.lost) {
      // the server was flushed, restarted empty, or has become a primary without its libraries
      if (!(await this.#deployer.heal(library, call.key))) throw NOT_THE_PRIMARY;
      progress.lost = false;
      progress.healed = true;
    }
    this.#gate.refuseExpired(lease);
    progress.sent = true;
    if (event) event.attempts += 1;
    return runner.run(this.#gate.port, call);
  }

  #isBusy(error: unknown): boolean {
    return this.#gate.port.isServerError(error) && error.message.startsWith('BUSY ');
  }

  /** Repeats what cannot have run; what may have run would run twice. */
  #nextStep(
    error: unknown,
    { library, readOnly }: PreparedCall,
    { sent, healed }: Progress,
  ): 'give up' | 'heal' | 'wait' {
    const { port } = this.#gate;
    if (error === NOT_THE_PRIMARY) return 'wait';
    if (error instanceof RedisFunctionsError) return 'give up';
    if (port.isServerError(error)) {
      if (isPassingRefusal(error.message, port.followsFailover)) return 'wait';
      const canHeal = library !== undefined && this.#preparation.mayDeploy && this.#gate.open?.mode === 'functions';
      return canHeal && !healed && isFunctionNotFound(error.message) ? 'heal' : 'give up';
    }
    // the connection is gone: only a call that was not sent, or that changes nothing, can be repeated without harm
    return !sent || readOnly || port.wasNotSent(error) ? 'wait' : 'give up';
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Deployer } from '../deploy/deployer.js';
import { RedisFunctionsError } from '../errors.js';
import type { DeadlineTimer, Lease } from './deadline.js';
import type { Gate, Place } from './gate.js';
import type { Preparation } from './preparation.js';
import { isFunctionNotFound, isPassingRefusal } from './refusals.js';
import type { PreparedCall, Runner } from './runner.js';

const RETRY_DELAY_MS = { first: 5, most: 100 };

/** The way of a call: wait for a connection, have the library there, send, repeat what was refused, end by the deadline. */
export class Caller {
  readonly #gate: Gate;
  readonly #preparation: Preparation;
  readonly #deployer: Deployer;

  constructor(gate: Gate, preparation: Preparation, deployer: Deployer) {
    this.#gate = gate;
    this.#preparation = preparation;
    this.#deployer = deployer;
  }

  call(call: PreparedCall, deadline: DeadlineTimer, signal?: AbortSignal): Promise<unknown> {
    return deadline.run((lease) => this.#run(call, lease), signal);
  }

  async #run(call: PreparedCall, lease: Lease): Promise<unknown> {
    const place: Place = { library: call.library?.name, functionName: call.functionName };
    let healed = false;
    let delayMs = RETRY_DELAY_MS.first;
    for (;;) {
      try {
        return await this.#attempt(call, lease);
      } catch (error) {
        if (lease.expired) throw this.#gate.explain(error, place);
        const reason = this.#reasonToRepeat(error, call);
        if (reason === undefined || (reason === 'lost' && healed)) throw this.#gate.explain(error, place);
        lease.refusal = error;
        healed ||= reason === 'lost' && (await this.#heal(call, place));
        if (reason === 'lost' && healed) continue;
        await delay(delayMs);
        delayMs = Math.min(delayMs * 2, RETRY_DELAY_MS.most);
      }
    }
  }

  async #attempt(call: PreparedCall, lease: Lease): Promise<unknown> {
    const runner = this.#gate.open ?? (await this.#gate.runner(lease));
    if (call.library && !this.#preparation.isDone(call.library)) await this.#prepare(call, runner, lease);
    return runner.run(this.#gate.port, call);
  }

  async #prepare({ library }: PreparedCall, runner: Runner, lease: Lease): Promise<void> {
    if (library) await this.#preparation.prepare(library, runner);
    this.#gate.refuseExpired(lease);
  }

  /** Undefined where the call may have run, and would run twice. */
  #reasonToRepeat(error: unknown, { library, readOnly }: PreparedCall): 'lost' | 'refused' | undefined {
    const { port } = this.#gate;
    if (port.isServerError(error)) {
      if (isPassingRefusal(error.message, port.followsFailover)) return 'refused';
      const canHeal = library !== undefined && this.#preparation.mayDeploy && this.#gate.open?.mode === 'functions';
      return canHeal && isFunctionNotFound(error.message) ? 'lost' : undefined;
    }
    // the connection was lost: only a call that changes nothing can be repeated without harm
    return readOnly && !(error instanceof RedisFunctionsError) ? 'refused' : undefined;
  }

  /** The function did not run: the server was flushed, restarted empty, or has become a primary without its libraries. */
  #heal({ library, keys }: PreparedCall, place: Place): Promise<boolean> {
    return this.#gate.explaining(place, async () => library !== undefined && this.#deployer.heal(library, keys[0]));
  }
}

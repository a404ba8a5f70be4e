import { ALGORITHM_CODES } from './algorithm.js';
import { toBlockOption } from './block.js';
import { assertWithinLimit, type ResolvedPolicy } from './policy.js';

/** Policies that are asked together, with all that can be known of them before anybody asks. */
export class PolicySet {
  readonly policies: readonly ResolvedPolicy[];
  /** Equal for equal sets: tells the answers of different limits apart. */
  readonly id: string;
  /** What the keys of one client end with, in the order in which the Lua wants them. */
  readonly keyEndings: readonly string[];
  /** How `ratelimiter_decide` is told of this set. */
  readonly text: string;
  /** Algorithm, limit and window of each policy, as most functions are told of them. */
  readonly kinds: readonly string[];
  /** Alike decisions of one client can be one question. Not where each needs an answer of its own. */
  readonly merges: boolean;
  readonly hasLeases: boolean;
  /** A refusal holds until its time: nothing is released meanwhile, and no refusal prolongs a block. */
  readonly isCacheable: boolean;
  /** The least of the limits that the cost of a decision is taken from: no cost above it could ever pass. */
  readonly #tightest: ResolvedPolicy | undefined;

  constructor(policies: readonly ResolvedPolicy[]) {
    this.policies = policies;
    this.keyEndings = policies.flatMap(toKeyEndings);
    this.text = policies.flatMap((policy) => [...kindOf(policy), String(policy.cost ?? 0)]).join(' ');
    this.kinds = policies.flatMap((policy) => kindOf(policy));
    this.id = [this.text, ...policies.map(({ name }) => name)].join(' ');
    this.hasLeases = policies.some(({ algorithm }) => algorithm === 'concurrency');
    this.merges = !this.hasLeases && !policies.some(({ shadow }) => shadow);
    this.isCacheable = !this.hasLeases && !policies.some(({ block }) => block?.extend);
    // a shadow refuses nothing, not even what it could never let pass
    const open = policies.filter(({ cost, shadow }) => cost === undefined && !shadow);
    this.#tightest =
      open.length === 0 ? undefined : open.reduce((least, next) => (next.limit < least.limit ? next : least));
  }

  /** @throws CostAboveCapacityError for a cost that no wait would ever let pass. */
  assertCost(cost: number): void {
    if (this.#tightest !== undefined && cost > this.#tightest.limit) assertWithinLimit('cost', cost, this.#tightest);
  }
}

/** Arguments of `ratelimiter_peek`. */
export function peekArgs({ policies, kinds }: PolicySet, cost: number): string[] {
  return policies.flatMap(({ cost: own }, index) => [...kinds.slice(3 * index, 3 * index + 3), String(own ?? cost)]);
}

/** `rl:{203.0.113.7}:login:tb`: what comes after the client. */
function toKeyEndings({ name, algorithm }: ResolvedPolicy): string[] {
  const { code, second } = ALGORITHM_CODES[algorithm];
  const ending = `:${name}:${code}`;
  return second === undefined ? [ending] : [ending, `${ending}:${second}`];
}

function kindOf({ algorithm, aligned, shadow, block, limit, window }: ResolvedPolicy): string[] {
  const code = aligned ? 'fa' : ALGORITHM_CODES[algorithm].code;
  const option = shadow ? ',shadow' : block ? toBlockOption(block) : '';
  return [`${code}${option}`, String(limit), String(window)];
}

const MOST_SETS = 1_000;
const byList = new WeakMap<readonly ResolvedPolicy[], PolicySet>();
let byId = new Map<string, PolicySet>();

/**
 * The set of a list of resolved policies: one for equal lists, also where a list is made anew for every request because
 * its limit depends on the request.
 */
export function policySetOf(policies: readonly ResolvedPolicy[]): PolicySet {
  const known = byList.get(policies);
  if (known) return known;
  const made = new PolicySet(policies);
  const set = byId.get(made.id) ?? made;
  if (byId.size >= MOST_SETS) byId = new Map();
  byId.set(set.id, set);
  byList.set(policies, set);
  return set;
}

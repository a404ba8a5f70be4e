/**
 * Mistakes in the setup that are looked for, with the code under which each is reported, once. Where express-rate-limit
 * looks for the same, the name is the same.
 */
const CODES = {
  /** "trust proxy" is true. */
  trustProxy: 'RATE_LIMIT_TRUSTS_EVERYBODY',
  /** X-Forwarded-For without "trust proxy". */
  xForwardedForHeader: 'RATE_LIMIT_IGNORES_PROXY',
  /** Forwarded, which Express does not read. */
  forwardedHeader: 'RATE_LIMIT_IGNORES_FORWARDED',
  /** A request without an address. */
  ip: 'RATE_LIMIT_NO_ADDRESS',
  /** `keyGenerator` returned nothing. */
  emptyKey: 'RATE_LIMIT_NO_KEY',
  /** `keyGenerator` returned a whole IPv6 address. */
  keyGeneratorIpFallback: 'RATE_LIMIT_WHOLE_IPV6',
  /** Created while a request is handled. */
  creationStack: 'RATE_LIMIT_CREATED_IN_HANDLER',
  /** One middleware twice on the way of one request. */
  singleCount: 'RATE_LIMIT_COUNTED_TWICE',
  /** Two middlewares, one counter. */
  unsharedStore: 'RATE_LIMIT_SHARED_COUNTER',
  /** `cost` returned more than the limit. */
  costAboveCapacity: 'RATE_LIMIT_COST_ABOVE_CAPACITY',
} as const;

/** Checks of express-rate-limit that are errors here, or that nothing here corresponds to. */
const WITHOUT_CODE = [
  'positiveHits',
  'limit',
  'draftPolliHeaders',
  'onLimitReached',
  'headersDraftVersion',
  'headersResetTime',
  'knownOptions',
  'validationsConfig',
  'ipv6Subnet',
  'ipv6SubnetOrKeyGenerator',
  'windowMs',
] as const;

export type Check = keyof typeof CODES;

/** False for those that are not to be looked for; `default` is for those that are not named. */
export type ValidateOptions = { readonly [name in Check | (typeof WITHOUT_CODE)[number] | 'default']?: boolean };

export const CHECK_NAMES: readonly string[] = [...Object.keys(CODES), ...WITHOUT_CODE, 'default'];

const saidByProcess = new Set<string>();

/** Which mistakes a middleware looks for, and what it has said of them: `process.on('warning')` hears it, or stderr. */
export class Checks {
  readonly #enabled: ValidateOptions;
  readonly #said = new Set<Check>();

  constructor(validate: boolean | ValidateOptions) {
    this.#enabled = typeof validate === 'boolean' ? { default: validate } : validate;
  }

  isEnabled(name: keyof ValidateOptions): boolean {
    return this.#enabled[name] ?? this.#enabled.default ?? true;
  }

  /** Still worth looking for: enabled, and not reported yet. */
  isOpen(check: Check): boolean {
    return !this.#said.has(check) && this.isEnabled(check);
  }

  /** Reports a mistake, once per middleware. */
  report(check: Check, message: string): void {
    if (!this.isOpen(check)) return;
    this.#said.add(check);
    warn(check, message);
  }

  /** Reports a mistake once per process and text: every request may make a middleware of its own. */
  reportOfProcess(check: Check, message: string): void {
    if (!this.isEnabled(check) || saidByProcess.has(message)) return;
    saidByProcess.add(message);
    warn(check, message);
  }
}

function warn(check: Check, message: string): void {
  process.emitWarning(message, { type: 'RateLimitWarning', code: CODES[check] });
}

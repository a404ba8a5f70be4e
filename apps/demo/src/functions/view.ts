/** What the page of functions shows. The page and the server share these types, and nothing else. */
export interface FunctionsView {
  /** `scripts`: this server has no functions, so that there is nothing to deploy. */
  readonly mode: 'functions' | 'scripts';
  /** Addresses of the servers that take writes. */
  readonly primaries: readonly string[];
  readonly libraries: readonly LibraryView[];
  /** Of all processes of the shop together. */
  readonly calls: readonly CallsView[];
  readonly processes: number;
  readonly traffic: TrafficView;
  /** Null where the servers are not this shop's own cluster. */
  readonly nodes: readonly NodeView[] | null;
}

export interface LibraryView {
  readonly name: string;
  /** The version that this release of the shop brings. */
  readonly version: string;
  readonly functions: readonly string[];
  readonly on: readonly LibraryOnPrimary[];
}

export interface LibraryOnPrimary {
  readonly primary: string;
  readonly version: string | null;
  /** `other`: the same version with other code. */
  readonly state: 'same' | 'newer' | 'older' | 'other' | 'missing';
}

export interface CallsView {
  readonly functionName: string;
  readonly library: string;
  readonly calls: number;
  /** Answered with an error of the function. */
  readonly refused: number;
  /** Not answered, or not in time. */
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Calls of counters without a pause, for watching what happens to them. */
export interface TrafficView {
  readonly isRunning: boolean;
  readonly acknowledged: number;
  readonly refused: number;
  readonly failed: number;
  /** Increments that were acknowledged and are not in the counters: at least so many. */
  readonly lost: number;
  /** How many answers came from which version of the library. */
  readonly versions: Readonly<Record<string, number>>;
}

export interface NodeView {
  readonly address: string;
  readonly role: 'primary' | 'replica';
  readonly isUp: boolean;
}

/** What a deploy would do, or did, on one primary. */
export interface PlannedView {
  readonly node: string;
  readonly action: 'loaded' | 'replaced' | 'unchanged' | 'kept-newer';
  readonly version: string | null;
}

/**
 * What can be tried on the servers, made of our own file: `next` is a newer version than any of them has, `current` the one
 * that this release of the shop brings, `incomplete` a newer one that lacks a function, which callers would miss, and
 * `edited` what somebody has changed without raising its version.
 */
export const CHANGES = ['next', 'current', 'incomplete', 'edited'] as const;
export type Change = (typeof CHANGES)[number];

import type { Decision, PolicyDecision } from '../decision.js';
import { toPartitionKey } from './partition-key.js';
import { toStructuredInteger, toStructuredString } from './structured-fields.js';

/**
 * Which draft of the IETF's RateLimit header fields. `draft-8` to `draft-11` look the same on the wire and list every
 * policy; `draft-6` and `draft-7` have room for one policy's numbers, the one that matters most.
 */
export type HeaderFormat = 'draft-6' | 'draft-7' | 'draft-8' | 'draft-11';

export interface HeaderOptions {
  /** False for none. Default: `draft-11`. */
  standard?: HeaderFormat | false;
  /** Adds `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds since 1970). Default: false. */
  legacy?: boolean;
  /**
   * Adds `pk` to the lists of `draft-8` and later: a short hash of the key, by which a client tells its quotas apart. Not
   * for keys that the client must not learn, and that could be guessed. Default: false.
   */
  partitionKey?: boolean;
}

export type HeaderField = readonly [name: string, value: string];

/**
 * The header fields of a response, after all decisions that were made about its request.
 *
 * `Retry-After` is there when one of them refused, and is never earlier than the wait. Decisions that nobody made (Redis
 * away, `onUnavailable` allow or deny) have no numbers to tell. Shadow policies are left out: no client is held to them.
 */
export function rateLimitHeaders(decisions: readonly Decision[], options: HeaderOptions = {}): HeaderField[] {
  const { standard = 'draft-11', legacy = false, partitionKey = false } = options;
  const fields: HeaderField[] = [];
  if (standard === 'draft-11' || standard === 'draft-8') addLists(fields, decisions, partitionKey);
  else if (standard !== false) addNumbers(fields, decisions, standard);
  if (legacy) addLegacy(fields, decisions);
  let wait = 0;
  for (const decision of decisions) wait = Math.max(wait, retryAfterSeconds(decision));
  if (wait > 0) fields.push(['Retry-After', String(wait)]);
  return fields;
}

/**
 * Whole seconds for `Retry-After`: never earlier than the wait; 0 where there is none, or where no wait would help. Where
 * only leases are in the way it is 1: their wait is the longest that there can be, and most end with their request.
 */
export function retryAfterSeconds({ allowed, retryAfterMs, policies }: Decision): number {
  if (allowed || retryAfterMs === 0) return 0;
  for (const { allowed: agrees, shadow, algorithm, blocked } of policies) {
    if (!agrees && !shadow && (algorithm !== 'concurrency' || blocked)) return toSeconds(retryAfterMs);
  }
  return Math.min(1, toSeconds(retryAfterMs));
}

/** Built in one go: this runs for every response. */
function addLists(fields: HeaderField[], decisions: readonly Decision[], partitionKey: boolean): void {
  let quotas = '';
  let limits = '';
  for (const { source, key, policies } of decisions) {
    if (source === 'unavailable') continue;
    const partition = partitionKey ? `;pk=${toPartitionKey(key)}` : '';
    for (const policy of policies) {
      if (policy.shadow) continue;
      const comma = quotas === '' ? '' : ', ';
      const name = toStructuredString(policy.name);
      // a lease has no window that anything could be used up in, and ends when its request does
      const isLease = policy.algorithm === 'concurrency';
      const unit = isLease ? ';qu="concurrent-requests"' : `;w=${toSeconds(policy.windowMs)}`;
      const window = isLease ? '' : `;t=${toSeconds(effectiveWindowMs(policy))}`;
      quotas += `${comma}${name};q=${toStructuredInteger(policy.limit)}${unit}${partition}`;
      limits += `${comma}${name};r=${toStructuredInteger(policy.remaining)}${window}${partition}`;
    }
  }
  if (quotas !== '') fields.push(['RateLimit-Policy', quotas], ['RateLimit', limits]);
}

function addNumbers(fields: HeaderField[], decisions: readonly Decision[], format: 'draft-6' | 'draft-7'): void {
  const policies = visiblePolicies(decisions);
  const policy = mostRelevant(policies);
  if (policy === undefined) return;
  // these drafts have no word for requests at once
  const windows = policies.filter(({ algorithm }) => algorithm !== 'concurrency');
  if (windows.length > 0) fields.push(['RateLimit-Policy', windows.map(toQuota).join(', ')]);
  const limit = toStructuredInteger(policy.limit);
  const remaining = toStructuredInteger(policy.remaining);
  const reset = toSeconds(effectiveWindowMs(policy));
  if (format === 'draft-7') {
    fields.push(['RateLimit', `limit=${limit}, remaining=${remaining}, reset=${reset}`]);
    return;
  }
  fields.push(
    ['RateLimit-Limit', String(limit)],
    ['RateLimit-Remaining', String(remaining)],
    ['RateLimit-Reset', String(reset)],
  );
}

function addLegacy(fields: HeaderField[], decisions: readonly Decision[]): void {
  const policy = mostRelevant(visiblePolicies(decisions));
  if (policy === undefined) return;
  fields.push(
    ['X-RateLimit-Limit', String(policy.limit)],
    ['X-RateLimit-Remaining', String(policy.remaining)],
    ['X-RateLimit-Reset', String(toSeconds(Date.now() + effectiveWindowMs(policy)))],
  );
}

function toQuota({ limit, windowMs }: PolicyDecision): string {
  return `${toStructuredInteger(limit)};w=${toSeconds(windowMs)}`;
}

function visiblePolicies(decisions: readonly Decision[]): PolicyDecision[] {
  return decisions.flatMap(({ source, policies }) =>
    source === 'unavailable' ? [] : policies.filter(({ shadow }) => !shadow),
  );
}

/** How long `remaining` has to last: until more can pass where it was refused, else until everything is free again. */
function effectiveWindowMs({ allowed, retryAfterMs, resetAfterMs }: PolicyDecision): number {
  return allowed ? resetAfterMs : retryAfterMs;
}

/** One that refuses (the longest to wait for), else the one with the least left. */
function mostRelevant(policies: readonly PolicyDecision[]): PolicyDecision | undefined {
  let chosen = policies[0];
  for (const policy of policies) {
    if (chosen === undefined || isMoreRelevant(policy, chosen)) chosen = policy;
  }
  return chosen;
}

function isMoreRelevant(policy: PolicyDecision, than: PolicyDecision): boolean {
  if (policy.retryAfterMs !== than.retryAfterMs) return policy.retryAfterMs > than.retryAfterMs;
  return policy.remaining < than.remaining;
}

/** Rounded up: a window is at least a second long on the wire, 0 is not allowed there. */
function toSeconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}

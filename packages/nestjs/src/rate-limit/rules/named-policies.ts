import { formatDuration, InvalidArgumentError, parseDuration } from '@redis-functions/core';
import { type Algorithm, DEFAULT_POLICY } from '@redis-functions/rate-limit';
import type { ContextPolicy } from '../metadata.js';
import { type PolicySource, toPolicySource } from './policy-source.js';
import { within } from './within.js';

/** Of rules that name no policy, and of what only a global guard limits. */
export const DEFAULT_NAME = 'default';

type Named = Readonly<Record<string, ContextPolicy | readonly ContextPolicy[]>>;

/** The policies of the module's options, by name. */
export class NamedPolicies {
  readonly #sources: ReadonlyMap<string, PolicySource>;

  /** @throws InvalidArgumentError that names the entry. */
  constructor(named: Named, algorithm: Algorithm) {
    const entries = Object.entries({ [DEFAULT_NAME]: DEFAULT_POLICY, ...named });
    this.#sources = new Map(
      entries.map(([name, policies]) => {
        const place = `rateLimit.policies.${name}`;
        const list = within(place, () => withNames(name, toList(policies)));
        return [name, toPolicySource(list, algorithm, place)];
      }),
    );
  }

  /** @param place Who wants it, for messages. @throws InvalidArgumentError for an unknown name. */
  get(name: string, place: string): PolicySource {
    const source = this.#sources.get(name);
    if (source) return source;
    const known = [...this.#sources.keys()].map((known) => `"${known}"`).join(', ');
    throw new InvalidArgumentError(
      'RateLimited',
      `${place} is limited by the policy "${name}", and the module has no policy of that name (it has ${known}). ` +
        'Add it to "rateLimit.policies" in the options of RedisFunctionsModule.',
    );
  }
}

export function toList(policies: ContextPolicy | readonly ContextPolicy[]): readonly ContextPolicy[] {
  return Array.isArray(policies) ? policies : [policies as ContextPolicy];
}

/**
 * A policy has the name of its entry, one of several that of its entry and its own: all entries count under the plain key
 * of a client, and the names keep their counters apart.
 */
function withNames(entry: string, policies: readonly ContextPolicy[]): readonly ContextPolicy[] {
  const [only] = policies;
  if (policies.length === 1 && only) return [{ name: entry, ...only }];
  return policies.map((policy) => {
    const { name = formatDuration(parseDuration('window', policy?.window)) } = policy ?? {};
    return { ...policy, name: `${entry}.${name}` };
  });
}

import { RedisFunctionsError } from '@redis-functions/core';

/** Names that Nest itself looks for on every instance: hooks, thenables, test doubles. */
const LOOKED_FOR_BY_NEST = /^(?:then|constructor|prototype|on[A-Z].*|before[A-Z].*|to(?:JSON|String)|\$\$.*)$/;

/** Stands for a service whose options are missing: it can be injected, and says what is missing when it is used. */
export function notConfigured<T extends object>(service: string, option: string): T {
  return new Proxy({} as T, {
    get(target, property) {
      // as of a plain object: GraphQL's explorer looks for metadata on every constructor, and fails where there is none
      if (typeof property === 'symbol' || LOOKED_FOR_BY_NEST.test(property)) return Reflect.get(target, property);
      throw new RedisFunctionsError(
        'NOT_CONFIGURED',
        `${service} is used, and RedisFunctionsModule has no options for it. Give "${option}" to forRoot or forRootAsync.`,
      );
    },
  });
}

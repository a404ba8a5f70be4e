import { defineFunction, defineLibrary, toInteger } from '@redis-functions/core';

/** The library of these scenarios: counters that can be added to, read, and moved between two keys of one slot. */
export function counterLibrary(version = '1.0.0') {
  return defineLibrary({
    code: [
      '#!lua name=counter',
      `-- @version ${version}`,
      "redis.register_function('counter_add', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)",
      "redis.register_function{ function_name = 'counter_read', flags = { 'no-writes' },",
      "  callback = function(keys) return tonumber(redis.call('GET', keys[1]) or '0') end }",
      "redis.register_function('counter_move', function(keys)",
      "  redis.call('DECR', keys[1])",
      "  return redis.call('INCR', keys[2]) end)",
      "redis.register_function{ function_name = 'counter_version', flags = { 'no-writes' },",
      `  callback = function() return '${version}' end }`,
      '',
    ].join('\n'),
    functions: {
      add: defineFunction('counter_add', {
        encode: (key: string, amount = 1) => ({ keys: [key], args: [amount] }),
        decode: toInteger,
      }),
      read: defineFunction('counter_read', {
        encode: (key: string) => ({ keys: [key] }),
        decode: toInteger,
        readOnly: true,
      }),
      move: defineFunction('counter_move', {
        encode: (from: string, to: string) => ({ keys: [from, to] }),
        decode: toInteger,
      }),
      version: defineFunction('counter_version', {
        encode: () => ({ keys: [] }),
        decode: String,
        readOnly: true,
      }),
    },
  });
}

/** Repeats until it succeeds: for conditions that the outside has to reach. */
export async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch {
      // not yet
    }
  }
}

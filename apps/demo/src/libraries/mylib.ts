import { defineFunction, defineLibrary, toArray, toInteger, toText } from '@redis-functions/core';
import { code } from '../generated/mylib.lua.js';

/** The guide's first library: a greeting and a counter. Contract: lua/mylib.lua. */
export const mylib = defineLibrary({
  code,
  functions: {
    hello: defineFunction('hello', {
      encode: (name?: string) => ({ keys: [], args: name === undefined ? [] : [name] }),
      decode: toText,
      readOnly: true,
    }),
    increment: defineFunction('increment_counter', {
      encode: (counter: string, amount = 1) => ({ keys: [counter], args: [amount] }),
      decode: toInteger,
    }),
    decrement: defineFunction('decrement_counter', {
      encode: (counter: string, amount = 1) => ({ keys: [counter], args: [amount] }),
      decode: toInteger,
    }),
    tick: defineFunction('tick_counter', {
      encode: (counter: string) => ({ keys: [counter] }),
      decode: (reply) => {
        const [value, version] = toArray(reply);
        return { value: toInteger(value), version: toText(version) };
      },
    }),
    get: defineFunction('get_counter', {
      encode: (counter: string) => ({ keys: [counter] }),
      decode: toInteger,
      readOnly: true,
    }),
  },
});

import { defineFunction, defineLibrary, toText, toTextOrNull } from '@redis-functions/core';
import { code } from '../generated/examples.lua.js';

/** One function per thing that surprises people. Contract: lua/examples.lua. */
export const examples = defineLibrary({
  code,
  functions: {
    getValue: defineFunction('get_value', {
      encode: (key: string) => ({ keys: [key] }),
      decode: toTextOrNull,
      readOnly: true,
    }),
    importantWrite: defineFunction('important_write', {
      encode: (key: string, value: string) => ({ keys: [key], args: [value] }),
      decode: toText,
    }),
    calculate: defineFunction('calculate', {
      encode: (a: string, b: string) => ({ keys: [], args: [a, b] }),
      decode: toText,
      readOnly: true,
    }),
    debug: defineFunction('debug_function', {
      encode: (key: string, message: string) => ({ keys: [key], args: [message] }),
      decode: toTextOrNull,
      readOnly: true,
    }),
  },
});

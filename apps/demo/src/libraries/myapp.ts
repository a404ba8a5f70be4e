import { defineFunction, defineLibrary, toText, toTextOrNull } from '@redis-functions/core';
import { code } from '../generated/myapp.lua.js';

/** Users as JSON texts. Contract: lua/myapp.lua. */
export const myapp = defineLibrary({
  code,
  functions: {
    addUser: defineFunction('add_user', {
      encode: (key: string, user: Readonly<Record<string, unknown>>) => ({ keys: [key], args: [JSON.stringify(user)] }),
      decode: toText,
    }),
    getUser: defineFunction('get_user', {
      encode: (key: string) => ({ keys: [key] }),
      decode: (reply): unknown => {
        const text = toTextOrNull(reply);
        return text === null ? null : JSON.parse(text);
      },
      readOnly: true,
    }),
  },
});

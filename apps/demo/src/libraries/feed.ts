import { defineFunction, defineLibrary, toArray, toText } from '@redis-functions/core';
import { code } from '../generated/feed.lua.js';

/** What has changed, from each process of the shop to all of them. Contract: lua/feed.lua. */
export const feed = defineLibrary({
  code,
  functions: {
    tell: defineFunction('feed_tell', {
      encode: (key: string, topics: readonly string[]) => ({ keys: [key], args: topics }),
      decode: toText,
    }),
    since: defineFunction('feed_since', {
      encode: (key: string, after?: string) => ({ keys: [key], args: after === undefined ? [] : [after] }),
      decode: (reply) => {
        const [last, ...topics] = toArray(reply).map(toText);
        return { last: last as string, topics };
      },
      readOnly: true,
    }),
    report: defineFunction('feed_report', {
      encode: (key: string, process: string, report: string) => ({ keys: [key], args: [process, report] }),
      decode: toText,
    }),
    reports: defineFunction('feed_reports', {
      encode: (key: string) => ({ keys: [key] }),
      decode: (reply) => toArray(reply).map(toText),
      readOnly: true,
    }),
  },
});

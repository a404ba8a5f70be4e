/** What connect-redis's tests need of vitest, by jest. */
export { expect, test } from '@jest/globals';

import { createRequire } from 'node:module';

// paths, so that Jest finds them from whatever folder the preset is used in
const { resolve } = createRequire(import.meta.url);

/**
 * `preset: '@redis-functions/testing'` in jest.config.js: a real server for each worker, in `process.env.REDIS_URL`, and the line coverage
 * of Lua with `--coverage`. What transforms TypeScript is left to the project.
 *
 * @type {import('jest').Config}
 */
export default {
  testEnvironment: resolve('@redis-functions/testing/jest-environment'),
  reporters: ['default', resolve('@redis-functions/testing/jest-coverage-reporter')],
  // a spec that starts a server of its own may wait for it on a loaded machine
  testTimeout: 60_000,
};

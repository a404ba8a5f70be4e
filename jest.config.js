/** Every project in one process tree, two workers sharing them: what `npm test` runs. */
export default {
  projects: ['<rootDir>/packages/*', '<rootDir>/apps/*', '<rootDir>/test'],
  // of a run over all projects this one counts, not the preset's
  testTimeout: 60_000,
  testSequencer: '<rootDir>/tools/longest-first.js',
  coverageProvider: 'v8',
  collectCoverageFrom: ['packages/*/src/**/*.ts', '!**/generated/**'],
};

/** A project of a user, run by jest-environment.spec.ts. */
export default {
  testEnvironment: '../../src/jest/jest-environment.ts',
  testMatch: ['<rootDir>/*.fixture.js'],
  transform: {},
};

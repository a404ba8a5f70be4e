import preset from '@redis-functions/testing/jest-preset';
import shared from '../../../../jest.preset.js';

const { testEnvironment: _, ...typescript } = shared;
const [, coverage] = preset.reporters;

/** A project of a user with the preset, run by jest-environment.spec.ts. */
export default {
  ...typescript,
  preset: '@redis-functions/testing',
  testMatch: ['<rootDir>/*.fixture.js'],
  reporters: ['default', [coverage, { lines: Number(process.env.LINES) }]],
};

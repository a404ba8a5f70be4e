import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../new/project.js';

/** Read as ESM in every project. */
export const JEST_CONFIG_FILE = 'jest.config.mjs';

/** A project without one gets this: TypeScript as native ESM, which is what the binding is written in. */
export const JEST_CONFIG = `/** A real Redis or Valkey for each worker: process.env.REDIS_URL. @type {import('jest').Config} */
export default {
  preset: '@redis-functions/testing',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\\\.{1,2}/.*)\\\\.js$': '$1' },
  transform: {
    '^.+\\\\.ts$': ['@swc/jest', { module: { type: 'es6' }, jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
  },
};
`;

const PRESET = '@redis-functions/testing';
const DEPENDENCIES = ['@redis-functions/core'];
const DEV_DEPENDENCIES = ['@redis-functions/cli', PRESET, 'jest', 'jest-environment-node'];
/** What the configuration above transforms TypeScript with. */
const TRANSFORM = ['@swc/core', '@swc/jest'];

/** @param config The configuration that the project had before. */
export async function nextSteps(project: string, manifest: Manifest, config: string | undefined): Promise<string[]> {
  const { dependencies, devDependencies, peerDependencies } = manifest;
  const known = new Set(Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies }));
  const missing = (names: readonly string[]) => names.filter((name) => !known.has(name)).join(' ');
  const toRun = missing(DEPENDENCIES);
  const toDevelop = missing([...DEV_DEPENDENCIES, ...(config === undefined ? TRANSFORM : [])]);
  return [
    ...(toRun ? [`npm install ${toRun}`] : []),
    ...(toDevelop ? [`npm install --save-dev ${toDevelop}`] : []),
    ...((await namesPreset(project, config)) ? [] : [`Add "preset: '${PRESET}'" to ${config}`]),
    'npm run test:lua',
    'npm run deploy:lua -- --url redis://localhost:6379',
  ];
}

async function namesPreset(project: string, config: string | undefined): Promise<boolean> {
  if (config === undefined) return true;
  return (await readFile(join(project, config), 'utf8')).includes(PRESET);
}

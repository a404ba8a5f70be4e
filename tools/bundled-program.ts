import { afterAll, beforeAll } from '@jest/globals';
import { type Bundle, bundleSources } from './bundle-sources.js';

/** For the tests of the file, or of the block, that calls this. @returns Where the program is, from the first test on. */
export function bundledProgram(source: string): () => string {
  let bundle: Bundle | undefined;
  beforeAll(async () => {
    bundle = await bundleSources(source);
  });
  afterAll(() => bundle?.remove());
  return () => bundle?.programs[0] as string;
}

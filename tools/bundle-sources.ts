// Programs of ours as one file each, with the packages of this repository in it: what a test starts as a process of its
// own is there in a fraction of the time that loading each source on its own takes.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const BUNDLES = fileURLToPath(new URL('../.cache/bundles/', import.meta.url));
const OURS = /^@redis-functions\//;

/** Packages of others stay where they are: each is taken from where the file that needs it finds it. */
const leaveOthers: Plugin = {
  name: 'leave-others',
  setup(build) {
    build.onResolve({ filter: /^[^.]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (kind === 'entry-point' || OURS.test(path) || pluginData === 'found') return;
      const found = await build.resolve(path, { kind, resolveDir, pluginData: 'found' });
      if (found.errors.length > 0 || !found.path.includes('node_modules')) return found;
      return { path: pathToFileURL(found.path).href, external: true };
    });
  },
};

export interface Bundle {
  /** Where each program is, in the order asked for. */
  readonly programs: readonly string[];
  remove(): void;
}

/** @param sources Of the programs. They share what they have in common. Below their common folder they stay where they are. */
export async function bundleSources(...sources: readonly string[]): Promise<Bundle> {
  mkdirSync(BUNDLES, { recursive: true });
  const folder = mkdtempSync(BUNDLES);
  const { metafile } = await build({
    entryPoints: [...sources],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: sources.length > 1,
    metafile: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: 'inline',
    conditions: ['@redis-functions/source'],
    plugins: [leaveOthers],
    logLevel: 'warning',
  });
  const outputs = Object.entries(metafile.outputs);
  const programs = sources.map((source) => {
    const found = outputs.find(([, { entryPoint }]) => entryPoint && resolve(entryPoint) === resolve(source));
    return join(process.cwd(), found?.[0] ?? '');
  });
  return { programs, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

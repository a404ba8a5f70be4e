import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { unpackDebianPackages } from './apt.js';
import { SERVERS, type ServerName } from './server-packages.js';

/**
 * Gets a real server from Debian's packages without root and without installing it, into a folder of its own in the cache.
 * A server that is there already costs nothing.
 *
 * @returns The path of its binary.
 * @throws ServerFetchError where this system cannot (no apt-get, no Debian mirror, no network).
 */
export async function fetchServer(name: ServerName, cacheFolder: string): Promise<string> {
  const { suite, program, packages } = SERVERS[name];
  const destination = join(resolve(cacheFolder), name);
  const binary = join(destination, 'bin', program);
  if (existsSync(binary)) return binary;

  mkdirSync(cacheFolder, { recursive: true });
  // beside its destination, so that the last step is one rename: two that fetch at once do not see half of each other's
  const building = mkdtempSync(join(resolve(cacheFolder), `.${name}-`));
  try {
    const root = join(building, 'root');
    await unpackDebianPackages(suite, packages, { work: join(building, 'apt'), root });
    rmSync(join(building, 'apt'), { recursive: true });
    writeLaunchers(root, join(building, 'bin'), join(destination, 'root'));
    if (!existsSync(destination)) renameSync(building, destination);
  } catch (error) {
    // the other one was faster
    if (!existsSync(binary)) throw error;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return binary;
}

/** The servers that the cache holds. */
export function cachedServers(cacheFolder: string): { name: ServerName; path: string }[] {
  return (Object.keys(SERVERS) as ServerName[])
    .map((name) => ({ name, path: join(resolve(cacheFolder), name, 'bin', SERVERS[name].program) }))
    .filter(({ path }) => existsSync(path));
}

/**
 * Scripts that start the unpacked programs with the unpacked libraries; with the unpacked loader too, where the packages
 * brought a C library newer than this system's. `exec` keeps the process id.
 */
function writeLaunchers(root: string, bin: string, finalRoot: string): void {
  mkdirSync(bin);
  const libraries = [
    'usr/lib/x86_64-linux-gnu',
    'lib/x86_64-linux-gnu',
    'usr/lib/aarch64-linux-gnu',
    'lib/aarch64-linux-gnu',
  ]
    .filter((folder) => existsSync(join(root, folder)))
    .map((folder) => join(finalRoot, folder))
    .join(':');
  const loader = [
    'usr/lib64/ld-linux-x86-64.so.2',
    'lib64/ld-linux-x86-64.so.2',
    'usr/lib/ld-linux-aarch64.so.1',
    'lib/ld-linux-aarch64.so.1',
  ].find((path) => existsSync(join(root, path)));
  for (const program of readdirSync(join(root, 'usr/bin'))) {
    if (!/^(?:redis|valkey)-/.test(program)) continue;
    const binary = join(finalRoot, 'usr/bin', program);
    const start = loader
      ? `exec "${join(finalRoot, loader)}" --argv0 "${program}" --library-path "${libraries}" "${binary}" "$@"`
      : `LD_LIBRARY_PATH="${libraries}" exec "${binary}" "$@"`;
    const launcher = join(bin, program);
    writeFileSync(launcher, `#!/bin/sh\n${start}\n`);
    chmodSync(launcher, 0o755);
  }
}

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InvalidArgumentError } from '@redis-functions/core';
import { ServerFetchError } from '../errors.js';
import { serversIn } from '../find/cache.js';
import { FIRST_WITH_FUNCTIONS, hasFunctions, readVersion } from '../find/server-version.js';
import { keep } from '../process/keeper.js';
import { Apt } from './apt.js';
import { debianSources } from './debian-mirror.js';
import { writeLaunchers } from './launchers.js';
import { SERVER_NAMES, SERVERS, type ServerName } from './server-packages.js';

/**
 * Gets a real server from the packages of Debian or Ubuntu, without root and without installing it, into a folder of its
 * own in the cache: 8 to 35 MB, a few seconds. One that is there already costs nothing; many may fetch the same at once.
 *
 * @param name Those of Debian only on Debian; `distribution` also on Ubuntu.
 * @returns The path of its binary.
 * @throws ServerFetchError where this system cannot (no apt-get, no mirror, no network, another version by now).
 */
export async function fetchServer(name: ServerName, cacheFolder: string): Promise<string> {
  if (name !== 'distribution' && !SERVER_NAMES.includes(name)) {
    const names = [...SERVER_NAMES, 'distribution'].join(', ');
    throw new InvalidArgumentError('name', `No server is called "${name}". Choose one of ${names}.`);
  }
  const cache = resolve(cacheFolder);
  const destination = join(cache, name);
  const there = () => serversIn(cache).find((path) => path.startsWith(`${destination}/`));
  // asked first: a folder that is there is whole, unless it is somebody else's
  const isTaken = existsSync(destination);
  const already = there();
  if (already !== undefined) return already;
  if (isTaken) throw new ServerFetchError(`${destination} is in the way and holds no server`);

  // beside its destination, so that the last step is one rename: two that fetch at once do not see half of each other's
  const building = openFolder(cache, `.${name}-`);
  keep.folder(building);
  try {
    await build(name, building);
    if (!existsSync(destination)) renameSync(building, destination);
  } catch (error) {
    // the other one was faster
    if (there() === undefined) throw error;
  } finally {
    rmSync(building, { recursive: true, force: true });
    keep.releaseFolder(building);
  }
  const built = there();
  if (built === undefined) throw new ServerFetchError(`${destination} is in the way and holds no server`);
  return built;
}

function openFolder(parent: string, prefix: string): string {
  try {
    mkdirSync(parent, { recursive: true });
    return mkdtempSync(join(parent, prefix));
  } catch (cause) {
    throw new ServerFetchError(`nothing can be written to ${parent} (${(cause as { code?: string }).code})`, { cause });
  }
}

async function build(name: ServerName, folder: string): Promise<void> {
  const work = join(folder, 'apt');
  const { apt, product } = name === 'distribution' ? await ofDistribution(work) : await ofDebian(name, work);
  await apt.unpackWithLibraries([`${product}-server`, `${product}-tools`], join(folder, 'root'));
  rmSync(work, { recursive: true });
  writeLaunchers(folder);

  const version = readVersion(join(folder, 'bin', `${product}-server`));
  if (version === undefined) throw new ServerFetchError(`the unpacked ${product}-server does not run on this system`);
  if (name === 'distribution' ? !hasFunctions(version) : version.name !== name) {
    throw new ServerFetchError(`the packages hold ${version.kind} ${version.version}, not ${name}`);
  }
}

async function ofDebian(name: keyof typeof SERVERS, work: string) {
  const { suites, product } = SERVERS[name];
  const apt = new Apt(work, 'own', debianSources(suites));
  await apt.update();
  return { apt, product };
}

/** With the lists that this system has, which takes no time; where it has none, as in a fresh container, with its sources. */
async function ofDistribution(work: string) {
  const system = new Apt(work, 'system');
  const product = await productOf(system);
  if (product) return { apt: system, product };
  const updated = new Apt(work, 'own');
  await updated.update();
  const later = await productOf(updated);
  if (later) return { apt: updated, product: later };
  throw new ServerFetchError(
    `this release has no redis-server or valkey-server from version ${FIRST_WITH_FUNCTIONS} on`,
  );
}

async function productOf(apt: Apt): Promise<'redis' | 'valkey' | undefined> {
  for (const product of ['redis', 'valkey'] as const) {
    if (((await apt.majorOf(`${product}-server`)) ?? 0) >= FIRST_WITH_FUNCTIONS) return product;
  }
  return undefined;
}

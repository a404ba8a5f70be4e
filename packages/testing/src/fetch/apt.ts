import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ServerFetchError } from '../errors.js';

const run = promisify(execFile);

const OUTPUT_BYTES = 64 * 1024 * 1024;
const DEPENDENCY = /^[\s|]*(?:Pre)?Depends: ([^<\s:]+)/gm;
/** Of what a server depends on, the shared libraries; not the tools of its installation. */
const LIBRARY = /^(?:lib|zlib|lua)/;

/**
 * apt with a state of its own in a folder: it installs nothing, needs no root, and neither reads nor changes what this
 * system has installed.
 */
export class Apt {
  readonly #folder: string;
  readonly #options: readonly string[];

  /**
   * @param lists `own`: fetched by `update()` into the folder. `system`: those of this system, as they are.
   * @param sources Lines for sources.list in place of the system's sources.
   */
  constructor(folder: string, lists: 'own' | 'system', sources?: readonly string[]) {
    this.#folder = folder;
    for (const name of ['lists/partial', 'cache/archives/partial', 'downloads']) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    const status = join(folder, 'status');
    writeFileSync(status, '');
    const list = join(folder, 'sources.list');
    if (sources) writeFileSync(list, `${sources.join('\n')}\n`);
    this.#options = [
      `Dir::State::status=${status}`,
      `Dir::Cache=${join(folder, 'cache')}`,
      // container images turn these off, and apt then reads its lists for seconds at every question
      'Dir::Cache::pkgcache=pkgcache.bin',
      'Dir::Cache::srcpkgcache=srcpkgcache.bin',
      'APT::Sandbox::User=',
      'Acquire::Languages=none',
      ...(lists === 'own' ? [`Dir::State=${folder}`, `Dir::State::Lists=${join(folder, 'lists')}`] : []),
      ...(sources ? [`Dir::Etc::SourceList=${list}`, 'Dir::Etc::SourceParts=-'] : []),
    ].flatMap((option) => ['-o', option]);
  }

  async update(): Promise<void> {
    // without it, apt takes a mirror that it cannot reach for one that has nothing
    await command('apt-get', ['-qq', ...this.#options, '-o', 'APT::Update::Error-Mode=any', 'update']);
  }

  /** The major version that would be downloaded. */
  async majorOf(name: string): Promise<number | undefined> {
    const policy = await command('apt-cache', [...this.#options, 'policy', name]);
    const major = /Candidate: (?:\d+:)?(\d+)\./.exec(policy)?.[1];
    return major === undefined ? undefined : Number(major);
  }

  /** Of these packages and of all that they depend on: on what. One question for all, since each costs half a second. */
  async #dependencies(names: readonly string[]): Promise<Map<string, string[]>> {
    const text = await command('apt-cache', [...this.#options, 'depends', '--recurse', '--important', ...names]);
    // a package at the beginning of a line, below it its dependencies, indented
    return new Map(
      text.split(/\n(?=\S)/).map((paragraph) => {
        const [name = ''] = paragraph.split('\n');
        return [name.trim(), Array.from(paragraph.matchAll(DEPENDENCY), ([, dependency = '']) => dependency)];
      }),
    );
  }

  /** Unpacks the packages and every shared library that they need, the C library included. */
  async unpackWithLibraries(names: readonly string[], root: string): Promise<void> {
    const all = withLibraries(names, await this.#dependencies(names));
    const downloads = join(this.#folder, 'downloads');
    await command('apt-get', ['-qq', ...this.#options, 'download', ...all], downloads);
    mkdirSync(root, { recursive: true });
    for (const file of readdirSync(downloads)) await command('dpkg', ['-x', join(downloads, file), root]);
  }
}

function withLibraries(names: readonly string[], dependencies: ReadonlyMap<string, readonly string[]>): Set<string> {
  const all = new Set(names);
  // a set that grows while it is walked: what is added is visited too
  for (const name of all) for (const needed of dependencies.get(name) ?? []) if (LIBRARY.test(needed)) all.add(needed);
  return all;
}

async function command(program: string, args: readonly string[], cwd?: string): Promise<string> {
  try {
    // its messages in English, whatever this system speaks: some are parsed
    const { stdout } = await run(program, args, { cwd, maxBuffer: OUTPUT_BYTES, env: { ...process.env, LC_ALL: 'C' } });
    return stdout;
  } catch (cause) {
    const { code, stderr = '' } = cause as { code?: string | number; stderr?: string };
    if (code === 'ENOENT') throw new ServerFetchError(`this system has no ${program}`, { cause });
    const verb = args.find((arg) => /^[a-z]+$/.test(arg)) ?? '';
    const complaint = stderr.split('\n').find((line) => line.startsWith('E: ')) ?? stderr.trim();
    throw new ServerFetchError(`${program} ${verb} failed (${complaint.replace(/^E: /, '')})`, { cause });
  }
}

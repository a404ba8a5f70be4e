import type { ClientPort, PrimaryNode } from '../client/port.js';
import type { Library } from '../define/library.js';
import { type VersionedName, versionedLibraryName } from '../define/side-by-side.js';
import { listLibraries } from '../manage/list.js';
import { toArray } from '../replies.js';

export interface PruneOptions {
  /** Milliseconds for which nobody has called a version. Default: 604 800 000 (a week). */
  unusedForMs?: number;
  /** Say what would be done, and do nothing. Default: false. */
  dryRun?: boolean;
}

/** What became of one old version on one server. */
export interface PruneOutcome {
  readonly node: string;
  readonly library: string;
  readonly action: 'deleted' | 'kept';
  /** Null for one that nobody has been seen calling: from now on it is watched. */
  readonly lastUsed: Date | null;
}

const WEEK_MS = 604_800_000;
/** Marks outlive any sensible prune. */
const MARK_TTL_MS = 90 * 86_400_000;
const MARK_EVERY_MS = 60_000;

/** Which major versions are still called: servers keep no record of that, so those who call leave one. */
export class Usage {
  readonly #port: ClientPort;
  readonly #markedAt = new Map<string, number>();

  constructor(port: ClientPort) {
    this.#port = port;
  }

  /** After a call: leaves a mark at most once a minute, and never fails or delays the call. */
  mark({ name, versioned }: Library): void {
    if (!versioned) return;
    const now = performance.now();
    if (now - (this.#markedAt.get(name) ?? Number.NEGATIVE_INFINITY) < MARK_EVERY_MS) return;
    this.#markedAt.set(name, now);
    this.#markOnAll(name).catch(() => this.#markedAt.delete(name));
  }

  /** Removes the older versions of the libraries that nobody has called for a while. Newer ones are left alone. */
  async prune(
    libraries: readonly Library[],
    { unusedForMs = WEEK_MS, dryRun = false }: PruneOptions = {},
  ): Promise<PruneOutcome[]> {
    const versioned = libraries.flatMap((library) => (library.versioned ? [library.versioned] : []));
    const nodes = await this.#port.primaries();
    const outcomes = await Promise.all(nodes.map((node) => this.#pruneNode(node, versioned, { unusedForMs, dryRun })));
    return outcomes.flat();
  }

  async #pruneNode(
    node: PrimaryNode,
    versioned: readonly VersionedName[],
    { unusedForMs, dryRun }: Required<PruneOptions>,
  ): Promise<PruneOutcome[]> {
    const loaded = await listLibraries(node);
    const older = loaded.filter(({ name }) => versioned.some((current) => isOlder(name, current)));
    const now = await readTime(node);
    const outcomes: PruneOutcome[] = [];
    for (const { name } of older) {
      const mark = await node.send(['HGET', marksOf(node), name]);
      // there before there were marks: its time begins now
      if (mark === null && !dryRun) await leaveMark(node, name, now);
      const isUnused = mark !== null && now - Number(mark) >= unusedForMs;
      if (isUnused && !dryRun) await node.send(['FUNCTION', 'DELETE', name]);
      const lastUsed = mark === null ? null : new Date(Number(mark));
      outcomes.push({ node: node.id, library: name, action: isUnused ? 'deleted' : 'kept', lastUsed });
    }
    return outcomes;
  }

  async #markOnAll(name: string): Promise<void> {
    const nodes = await this.#port.primaries();
    await Promise.all(nodes.map(async (node) => leaveMark(node, name, await readTime(node))));
  }
}

function isOlder(name: string, { base, major }: VersionedName): boolean {
  const found = /^(.*)_(\d+)$/.exec(name);
  return (
    found?.[1] === base && Number(found[2]) < major && name === versionedLibraryName({ base, major: Number(found[2]) })
  );
}

function marksOf({ registryKey }: PrimaryNode): string {
  return `${registryKey}:used`;
}

async function leaveMark(node: PrimaryNode, name: string, now: number): Promise<void> {
  await node.send(['HSET', marksOf(node), name, String(now)]);
  await node.send(['PEXPIRE', marksOf(node), String(MARK_TTL_MS)]);
}

/** The server's: the clocks of those who call differ. */
async function readTime(node: PrimaryNode): Promise<number> {
  const [seconds, microseconds] = toArray(await node.send(['TIME'])).map(Number);
  return (seconds ?? 0) * 1_000 + Math.floor((microseconds ?? 0) / 1_000);
}

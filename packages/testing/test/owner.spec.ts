import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findServer } from '../src/index.js';
import { living, processes } from './processes.js';
import { until } from './until.js';

let parent: string;
let owner: ChildProcess | undefined;
let started: readonly number[] = [];

beforeEach(() => {
  // a space: a list of folders that is split at spaces would remove others
  parent = mkdtempSync(join(tmpdir(), 'owner of servers '));
  mkdirSync(join(parent, 'tmp'));
});

afterEach(() => {
  owner?.kill('SIGKILL');
  // where the test failed
  for (const pid of living(started)) process.kill(pid, 'SIGKILL');
  rmSync(parent, { recursive: true, force: true });
});

/** Starts test/owner.ts and waits until it says what it started. */
async function startOwner(how: string): Promise<{ pids: number[]; folders: string[] }> {
  const source = ['--import', 'tsx', '--conditions=@redis-functions/source'];
  owner = spawn(process.execPath, [...source, join(import.meta.dirname, 'owner.ts'), how, parent], {
    env: { ...process.env, REDIS_FUNCTIONS_SERVER: findServer() },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(owner, 'close').then(() => Promise.reject(new Error('it ended and said nothing')));
  // it also ends after it has spoken, when nobody listens
  ended.catch(() => {});
  const [said] = (await Promise.race([once(owner.stdout as NodeJS.ReadableStream, 'data'), ended])) as [Buffer];
  const what = JSON.parse(said.toString()) as { pids: number[]; folders: string[] };
  started = what.pids;
  return what;
}

const foldersLeft = () => readdirSync(join(parent, 'tmp'));

const processesIn = (folder: string) => processes().filter(({ args }) => args.includes(folder));

describe('when the process that started servers', () => {
  it.each([
    ['is killed', 'SIGKILL'],
    ['is killed while a server saves', 'SIGKILL'],
    ['is interrupted', 'SIGINT'],
    ['is asked to end', 'SIGTERM'],
    ['forgets them', undefined],
  ] as const)('%s, nothing is left but the folder it was given', async (how, signal) => {
    const { pids, folders } = await startOwner(how);
    expect(pids).toHaveLength(how === 'is killed while a server saves' ? 5 : 4);
    if (signal) expect(living(pids)).toEqual(pids);
    expect(folders).toHaveLength(3);
    if (signal) owner?.kill(signal);
    await until(() => owner?.exitCode !== null || owner.signalCode !== null);
    await until(() => living(pids).length === 0 && foldersLeft().length === 0);
    await until(() => processesIn(parent).length === 0);
    expect(existsSync(join(parent, 'kept'))).toBe(true);
  });

  it('cannot start one, no folder is left', async () => {
    const { folders } = await startOwner('fails to start');
    expect(folders).toEqual([]);
  });
});

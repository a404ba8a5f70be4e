import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { availableServers, findOnPath, findServer } from '../src/index.js';

const [real] = availableServers();
const server = real?.path as string;

let folder: string;
const inFolder = (path: string) => join(folder, path);

/** A program that says a version, or nothing of use. */
function fake(path: string, says: string): string {
  const program = inFolder(path);
  mkdirSync(dirname(program), { recursive: true });
  writeFileSync(program, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(program, 0o755);
  return program;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'find server '));
  mkdirSync(inFolder('valkey'));
  mkdirSync(inFolder('redis'));
  symlinkSync(server, inFolder('valkey/valkey-server'));
  symlinkSync(server, inFolder('redis/redis-server'));
  // not a program
  mkdirSync(inFolder('text'));
  writeFileSync(inFolder('text/redis-server'), 'hello');
});
afterAll(() => rmSync(folder, { recursive: true }));

const path = (...folders: string[]) => ({
  PATH: folders.map(inFolder).join(':'),
  REDIS_FUNCTIONS_CACHE: inFolder('none'),
});

describe('the server to start', () => {
  it('is the named one, else a redis-server, else a valkey-server of the PATH, else a fetched one', () => {
    const cached = fake('cache/redis-7.2/bin/redis-server', 'Redis server v=7.2.4 sha=0');
    const cache = { ...path('text'), REDIS_FUNCTIONS_CACHE: inFolder('cache') };
    expect(findServer({ ...path('redis'), REDIS_FUNCTIONS_SERVER: inFolder('valkey/valkey-server') })).toBe(
      inFolder('valkey/valkey-server'),
    );
    expect(findServer({ ...cache, ...path('valkey', 'redis') })).toBe(inFolder('redis/redis-server'));
    expect(findServer({ ...cache, ...path('text', 'valkey') })).toBe(inFolder('valkey/valkey-server'));
    expect(findServer(cache)).toBe(cached);
    expect(findOnPath(cache)).toBeUndefined();
  });

  it('is missed with one sentence per system', () => {
    const missing = () => findServer(path('text'));
    expect(missing).toThrow(expect.objectContaining({ code: 'SERVER_NOT_FOUND' }));
    for (const system of ['Debian', 'Ubuntu', 'Fedora', 'Alpine', 'macOS', 'Windows']) expect(missing).toThrow(system);
    expect(() => findServer({ ...path('redis'), REDIS_FUNCTIONS_SERVER: '/nowhere' })).toThrow(
      '/nowhere, which cannot be run',
    );
  });
});

describe('the servers to test on', () => {
  it('are called by product and version, each once, without those that have no functions or do not run', () => {
    fake('matrix/a/bin/redis-server', 'Redis server v=7.2.4 sha=0');
    fake('matrix/b/bin/redis-server', 'Redis server v=7.2.5 sha=0');
    fake('matrix/c/bin/redis-server', 'Redis server v=6.0.16 sha=0');
    fake('matrix/d/bin/valkey-server', 'Valkey server v=10.1.0 sha=0');
    fake('matrix/e/bin/valkey-server', 'no shared library');
    const own = fake('own/redis-server', 'Redis server v=7.0.15 sha=0');
    expect(availableServers({ ...path('own'), REDIS_FUNCTIONS_CACHE: inFolder('matrix') })).toEqual([
      { name: 'redis-7.0', path: own },
      { name: 'redis-7.2', path: inFolder('matrix/a/bin/redis-server') },
      { name: 'valkey-10.1', path: inFolder('matrix/d/bin/valkey-server') },
    ]);
    const named = { REDIS_FUNCTIONS_CACHE: inFolder('matrix'), REDIS_FUNCTIONS_SERVER: own };
    expect(availableServers(named)).toEqual([{ name: 'redis-7.0', path: own }]);
    expect(() => availableServers(path('none'))).toThrow(expect.objectContaining({ code: 'SERVER_NOT_FOUND' }));
  });

  it('are those of a list, where there is one', () => {
    expect(availableServers({ REDIS_FUNCTIONS_SERVERS: JSON.stringify({ mine: server }) })).toEqual([
      { name: 'mine', path: server },
    ]);
    for (const list of ['{', '[]', '{}', '7', 'null', '{"mine": 7}', '{"mine": "/nowhere"}']) {
      expect(() => availableServers({ REDIS_FUNCTIONS_SERVERS: list })).toThrow(/not a JSON object of names and paths/);
    }
  });
});

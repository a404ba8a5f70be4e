import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Apt } from '../src/fetch/apt.js';
import { debianSources } from '../src/fetch/debian-mirror.js';
import { readVersion } from '../src/find/server-version.js';
import { fetchServer, type ServerName, startRedis } from '../src/index.js';
import { processInfo } from './processes.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fetch server '));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Nothing that works without apt; the sentence then says so. */
const hasApt = existsSync('/usr/bin/apt-get');

describe('a fetched server', () => {
  it('is unpacked once by many at once, runs, and still does where its folder moves to; elsewhere it is refused by name', async () => {
    const cache = join(folder, 'cache');
    const fetched = await Promise.allSettled([fetchServer('distribution', cache), fetchServer('distribution', cache)]);
    if (!hasApt) {
      expect(fetched[0]).toMatchObject({ reason: { code: 'SERVER_FETCH_FAILED', message: /no apt-(?:get|cache)/ } });
      return;
    }
    const [first, second] = fetched.map((result) => (result.status === 'fulfilled' ? result.value : result.reason));
    expect(first).toBe(second);
    expect(readdirSync(cache)).toEqual(['distribution']);
    expect(await fetchServer('distribution', cache)).toBe(first);
    expect(readVersion(first)?.version).toMatch(/^\d+\.\d+\.\d+$/);

    renameSync(cache, join(folder, 'moved'));
    const redis = await startRedis({ server: first.replace(cache, join(folder, 'moved')) });
    expect(await redis.command('PING')).toBe('PONG');
    // exec: the process that is stopped is the server
    expect(processInfo(redis.pid)?.args).toMatch(/redis-server|valkey-server/);
    expect(processInfo(redis.pid)?.args).not.toContain('/bin/sh');
    await redis.stop();
  }, 120_000);

  it('has a name', async () => {
    await expect(fetchServer('redis-1.0' as ServerName, folder)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(fetchServer('toString' as ServerName, folder)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('is not begun where it has no place', async () => {
    const cache = join(folder, 'taken');
    mkdirSync(join(cache, 'redis-7.0'), { recursive: true });
    await expect(fetchServer('redis-7.0', cache)).rejects.toThrow(/redis-7.0 is in the way and holds no server\./);
    expect(readdirSync(cache)).toEqual(['redis-7.0']);

    const file = join(folder, 'file');
    writeFileSync(file, '');
    const failure = fetchServer('distribution', join(file, 'cache'));
    await expect(failure).rejects.toMatchObject({ code: 'SERVER_FETCH_FAILED' });
    await expect(failure).rejects.toThrow(/nothing can be written to .*file\/cache \(ENOTDIR\)\./);
  });

  it('is refused for the mirror that cannot be reached, not for packages that it lacks', async () => {
    const config = join(folder, 'apt.conf');
    // by itself apt would try again for seconds
    writeFileSync(config, 'Acquire::Retries "0";\n');
    process.env['APT_CONFIG'] = config;
    const apt = new Apt(join(folder, 'apt'), 'own', ['deb [trusted=yes] http://127.0.0.1:1/debian sid main']);
    const reason = hasApt ? /apt-get update failed \(Failed to fetch http:\/\/127.0.0.1:1/ : /no apt-get/;
    await expect(apt.update().finally(() => delete process.env['APT_CONFIG'])).rejects.toThrow(reason);
  });
});

describe('the packages of Debian', () => {
  /** A system by its files. */
  function system(name: string, files: Record<string, string>): string {
    const etc = join(folder, name);
    mkdirSync(join(etc, 'apt/sources.list.d'), { recursive: true });
    for (const [path, text] of Object.entries(files)) writeFileSync(join(etc, path), text);
    return etc;
  }
  const BOOKWORM = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_CODENAME=bookworm\n';

  it('come from the mirror that this machine uses, however it is written down', () => {
    const lines = system('lines', {
      'os-release': BOOKWORM,
      'apt/sources.list': [
        '# deb http://old.example/debian bookworm main',
        'deb-src http://source.example/debian bookworm main',
        'deb http://security.example/debian-security bookworm-security main',
        'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib',
      ].join('\n'),
    });
    expect(debianSources(['sid'], lines)).toEqual([
      expect.stringMatching(/^deb (?:\[\S+\] )?http:\/\/mirror.example\/debian sid main$/),
    ]);
    const fields = system('fields', {
      'os-release': BOOKWORM,
      'apt/sources.list.d/other.sources':
        'Types: deb\nURIs: http://other.example/apt\nSuites: bookworm\nComponents: stable\n',
      'apt/sources.list.d/system.sources':
        'Types: deb\nURIs: http://security.example/debian-security\nSuites: bookworm-security\nComponents: main\n\n' +
        'Types: deb deb-src\n# a comment\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n',
    });
    expect(debianSources(['bookworm', 'bookworm-backports'], fields)).toEqual([
      expect.stringMatching(/http:\/\/mirror.example\/debian bookworm main$/),
      expect.stringMatching(/http:\/\/mirror.example\/debian bookworm-backports main$/),
    ]);
  });

  it('are refused on a system that is another one, or has no mirror', () => {
    const ubuntu = system('ubuntu', {
      'os-release': 'PRETTY_NAME="Ubuntu 24.04"\nID=ubuntu\nVERSION_CODENAME=noble\n',
    });
    expect(() => debianSources(['sid'], ubuntu)).toThrow(/sid is a suite of Debian, and this system is Ubuntu 24.04/);
    const bare = system('bare', { 'os-release': BOOKWORM });
    expect(() => debianSources(['sid'], bare)).toThrow(/no Debian mirror in its package sources/);
    expect(() => debianSources(['sid'], join(folder, 'nothing'))).toThrow(/is a suite of Debian/);
  });
});

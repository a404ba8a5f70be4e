import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  availableServers,
  type RedisCluster,
  type RedisSentinels,
  type RedisServer,
  startCluster,
  startRedis,
  startSentinel,
} from '@redis-functions/testing';
import { FINDINGS, type Finding } from '../src/doctor/findings.js';
import { vulnerabilitiesOf } from '../src/doctor/vulnerabilities.js';
import { runCli } from './terminal.js';

const folder = mkdtempSync(join(tmpdir(), 'redis-functions-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const library = (version = '1.0.0', body = "return redis.call('GET', keys[1])") =>
  `#!lua name=shop\n-- @version ${version}\nredis.register_function{ function_name = 'shop_get', flags = { 'no-writes' }, callback = function(keys) ${body} end }\n`;

function file(content = library()): string {
  const path = join(folder, 'shop.lua');
  writeFileSync(path, content);
  return path;
}

/** Without what the age of the servers here brings with it. */
async function doctor(argv: readonly string[], options: { url?: string } = {}) {
  const { code, out, err } = await runCli(['doctor', '--ignore', 'known-vulnerability', '--json', ...argv], options);
  const { servers, findings } = JSON.parse(out || '{}') as { servers: unknown[]; findings: Finding[] };
  return { code, err, servers, findings, codes: (findings ?? []).map((each) => each.code) };
}

describe.each(availableServers())('doctor on $name', ({ name, path }) => {
  let redis: RedisServer;
  let url: string;
  beforeAll(async () => {
    redis = await startRedis({ server: path, args: ['--appendonly', 'yes'] });
    url = redis.url;
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await redis.command('FUNCTION', 'FLUSH');
    await redis.command('FUNCTION', 'LOAD', library());
  });

  it('finds nothing where nothing is wrong', async () => {
    expect(await doctor([file()], { url })).toMatchObject({ code: 0, findings: [], servers: [{ role: 'primary' }] });
    const text = await runCli(['doctor', '--ignore', 'known-vulnerability'], { url });
    expect(text).toMatchObject({ code: 0, out: '1 servers: 0 errors, 0 warnings.\n' });
  });

  it('finds an old version with known vulnerabilities in its Lua', async () => {
    const { code, out } = await runCli(['doctor'], { url });
    const isOld = name !== 'valkey-9.1';
    expect({ code, isOld: /CVE-2025-49844/.test(out) }).toEqual({ code: isOld ? 1 : 0, isOld });
    if (isOld) expect(out).toMatch(/^error .* Update it\. .*\(known-vulnerability\)/m);
  });

  it('finds functions that would be lost at a restart', async () => {
    await redis.command('CONFIG', 'SET', 'appendonly', 'no');
    const lost = await doctor([], { url });
    expect(lost).toMatchObject({ code: 1, findings: [{ code: 'lost-at-restart', severity: 'error', node: url }] });
    await redis.command('CONFIG', 'SET', 'save', '900 1');
    expect(await doctor([], { url })).toMatchObject({ code: 0, codes: [] });
    await redis.command('CONFIG', 'SET', 'save', '', 'appendonly', 'yes');
  });

  it('finds a library that is missing, older, or other than its file', async () => {
    expect(await doctor([file(library('1.1.0'))], { url })).toMatchObject({ code: 0, codes: ['library-outdated'] });
    expect(await doctor([file(library('1.0.0', 'return 7'))], { url })).toMatchObject({
      code: 1,
      codes: ['library-differs'],
    });
    await redis.command('FUNCTION', 'DELETE', 'shop');
    expect(await doctor([file()], { url })).toMatchObject({ code: 1, codes: ['library-missing'] });
  });

  it('finds settings that lose keys, or leave no way to end a function', async () => {
    await redis.command(
      'CONFIG',
      'SET',
      'maxmemory',
      '100mb',
      'maxmemory-policy',
      'allkeys-lru',
      'busy-reply-threshold',
      '0',
    );
    try {
      expect(await doctor([], { url })).toMatchObject({ code: 0, codes: ['eviction', 'no-busy-threshold'] });
      expect((await doctor(['--ignore', 'eviction', '--ignore', 'no-busy-threshold'], { url })).codes).toEqual([]);
    } finally {
      await redis.command(
        'CONFIG',
        'SET',
        'maxmemory',
        '0',
        'maxmemory-policy',
        'noeviction',
        'busy-reply-threshold',
        '5000',
      );
    }
  });

  it('finds what keeps the server busy', async () => {
    await redis.command('CONFIG', 'SET', 'busy-reply-threshold', '50');
    await redis.command('FUNCTION', 'LOAD', 'REPLACE', library('2.0.0', 'while true do end'));
    const spinning = redis.command('FCALL', 'shop_get', '0').catch((error: Error) => error.message);
    let found = await doctor([], { url });
    while (!found.codes.includes('busy')) found = await doctor([], { url });
    expect(found.findings).toMatchObject([
      { code: 'busy', problem: expect.stringContaining('shop_get has been running') },
    ]);
    expect(found.code).toBe(1);
    await redis.command('FUNCTION', 'KILL');
    expect(await spinning).toMatch(/killed/);
    await redis.command('CONFIG', 'SET', 'busy-reply-threshold', '5000');
  });

  it('finds a permission that is missing: its own, and those of a user', async () => {
    await redis.command(
      'ACL',
      'SETUSER',
      'app',
      'reset',
      'on',
      '>pw',
      '~*',
      '+fcall|shop_get',
      '+ping',
      '+client|setname',
      '+function|stats',
      '+info',
    );
    const own = await doctor([], { url: url.replace('://', '://app:pw@') });
    expect(own.code).toBe(1);
    expect(own.findings).toMatchObject([
      { code: 'missing-permission', remedy: expect.stringContaining('+function|list') },
      { code: 'not-examined', problem: expect.stringContaining('CONFIG GET') },
    ]);
    expect(JSON.stringify(own)).not.toContain('pw@');
    const user = await doctor([file(), '--user', 'app'], { url });
    expect(user).toMatchObject({ code: 1, codes: ['missing-permission'] });
    expect(user.findings[0]?.problem).toBe('The user app lacks +fcall_ro|shop_get +function|list +get.');
    await redis.command('ACL', 'SETUSER', 'app', '+fcall_ro|shop_get', '+function|list', '+get');
    expect(await doctor([file(), '--user', 'app'], { url })).toMatchObject({ code: 0, codes: [] });
    expect((await doctor([file(), '--user', 'nobody'], { url })).codes).toEqual(['not-examined']);
    expect(await doctor(['--user', 'app'], { url })).toMatchObject({ code: 2 });
  });

  it('finds a library that crashes the server when it is replaced', async () => {
    const own = await startRedis({ server: path, args: ['--appendonly', 'yes'] });
    try {
      const twins = `#!lua name=twins\nredis.register_function('f', function() end)\nredis.register_function('F', function() end)\n`;
      const isTaken = await own.command('FUNCTION', 'LOAD', twins).then(
        () => true,
        () => false,
      );
      // newer ones refuse it
      const { codes } = await doctor([], { url: own.url });
      expect(codes).toEqual(isTaken ? ['unsafe-library'] : []);
    } finally {
      await own.stop();
    }
  });
});

describe('doctor on a cluster', () => {
  let cluster: RedisCluster;
  let on: readonly string[];
  beforeAll(async () => {
    cluster = await startCluster({ primaries: 3, replicas: 1, args: ['--appendonly', 'yes'] });
    on = ['--cluster', '--url', cluster.url];
  });
  afterAll(() => cluster.stop());
  beforeEach(async () => {
    expect(await runCli(['deploy', file(), '--force', '--yes', '--replicas', '1', ...on])).toMatchObject({ code: 0 });
  });

  it('looks at every primary and every replica', async () => {
    const { code, servers, findings } = await doctor([file(), ...on]);
    expect({ code, findings }).toEqual({ code: 0, findings: [] });
    expect(servers).toHaveLength(6);
  });

  it('finds the primary that lacks a library, and the one that has another', async () => {
    const [first, second] = await cluster.primaries();
    await first?.command('FUNCTION', 'DELETE', 'shop');
    expect((await doctor(on)).findings).toMatchObject([{ code: 'library-missing', node: `127.0.0.1:${first?.port}` }]);
    await first?.command('FUNCTION', 'LOAD', library());
    await second?.command('FUNCTION', 'LOAD', 'REPLACE', library('1.0.0', 'return 7'));
    expect((await doctor(on)).findings).toMatchObject([{ code: 'library-differs', node: `127.0.0.1:${second?.port}` }]);
  });

  it('finds the primary that is busy, whichever other node it is asked of', async () => {
    const [first, second, third] = await cluster.primaries();
    await second?.command('CONFIG', 'SET', 'busy-reply-threshold', '50');
    await second?.command('FUNCTION', 'LOAD', 'REPLACE', library('1.0.1', 'while true do end'));
    const spinning = second?.command('FCALL', 'shop_get', '0').catch((error: Error) => error.message);
    for (const node of [first, third]) {
      const argv = ['--cluster', '--url', node?.url ?? '', '--ignore', 'library-differs'];
      let found = await doctor(argv);
      while (!found.codes.includes('busy')) found = await doctor(argv);
      expect(found.findings).toMatchObject([{ code: 'busy', node: `127.0.0.1:${second?.port}` }]);
    }
    const alone = await runCli(['doctor', '--cluster', '--url', second?.url ?? '', '--timeout', '1000']);
    expect(alone).toMatchObject({ code: 1, err: expect.stringMatching(/BUSY|not been reachable/) });
    expect(await runCli(['kill', '--yes', ...on])).toMatchObject({
      code: 0,
      out: `Ended on 127.0.0.1:${second?.port}.\n`,
    });
    expect(await spinning).toMatch(/killed/);
  });

  describe('where a replica does not answer', () => {
    let replica: RedisServer | undefined;
    afterEach(async () => {
      replica?.resume();
      await cluster.settled();
    });

    it('says which', async () => {
      const [first] = await cluster.primaries();
      [replica] = await cluster.replicasOf(first as RedisServer);
      replica?.pause();
      const { code, findings } = await doctor([...on, '--timeout', '1500']);
      expect(code).toBe(1);
      expect(findings).toMatchObject([{ code: 'unreachable', node: `127.0.0.1:${replica?.port}` }]);
    });
  });
});

describe('doctor on sentinels', () => {
  let group: RedisSentinels;
  beforeAll(async () => {
    group = await startSentinel();
  });
  afterAll(() => group.stop());

  it('looks at the primary and its replicas', async () => {
    const [sentinel] = group.addresses;
    const on = ['--sentinel', group.name, '--url', `redis://${sentinel?.host}:${sentinel?.port}`];
    await runCli(['deploy', file(), '--replicas', '2', ...on]);
    const { code, servers, codes } = await doctor([file(), ...on]);
    expect(servers).toHaveLength(3);
    expect({ code, codes }).toEqual({ code: 1, codes: ['lost-at-restart'] });
  });
});

describe('doctor', () => {
  const docs = readFileSync(fileURLToPath(new URL('../../../docs/doctor.md', import.meta.url)), 'utf8');

  it.each(Object.entries(FINDINGS))('explains %s in its documentation, as %s', (code, severity) => {
    expect(docs).toMatch(new RegExp(`^## ${code}\\n\\n${severity === 'error' ? 'Error' : 'Warning'}\\. `, 'm'));
  });

  it('knows from which release on a vulnerability is mended', () => {
    const ids = (kind: 'redis' | 'valkey', version: string) => vulnerabilitiesOf(kind, version).map(({ id }) => id);
    expect(ids('redis', '7.0.15')).toContain('CVE-2024-31449');
    expect(ids('redis', '7.2.10')).toContain('CVE-2025-49844');
    expect(ids('redis', '7.2.14')).toEqual([]);
    expect(ids('redis', '8.0.4')).toEqual(['CVE-2026-23631']);
    expect(ids('redis', '8.2.6')).toEqual([]);
    expect(ids('redis', '8.10.0')).toEqual([]);
    expect(ids('valkey', '8.1.4')).toEqual(['CVE-2025-67733', 'CVE-2026-23631']);
    expect(ids('valkey', '8.1.10')).toEqual([]);
    expect(ids('valkey', '9.1.2')).toEqual([]);
  });

  it('refuses to leave out what it does not know', async () => {
    expect(await runCli(['doctor', '--ignore', 'everything'])).toMatchObject({ code: 2 });
  });
});

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisCluster, startCluster } from '@redis-functions/testing';
import { commandsUsedBy } from '../src/acl/commands-used.js';
import { runCli } from './terminal.js';

const folder = mkdtempSync(join(tmpdir(), 'redis-functions-acl-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function library(...body: string[]): string {
  return ['#!lua name=shop', '-- @version 1.0.0', ...body, "redis.register_function('shop_get', get)", ''].join('\n');
}

function file(...body: string[]): string {
  const path = join(folder, 'shop.lua');
  writeFileSync(path, library(...body));
  return path;
}

const GET = "local function get(keys) return redis.call('GET', keys[1]) end";
const users = (out: string) => (JSON.parse(out) as { users: { name: string; rules: string[] }[] }).users;

describe('the commands of a library', () => {
  it.each<[string, string[], string[]]>([
    [
      'written out',
      ["local function get(k) return redis.call('get', k[1]), server.pcall([[HGET]], k[1], 'f') end"],
      ['get', 'hget'],
    ],
    [
      'through a name',
      [
        'local call, other',
        'local function get(k) call, other = redis.call, redis.pcall; call("SET", k[1]); other("TTL", k[1]) end',
      ],
      ['set', 'ttl'],
    ],
    [
      'through another name of the table',
      ["local function get(k) local r = redis; return r.call('TYPE', k[1]) end"],
      ['type'],
    ],
    ['through pcall', ["local function get(k) return pcall(redis.call, 'INCR', k[1]) end"], ['incr']],
    [
      'through functions that are given the name',
      [
        'local function send(work, command, key) return redis.call(command, key) end',
        'local function both(name, k) return send({}, name, k) end',
        "local function get(k) both('DEL', k[1]); send({}, 'LLEN', k[1]) end",
      ],
      ['del', 'llen'],
    ],
    [
      'chosen between',
      [
        "local function get(k, a) local c = a[1] and 'ZADD' or 'ZREM'; return redis.call(c, k[1]), redis.call(a[2] and 'GET' or 'SET', k[1]) end",
      ],
      ['get', 'set', 'zadd', 'zrem'],
    ],
  ])('are seen %s', (_, body, commands) => {
    expect(commandsUsedBy(library(...body))).toEqual({ commands, unseen: [] });
  });

  it('that are put together at run time are told by their line', () => {
    expect(
      commandsUsedBy(library("local function get(k, a) return redis.call(a[1], k[1]), redis.call('H' .. a[2]) end")),
    ).toEqual({
      commands: [],
      unseen: [3],
    });
  });
});

describe('acl', () => {
  it('prints users, and says what it could not find out', async () => {
    const hash = createHash('sha256').update('a password').digest('hex');
    const path = file(GET, "local function other(k, a) redis.call(a[1], k[1]); redis.call('PUBLISH', 'c', 'm') end");
    const argv = ['acl', path, '--app-user', 'app', '--prefix', 'shop:', '--prefix', '[x]*', '--app-hash', hash];
    const { code, out, err } = await runCli([...argv, '--allow', 'EXISTS', '--format', 'aclfile']);
    expect({ code, out }).toEqual({
      code: 0,
      out: `user app on #${hash} ~shop:* ~\\[x\\]\\** +fcall|shop_get +client|setname +exists +function|list +get +ping +publish\n`,
    });
    expect(err).toMatch(/shop\.lua:4: which command is sent here .* --allow/);
    expect(err).toContain('--channel');
    const withChannel = await runCli([...argv, '--channel', 'news:', '--json']);
    expect(users(withChannel.out)[0]?.rules).toContain('&news:*');
  });

  it('makes up no password, and takes none that is not meant', async () => {
    const path = file(GET);
    const argv = ['acl', path, '--app-user', 'app', '--deploy-user', 'dep', '--prefix', 'shop:'];
    const without = await runCli(argv);
    expect(without).toMatchObject({ code: 0, err: expect.stringContaining('app has no password yet') });
    expect(without.out).not.toMatch(/[#>]\w|nopass/);
    expect(await runCli([...argv, '--apply'])).toMatchObject({ code: 2, err: expect.stringContaining('no password') });
    const clear = await runCli([...argv, '--app-hash', 'hunter2-in-the-clear']);
    expect(clear.code).toBe(2);
    const [first, second] = [
      await runCli([...argv, '--generate-password']),
      await runCli([...argv, '--generate-password']),
    ];
    const shown = [first, second].flatMap(({ err }) =>
      [...err.matchAll(/shown this once: (\S+)/g)].map(([, text]) => text),
    );
    expect(new Set(shown).size).toBe(4);
    expect(first.out).toContain(
      createHash('sha256')
        .update(shown[0] as string)
        .digest('hex'),
    );
    expect(first.out).not.toContain(shown[0]);
  });

  it.each([
    ['no user', []],
    ['no prefix', ['--app-user', 'app']],
    ['an empty prefix', ['--app-user', 'app', '--prefix', '']],
    ['a prefix that is two rules', ['--app-user', 'app', '--prefix', 'a ~*']],
    ['a user that is two rules', ['--deploy-user', 'dep +@all']],
  ])('refuses %s', async (_, more) => {
    expect(await runCli(['acl', file(GET), ...more])).toMatchObject({ code: 2, out: '' });
  });

  describe('on a cluster with replicas', () => {
    let cluster: RedisCluster;
    beforeAll(async () => {
      cluster = await startCluster({ primaries: 3, replicas: 1 });
    });
    afterAll(() => cluster.stop());

    it('makes the users on every server, where they can deploy and call', async () => {
      const on = ['--cluster', '--url', cluster.url];
      const path = file(GET);
      const argv = [
        'acl',
        path,
        '--app-user',
        'app',
        '--deploy-user',
        'dep',
        '--prefix',
        'shop:',
        '--generate-password',
      ];
      expect(await runCli([...argv, '--apply', ...on])).toMatchObject({
        code: 1,
        err: expect.stringContaining('--yes'),
      });
      const { code, err, out } = await runCli([...argv, '--apply', '--yes', '--json', ...on]);
      expect({ code, applied: JSON.parse(out).applied }).toEqual({
        code: 0,
        applied: Array(6).fill({ node: expect.any(String), saved: false }),
      });
      for (const node of cluster.nodes) expect(await node.command('ACL', 'USERS')).toEqual(['app', 'default', 'dep']);
      const as = (user: string) => {
        const password = new RegExp(`${user}, shown this once: (\\S+)`).exec(err)?.[1];
        return ['--cluster', '--url', cluster.url.replace('://', `://${user}:${password}@`)];
      };
      expect(await runCli(['deploy', path, '--replicas', '1', ...as('dep')])).toMatchObject({ code: 0 });
      expect(await runCli(['call', 'shop_get', '--key', 'shop:a', ...as('app')])).toMatchObject({
        code: 0,
        out: '(nil)\n',
      });
      expect(await runCli(['verify', path, ...as('app')])).toMatchObject({ code: 0 });
      expect(await runCli(['call', 'shop_get', '--key', 'other:a', ...as('app')])).toMatchObject({ code: 1 });
      expect(await runCli(['delete', 'shop', '--yes', ...as('app')])).toMatchObject({
        code: 1,
        err: expect.stringMatching(/NOPERM/),
      });
    });
  });
});

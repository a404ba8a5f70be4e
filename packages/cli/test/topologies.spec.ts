import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startCluster, startRedis, startSentinel } from '@redis-functions/testing';
import { runCli } from './terminal.js';

/** What a URL cannot have as it is. */
const PASSWORD = 'p@ss/w:rd%';
const SECRETS = [PASSWORD, encodeURIComponent(PASSWORD), 'p@ss', 'w:rd'];
const withPassword = (address: string) => `redis://:${encodeURIComponent(PASSWORD)}@${address}`;

interface Topology {
  /** How the command line is told of it. */
  readonly on: readonly string[];
  readonly primaries: readonly RedisServer[];
  stop(): Promise<void>;
}

const TOPOLOGIES: Readonly<Record<string, () => Promise<Topology>>> = {
  async node() {
    const redis = await startRedis({ password: PASSWORD });
    const on = ['--url', withPassword(`127.0.0.1:${redis.port}`)];
    return { on, primaries: [redis], stop: () => redis.stop() };
  },
  async sentinel() {
    // a primary that is busy is silent for sentinels, which would put the replica in its place
    const group = await startSentinel({ replicas: 1, sentinels: 1, password: PASSWORD, downAfterMs: 60_000 });
    const [address] = group.addresses;
    const on = ['--sentinel', group.name, '--url', withPassword(`${address?.host}:${address?.port}`)];
    return { on, primaries: [await group.primary()], stop: () => group.stop() };
  },
  async cluster() {
    const cluster = await startCluster({ primaries: 3, password: PASSWORD });
    const on = ['--cluster', '--url', withPassword(`127.0.0.1:${cluster.nodes[1]?.port}`)];
    return { on, primaries: await cluster.primaries(), stop: () => cluster.stop() };
  },
};

const folder = mkdtempSync(join(tmpdir(), 'redis-functions-topologies-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const library = (version: string, body = "return redis.call('INCRBY', keys[1], args[1])") =>
  `#!lua name=counter\n-- @version ${version}\nlocal function add(keys, args)\n  ${body}\nend\nredis.register_function('counter_add', add)\n`;
const [lua, other, bundle] = [at('counter.lua'), at('other.lua'), at('release.rfb')];
writeFileSync(lua, library('1.0.0'));
writeFileSync(other, library('1.0.0', 'while true do end'));
const CALL = ['counter_add', '--key', 'visits', '--arg', '2'] as const;

describe.each(Object.entries(TOPOLOGIES))('on a %s', (kind, start) => {
  let topology: Topology;
  beforeAll(async () => {
    topology = await start();
    expect(await runCli(['bundle', lua, '--out', bundle])).toMatchObject({ code: 0 });
  });
  afterAll(() => topology.stop());

  /** In a pipe, for programs and for people; `code` is what it must end with. */
  async function run(argv: readonly string[], code = 0, typed: readonly string[] = []) {
    const ran = await runCli([...argv, ...topology.on], { typed });
    expect({ argv, ...ran }).toEqual({ ...ran, argv, code });
    for (const secret of SECRETS) expect(ran.out + ran.err).not.toContain(secret);
    return ran;
  }
  const json = async (argv: readonly string[], code = 0) => JSON.parse((await run([...argv, '--json'], code)).out);
  const each = <T>(value: T) => Array<T>(topology.primaries.length).fill(value);
  const actions = (outcomes: { action: string }[]) => outcomes.map(({ action }) => action);

  it('libraries are planned, deployed, compared, listed and called', async () => {
    expect(await json(['list'])).toEqual([]);
    expect((await run(['verify', lua], 1)).err).toMatch(/\.\n$/);
    expect(actions(await json(['plan', lua]))).toEqual(each('loaded'));
    const deployed = await json(['deploy', lua]);
    expect(actions(deployed)).toEqual(each('loaded'));
    expect(new Set(deployed.map(({ node }: { node: string }) => node)).size).toBe(topology.primaries.length);
    expect(actions(await json(['deploy', lua]))).toEqual(each('unchanged'));
    expect(await json(['verify', lua])).toEqual({ verified: [{ library: 'counter', version: '1.0.0' }] });
    expect(await json(['diff', lua])).toEqual([]);
    expect((await run(['diff', other], 1)).out).toMatch(/^\+.*while true/m);
    const [listed] = await json(['list']);
    expect({ ...listed, nodes: listed.nodes.length }).toMatchObject({
      nodes: topology.primaries.length,
      differsOn: [],
    });
    expect((await run(['show', 'counter', '--code'])).out).toContain("redis.call('INCRBY'");
    expect(await json(['call', ...CALL])).toBe(2);
    expect((await run(['call', 'counter_add', '--key', 'visits', '--arg', 'x'], 1)).err).toContain('not an integer');
    expect((await run(['call', ...CALL, '--read-only'], 1)).err).toContain('*_ro');
    expect(await json(['stats'])).toEqual(each(expect.objectContaining({ libraries: 1, functions: 1, running: null })));
  });

  it('plan asks an unchanged primary once', async () => {
    await Promise.all(topology.primaries.map((primary) => primary.command('CONFIG', 'RESETSTAT')));
    expect(actions(await json(['plan', lua]))).toEqual(each('unchanged'));
    const asked = await Promise.all(topology.primaries.map(commandsOf));
    expect(asked.map((counts) => counts['function|list'])).toEqual(each(1));
    // apart from entering, looking for the primaries, and what sentinels and replicas say to each other
    const besides =
      /^(auth|hello|client\||cluster\||config\||function\|list|role|info|ping|publish|subscribe|replconf)/;
    expect(asked.flatMap(Object.keys).filter((name) => !besides.test(name))).toEqual([]);
  });

  it('a function is debugged, and what it writes is rolled back', async () => {
    const { out } = await run(['debug', lua, ...CALL], 0, ['p', 'c']);
    expect(out).toMatch(/counter\.lua:4/);
    expect(out).toMatch(/\b4\b/);
    expect(await json(['call', 'counter_add', '--key', 'visits', '--arg', '0'])).toBe(2);
  });

  it('libraries are written to a file, deleted and restored, once that is confirmed', async () => {
    await run(['dump', at(`${kind}.bin`)]);
    expect((await run(['delete', 'counter'], 1)).err).toContain('Add --yes');
    expect((await json(['delete', 'counter', '--yes'])).nodes).toHaveLength(topology.primaries.length);
    expect((await run(['delete', 'counter', '--yes'], 1)).err).toMatch(/There is no library counter on any server/);
    expect((await json(['restore', at(`${kind}.bin`)])).nodes).toHaveLength(topology.primaries.length);
    expect((await run(['restore', bundle], 1)).err).toMatch(/already exists/);
    expect((await run(['restore', bundle, '--policy', 'flush'], 1)).err).toContain('Add --yes');
    await run(['restore', bundle, '--policy', 'flush', '--yes']);
    expect((await run(['deploy', other], 1)).err).toContain('Raise "-- @version"');
    expect(await json(['prune', lua])).toEqual([]);
    expect(actions(await json(['deploy', lua]))).toEqual(each('unchanged'));
  });

  it('doctor and acl look at every server', async () => {
    const { servers, findings } = await json(['doctor', lua, '--ignore', 'known-vulnerability'], 1);
    expect(servers.filter(({ role }: { role: string }) => role === 'primary')).toHaveLength(topology.primaries.length);
    expect(new Set(findings.map(({ code }: { code: string }) => code))).toEqual(new Set(['lost-at-restart']));
    const user = ['acl', lua, '--app-user', 'app', '--prefix', 'visits', '--app-hash', 'a'.repeat(64), '--apply'];
    expect((await run(user, 1)).err).toContain('Add --yes');
    expect((await json([...user, '--yes'])).applied).toHaveLength(servers.length);
    for (const primary of topology.primaries) expect(await primary.command('ACL', 'USERS')).toContain('app');
  });

  it('what keeps a primary busy is seen and ended', async () => {
    await run(['deploy', other, '--force', '--yes']);
    for (const primary of topology.primaries) await primary.command('CONFIG', 'SET', 'busy-reply-threshold', '50');
    const busy = run(['call', ...CALL, '--timeout', '60000'], 1);
    let running: ({ name: string } | null)[] = [];
    while (!running.some(Boolean)) running = (await json(['stats'])).map((of: { running: never }) => of.running);
    expect(running.filter(Boolean)).toMatchObject([{ name: 'counter_add' }]);
    expect((await run(['kill'], 1)).err).toContain('Add --yes');
    expect((await json(['kill', '--yes'])).killed).toHaveLength(1);
    await busy;
    expect(await json(['kill', '--yes'])).toEqual({ killed: [] });
  });

  it('a wrong password is said at once, and never shown', async () => {
    const [url] = topology.on.slice(-1) as [string];
    const wrong = url.replace(encodeURIComponent(PASSWORD), encodeURIComponent('wr@ng/secret'));
    const commands = [['list'], ['plan', lua, '--json'], ['doctor'], ['debug', lua, ...CALL], ['stats']];
    const refuse = async (argv: string[]) => ({
      argv,
      ...(await runCli([...argv, ...topology.on.slice(0, -1), wrong])),
    });
    for (const { argv, code, out, err } of await Promise.all(commands.map(refuse))) {
      expect({ argv, code, err }).toEqual({ argv, code: 1, err: expect.stringMatching(/user|password/i) });
      expect(out + err).not.toMatch(/wr@ng|wr%40ng|secret/);
    }
  });
});

async function commandsOf(server: RedisServer): Promise<Record<string, number>> {
  const info = String(await server.command('INFO', 'commandstats'));
  return Object.fromEntries(
    [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = '', calls]) => [name, Number(calls)]),
  );
}

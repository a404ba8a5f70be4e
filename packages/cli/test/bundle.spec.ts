import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  availableServers,
  type RedisCluster,
  type RedisServer,
  startCluster,
  startRedis,
} from '@redis-functions/testing';
import { runCli } from './terminal.js';

const folder = mkdtempSync(join(tmpdir(), 'redis-functions-bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const OURS = ['rate-limit', 'session', 'cart'].map((name) =>
  fileURLToPath(new URL(`../../${name}/lua`, import.meta.url)),
);
const NAMES = ['cart', 'expresssession', 'ratelimiter', 'sessions'];

const library = (name: string, version = '1.0.0', body = 'return 1') =>
  `#!lua name=${name}\n-- @version ${version}\nredis.register_function('${name}_get', function() ${body} end)\n`;

describe('a bundle', () => {
  const bundle = at('release.rfb');

  it('is one file of several libraries, and the same for the same libraries', async () => {
    const made = await runCli(['bundle', ...OURS, '--out', bundle, '--json']);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(made.out).libraries.map(({ name }: { name: string }) => name)).toEqual(NAMES);
    await runCli(['bundle', ...[...OURS].reverse(), '--out', at('again.rfb')]);
    expect(readFileSync(at('again.rfb')).equals(readFileSync(bundle))).toBe(true);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('is looked into and compared without a server', async () => {
    const nowhere = { url: 'redis://127.0.0.1:1' };
    const listed = await runCli(['list', '--file', bundle, '--json'], nowhere);
    expect(JSON.parse(listed.out)).toMatchObject(NAMES.map((name) => ({ name, nodes: [bundle], differsOn: [] })));
    const shown = await runCli(['show', 'cart', '--file', bundle, '--code'], nowhere);
    expect(shown.out).toContain(readFileSync(join(OURS[2] as string, 'cart.lua'), 'utf8'));
    expect(await runCli(['show', 'nothing', '--file', bundle], nowhere)).toMatchObject({ code: 1, out: '' });
    expect(await runCli(['diff', ...OURS, '--file', bundle], nowhere)).toMatchObject({ code: 0, out: '' });
    writeFileSync(at('sessions.lua'), library('sessions'));
    const other = await runCli(['diff', at('sessions.lua'), '--file', bundle], nowhere);
    expect(other).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^\+redis\.register_function\('sessions_get'/m),
    });
    expect(await runCli(['diff', bundle, '--file', at('sessions.lua')], nowhere)).toMatchObject({
      code: 1,
      out: expect.stringContaining('has no library cart'),
    });
  });

  it('takes no two libraries that a server would not take together', async () => {
    mkdirSync(at('twins'));
    writeFileSync(join(at('twins'), 'a.lua'), library('a', '1.0.0').replace('a_get', 'shared'));
    writeFileSync(join(at('twins'), 'b.lua'), library('b', '1.0.0').replace('b_get', 'SHARED'));
    const { code, err } = await runCli(['bundle', at('twins'), '--out', at('twins.rfb')]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('both register') });
    expect(readdirSync(folder)).not.toContain('twins.rfb');
    const nowhere = await runCli(['bundle', ...OURS, '--out', join(folder, 'no', 'folder.rfb')]);
    expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining('cannot be written (ENOENT)') });
  });
});

describe.each(availableServers())('a bundle on $name', ({ path }) => {
  let redis: RedisServer;
  let url: string;
  beforeAll(async () => {
    redis = await startRedis({ server: path });
    url = redis.url;
  });
  afterAll(() => redis.stop());
  const names = async () =>
    JSON.parse((await runCli(['list', '--json'], { url })).out).map(({ name }: { name: string }) => name);

  it('is restored, deployed, dumped and read again', async () => {
    const bundle = at('release.rfb');
    expect(await runCli(['restore', bundle], { url })).toMatchObject({ code: 0, out: expect.stringContaining(url) });
    expect(await names()).toEqual(NAMES);
    expect((await runCli(['deploy', bundle], { url })).out.match(/unchanged/g)).toHaveLength(4);
    expect(await runCli(['verify', bundle], { url })).toMatchObject({ code: 0 });
    await runCli(['dump', at('dump.bin')], { url });
    expect(await runCli(['diff', bundle, '--file', at('dump.bin')])).toMatchObject({ code: 0, out: '' });
    const again = await runCli(['restore', bundle], { url });
    expect(again).toMatchObject({ code: 1, err: expect.stringMatching(/already exists on .* Nothing was changed\./) });
    await redis.command('FUNCTION', 'FLUSH');
    expect((await runCli(['deploy', bundle], { url })).out.match(/loaded/g)).toHaveLength(4);
  });

  it('that is cut off, changed, or none at all changes nothing', async () => {
    const before = await redis.command('FUNCTION', 'LIST', 'WITHCODE');
    const whole = readFileSync(at('release.rfb'));
    const changed = Buffer.from(whole);
    changed[500] = (changed[500] as number) + 1;
    // what a terminal, or a client that takes it for text, makes of it
    const asText = Buffer.from(whole.toString('utf8'));
    for (const bytes of [whole.subarray(0, -1), whole.subarray(0, 300), changed, asText, Buffer.of()]) {
      writeFileSync(at('broken.rfb'), bytes);
      const { code, err } = await runCli(['restore', at('broken.rfb'), '--policy', 'flush', '--yes'], { url });
      expect({ code, err }).toEqual({
        code: 1,
        err: expect.stringMatching(/broken\.rfb: The payload .*Make it again/),
      });
    }
    expect(await redis.command('FUNCTION', 'LIST', 'WITHCODE')).toEqual(before);
  });
});

describe('a bundle on a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startCluster({ primaries: 3 });
  });
  afterAll(() => cluster.stop());

  it('is restored on every primary, or on none where one has something in the way', async () => {
    const on = ['--cluster', '--url', cluster.url];
    const bundle = at('release.rfb');
    const [first, second] = await cluster.primaries();
    await second?.command('FUNCTION', 'LOAD', library('sessions', '0.9.0'));
    const refused = await runCli(['restore', bundle, ...on]);
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining(`already exists on 127.0.0.1:${second?.port}`),
    });
    expect(await first?.command('FUNCTION', 'LIST')).toEqual([]);
    const restored = await runCli(['restore', bundle, '--policy', 'replace', ...on], { answer: true });
    expect(restored).toMatchObject({ code: 0, questions: [expect.stringContaining('Replace')] });
    // a person is told what goes on
    expect(restored.err.split('\n').filter((line) => line.includes('restored'))).toHaveLength(12);
    const plan = JSON.parse((await runCli(['plan', ...OURS, '--json', ...on])).out);
    expect(plan.map(({ action }: { action: string }) => action)).toEqual(Array(12).fill('unchanged'));
  });
});

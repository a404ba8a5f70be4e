import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  availableServers,
  type RedisCluster,
  type RedisServer,
  startCluster,
  startRedis,
} from '@redis-functions/testing';
import type { Terminal } from '../src/output/terminal.js';
import { COMMANDS } from '../src/program.js';
import { PROGRAM } from './project.js';
import { runCli } from './terminal.js';

const folder = mkdtempSync(join(tmpdir(), 'redis-functions-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const library = (name: string, version: string, body = "return redis.call('INCRBY', keys[1], args[1])") =>
  `#!lua name=${name}\n-- @version ${version}\nredis.register_function('${name}_add', function(keys, args) ${body} end)\n`;

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe.each(availableServers())('the commands on $name', ({ path }) => {
  let redis: RedisServer;
  let url: string;
  beforeAll(async () => {
    redis = await startRedis({ server: path });
    url = redis.url;
  });
  beforeEach(async () => {
    await redis.command('FLUSHALL');
    await redis.command('FUNCTION', 'FLUSH');
  });
  afterAll(() => redis.stop());

  it('plan, deploy, verify, list, show, call and delete a library', async () => {
    const counter = file('counter.lua', library('counter', '1.0.0'));
    const node = url;
    expect((await runCli(['list'], { url })).out).toBe('No libraries.\n');
    expect(await runCli(['verify', counter], { url })).toMatchObject({ code: 1, out: '' });
    const plan = await runCli(['plan', counter, '--json'], { url });
    expect(JSON.parse(plan.out)).toEqual([{ node, library: 'counter', action: 'loaded', version: '1.0.0' }]);
    expect((await runCli(['list', '--json'], { url })).out).toBe('[]\n');
    const deployed = await runCli(['deploy', counter, '--url', url]);
    expect(deployed).toMatchObject({ code: 0, err: '' });
    expect(deployed.out).toBe(`LIBRARY  VERSION  ACTION  NODE\ncounter  1.0.0    loaded  ${node}\n`);
    expect((await runCli(['deploy', counter], { url })).out).toContain('unchanged');
    expect(await runCli(['verify', counter], { url })).toMatchObject({ code: 0, out: 'counter: there.\n' });
    expect(JSON.parse((await runCli(['list', '--json'], { url })).out)).toMatchObject([
      { name: 'counter', version: '1.0.0', nodes: [node], differsOn: [], functions: [{ name: 'counter_add' }] },
    ]);
    const shown = await runCli(['show', 'counter', '--code'], { url });
    expect(shown.out).toContain("return redis.call('INCRBY'");
    const called = await runCli(['call', 'counter_add', '--key', 'visits', '--arg', '5'], { url });
    expect(called).toMatchObject({ code: 0, out: '(integer) 5\n' });
    expect(await runCli(['call', 'counter_add', '--key', 'visits', '--arg', 'x'], { url })).toMatchObject({
      code: 1,
      err: expect.stringContaining('not an integer'),
    });
    expect(await runCli(['delete', 'counter'], { url, answer: true })).toMatchObject({
      code: 0,
      questions: [expect.stringContaining(`Delete counter from ${node}?`)],
    });
    expect((await runCli(['list'], { url })).out).toBe('No libraries.\n');
  });

  it('keep a newer version, say what drifts, and force only what is meant', async () => {
    const old = file('counter.lua', library('counter', '1.0.0'));
    await runCli(['deploy', file('counter2.lua', library('counter', '2.0.0'))], { url });
    expect((await runCli(['deploy', old], { url })).out).toContain('kept-newer');
    const other = file('counter3.lua', library('counter', '2.0.0', 'return 7'));
    const drift = await runCli(['deploy', other], { url });
    expect(drift).toMatchObject({ code: 1, out: '' });
    expect(drift.err).toContain('Raise "-- @version" in the file');
    const diff = await runCli(['diff', other], { url });
    expect(diff.code).toBe(1);
    expect(diff.out).toMatch(/^-.*INCRBY.*\n\+.*return 7/m);
    expect(JSON.parse((await runCli(['diff', other, '--json'], { url })).out)).toMatchObject([{ library: 'counter' }]);
    expect(await runCli(['deploy', other, '--force'], { url })).toMatchObject({
      code: 1,
      err: expect.stringContaining('Add --yes if it is meant'),
    });
    expect(await runCli(['deploy', other, '--force'], { url, answer: false })).toMatchObject({
      code: 1,
      err: 'Nothing was done.\n',
    });
    expect((await runCli(['deploy', other, '--force', '--yes'], { url })).out).toContain('replaced');
    expect(await runCli(['diff', other], { url })).toMatchObject({ code: 0, out: '' });
  });

  it('write libraries to a file and load them again, asking before anything goes', async () => {
    await runCli(['deploy', file('counter.lua', library('counter', '1.0.0'))], { url });
    const dump = join(folder, 'dump.bin');
    expect(await runCli(['dump', dump], { url })).toMatchObject({ code: 0 });
    expect(readFileSync(dump).length).toBeGreaterThan(50);
    expect(await runCli(['restore', dump], { url })).toMatchObject({ code: 1 });
    expect(await runCli(['restore', dump, '--policy', 'flush'], { url })).toMatchObject({
      code: 1,
      err: expect.stringContaining('Add --yes'),
    });
    await redis.command('FUNCTION', 'FLUSH');
    expect(await runCli(['restore', dump], { url })).toMatchObject({ code: 0 });
    expect((await runCli(['list'], { url })).out).toContain('counter');
    const broken = file('broken.bin', readFileSync(dump).subarray(0, 40));
    expect(await runCli(['restore', broken, '--policy', 'replace', '--yes'], { url })).toMatchObject({ code: 1 });
    expect((await runCli(['list'], { url })).out).toContain('counter');
  });

  it('show what keeps a server busy, and end it', async () => {
    await redis.command('CONFIG', 'SET', 'busy-reply-threshold', '50');
    await runCli(['deploy', file('loop.lua', library('loop', '1.0.0', 'while true do end'))], { url });
    expect(JSON.parse((await runCli(['stats', '--json'], { url })).out)).toMatchObject([
      { libraries: 1, functions: 1, running: null },
    ]);
    const busy = runCli(['call', 'loop_add', '--timeout', '60000'], { url });
    let shown = '';
    while (!shown.includes('loop_add for')) ({ out: shown } = await runCli(['stats'], { url }));
    expect(await runCli(['kill', '--yes'], { url })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Ended on/),
    });
    expect(await busy).toMatchObject({ code: 1 });
    expect((await runCli(['kill', '--yes'], { url })).out).toBe('Nothing was running.\n');
  });

  it('say in a sentence what is wrong with files, and send nothing', async () => {
    const wrong: [string, RegExp][] = [
      [join(folder, 'none.lua'), /There is no .*none\.lua\. Give a \.lua file/],
      [file('binary.lua', Buffer.from([0x23, 0, 1])), /is not text/],
      [file('latin.lua', Buffer.from([0x23, 0xe9, 0x0a])), /is not UTF-8/],
      [file('large.lua', Buffer.alloc(5 * 1024 * 1024, 0x2d)), /split it/],
      [file('headless.lua', 'return 1'), /headless\.lua: .*#!lua name=/],
      [file('syntax.lua', '#!lua name=syntax\nthis is no Lua'), /syntax\.lua: This is not Lua 5\.1/],
      [file('none-registered.lua', '#!lua name=none\nlocal a = 1'), /registers no function/],
      [file('empty.lua', ''), /empty\.lua: /],
    ];
    for (const [given, sentence] of wrong) {
      const { code, err } = await runCli(['deploy', given], { url });
      expect({ given, code, err }).toEqual({ given, code: 1, err: expect.stringMatching(sentence) });
      expect(err).not.toContain('    at ');
    }
    expect((await runCli(['list'], { url })).out).toBe('No libraries.\n');
  });

  it('know wrong use from failure', async () => {
    const uses = [
      [],
      ['deploy'],
      ['nonsense'],
      ['list', '--nonsense'],
      ['list', '--timeout', 'soon'],
      ['list', '--cluster', '--sentinel', 'main'],
      ['list', '--url', `${url},${url}`],
      ['restore', 'x', '--policy', 'all'],
    ];
    for (const argv of uses) expect({ argv, code: (await runCli(argv, { url })).code }).toEqual({ argv, code: 2 });
    expect(await runCli(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    const names = COMMANDS.map((make) => make({} as Terminal).name());
    expect(names).toHaveLength(23);
    for (const name of names) {
      const { code, out } = await runCli([name, '--help']);
      expect(code).toBe(0);
      expect(out).toMatch(/Example:\n {2}\$ redis-functions /);
    }
  });

  it('print no password', async () => {
    const { code, err } = await runCli(['list', '--timeout', '300', '--url', 'redis://app:secret-word@127.0.0.1:1']);
    expect(code).toBe(1);
    expect(err).toContain('127.0.0.1:1');
    expect(err).not.toContain('secret-word');
    for (const more of [[], ['--cluster'], ['--sentinel', 'main']]) {
      expect(await runCli(['list', '--url', 'redis://app:50%secret@127.0.0.1:1', ...more])).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringMatching(/^(?!.*secret).* Write %25 for it\.\n$/),
      });
    }
  });

  it('say which permission is missing', async () => {
    await redis.command('ACL', 'SETUSER', 'reader', 'on', '>pw', '~*', '+ping', '+info', '+hello', '+client');
    const { code, err } = await runCli(['list', '--url', url.replace('redis://', 'redis://reader:pw@')]);
    expect(code).toBe(1);
    expect(err).toMatch(/NOPERM|permission/i);
    expect(err).not.toContain('pw@');
  });
});

describe('the commands on a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startCluster({ primaries: 3, replicas: 0 });
  });
  afterAll(() => cluster.stop());

  it('reach every primary of a cluster, and show where they differ', async () => {
    const counter = file('counter.lua', library('counter', '1.0.0'));
    const on = ['--cluster', '--url', cluster.url];
    expect(JSON.parse((await runCli(['deploy', counter, '--json', ...on])).out)).toHaveLength(3);
    const [first] = await cluster.primaries();
    await first?.command('FUNCTION', 'FLUSH');
    expect((await runCli(['list', ...on])).out).toContain(`not on 127.0.0.1:${first?.port}`);
    expect(await runCli(['verify', counter, ...on])).toMatchObject({ code: 1 });
    expect(await runCli(['diff', counter, ...on])).toMatchObject({
      code: 1,
      out: expect.stringContaining(`127.0.0.1:${first?.port} has no library counter`),
    });
    expect((await runCli(['plan', counter, ...on])).out.match(/unchanged/g)).toHaveLength(2);
    await runCli(['deploy', counter, ...on]);
    expect(await runCli(['verify', counter, ...on])).toMatchObject({ code: 0 });
    expect((await runCli(['call', 'counter_add', '--key', 'a', '--arg', '1', ...on])).out).toBe('(integer) 1\n');
  });
});

describe('the process', () => {
  it('ends with the code of its command, and prints a sentence', async () => {
    const failed = await promisify(execFile)(process.execPath, [
      ...PROGRAM,
      'list',
      '--url',
      'redis://127.0.0.1:1',
      '--timeout',
      '200',
    ]).catch((error) => error);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toBe('');
    expect(failed.stderr).toMatch(/127\.0\.0\.1:1/);
  });

  it('ends quietly where nobody reads any more, and does nothing where nobody answers', async () => {
    const redis = await startRedis();
    try {
      await redis.command('FUNCTION', 'LOAD', library('counter', '1.0.0'));
      const child = spawn(process.execPath, [...PROGRAM, 'show', 'counter', '--code', '--url', redis.url]);
      child.stdout.destroy();
      let err = '';
      child.stderr.on('data', (text) => {
        err += text;
      });
      const [code] = await once(child, 'exit');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      const asked = await promisify(execFile)(process.execPath, [
        ...PROGRAM,
        'delete',
        'counter',
        '--url',
        redis.url,
      ]).catch((error) => error);
      expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('Add --yes') });
      expect(JSON.stringify(await redis.command('FUNCTION', 'LIST'))).toContain('counter');
    } finally {
      await redis.stop();
    }
  });
});

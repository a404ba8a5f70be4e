import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defineFunction, defineLibrary, RedisFunctions } from '@redis-functions/core';
import { type RedisCluster, startCluster } from '@redis-functions/testing';
import { runCli } from './terminal.js';

const folder = mkdtempSync(join(tmpdir(), 'redis-functions-prune-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const code = (version: string) =>
  `#!lua name=cart\n-- @version ${version}\nredis.register_function('cart_get', function() return '${version}' end)\n`;
const get = defineFunction('cart_get', { encode: () => ({ keys: [] }), decode: String });
const release = (version: string) => defineLibrary({ code: code(version), functions: { get }, sideBySide: true });

describe('prune', () => {
  let cluster: RedisCluster;
  let on: readonly string[];
  const current = join(folder, 'cart.lua');
  beforeAll(async () => {
    cluster = await startCluster({ primaries: 3 });
    on = ['--cluster', '--url', cluster.url];
    writeFileSync(current, code('3.0.0'));
  });
  afterAll(() => cluster.stop());
  beforeEach(async () => {
    const libraries = [release('1.0.0'), release('2.0.0'), release('3.0.0')];
    const functions = new RedisFunctions({ cluster: { nodes: [cluster.url] }, libraries });
    await functions.deploy();
    await functions.use(release('2.0.0')).get();
    // the mark of a call does not hold the call up
    const marks = async () => (await functions.prune({ dryRun: true })).filter(({ lastUsed }) => lastUsed !== null);
    while ((await marks()).length < 3);
    await functions.close();
  });
  const names = async () =>
    JSON.parse((await runCli(['list', '--json', ...on])).out).map(({ name }: { name: string }) => name);

  it('keeps what is called, and watches what nobody has been seen calling', async () => {
    const { code: exit, out } = await runCli(['prune', current, '--json', ...on]);
    const outcomes = JSON.parse(out) as { library: string; action: string; lastUsed: string | null }[];
    expect({ exit, kept: outcomes.filter(({ action }) => action === 'kept').length }).toEqual({ exit: 0, kept: 6 });
    expect(await names()).toEqual(['cart_1', 'cart_2', 'cart_3']);
  });

  it('asks, and removes the versions that nobody has called for so long from every primary', async () => {
    await runCli(['prune', current, ...on]);
    const argv = ['prune', current, '--unused-for', '1ms', ...on];
    expect(await runCli(argv)).toMatchObject({ code: 1, err: expect.stringContaining('Add --yes') });
    expect(await runCli(argv, { answer: false })).toMatchObject({ code: 1, err: 'Nothing was done.\n' });
    expect(await names()).toEqual(['cart_1', 'cart_2', 'cart_3']);
    const pruned = await runCli(argv, { answer: true });
    expect(pruned).toMatchObject({ code: 0, questions: ['Delete cart_1, cart_2 from every primary?'] });
    expect(await names()).toEqual(['cart_3']);
    expect(await runCli(argv)).toMatchObject({ code: 0, out: 'No older versions.\n' });
    expect(await runCli(['prune', current, '--unused-for', 'soon', ...on])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--unused-for'),
    });
  });
});

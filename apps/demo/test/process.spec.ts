import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { findServer, startRedis } from '@redis-functions/testing';
import { bundledProgram } from '../../../tools/bundled-program.js';

const program = bundledProgram(fileURLToPath(new URL('../src/main.ts', import.meta.url)));
const data = mkdtempSync(join(tmpdir(), 'redis-functions-demo-'));
const running: ChildProcess[] = [];
// the launcher of a fetched server is a shell script
const pathWithServer = [dirname(findServer()), '/usr/bin', '/bin'].join(delimiter);

/** The shop as `npm start` runs it. */
function start(env: Record<string, string>) {
  const shop = spawn(process.execPath, ['--enable-source-maps', program()], {
    env: { NODE_ENV: 'test', PORT: '0', SHOP_DATA: data, PATH: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(shop);
  let output = '';
  for (const stream of [shop.stdout, shop.stderr]) stream.on('data', (chunk) => (output += chunk));
  return {
    shop,
    output: () => output,
    exit: async () => (shop.exitCode === null ? (await once(shop, 'exit'))[0] : shop.exitCode) as number | null,
    async says(text: RegExp): Promise<RegExpExecArray> {
      for (;;) {
        const found = text.exec(output);
        if (found) return found;
        if (shop.exitCode !== null) throw new Error(`it ended and said: ${output}`);
        await Promise.race([once(shop.stdout, 'data'), once(shop, 'exit')]);
      }
    },
  };
}

describe('the process of the shop', () => {
  afterEach(async () => {
    for (const shop of running.splice(0)) shop.kill('SIGKILL');
    rmSync(data, { recursive: true, force: true });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'runs on a server of its own from the PATH, and stops it on %s',
    async (signal) => {
      const { shop, says, exit } = start({ PATH: pathWithServer });
      const [, url] = await says(/The shop is open: (\S+)/);
      await says(/It runs on a private \S+-server on port \d+, data in .*functions mode/);
      const health = (await (await fetch(`${url}/health`)).json()) as { status: string };
      expect(health.status).toBe('ok');
      await fetch(`${url}/api/counter`, { method: 'POST' });
      shop.kill(signal);
      expect(await exit()).toBe(0);

      const again = start({ PATH: pathWithServer });
      const [, urlAgain] = await again.says(/The shop is open: (\S+)/);
      expect(await (await fetch(`${urlAgain}/api/counter`)).json()).toEqual({ value: 1 });
      again.shop.kill(signal);
      expect(await again.exit()).toBe(0);
    },
  );

  it('runs on an embedded engine where there is no server, and says that it keeps nothing', async () => {
    const { says } = start({});
    const [, url] = await says(/The shop is open: (\S+)/);
    await says(/embedded engine, for trying out: it keeps nothing.*scripts mode/);
    expect(await (await fetch(`${url}/api/counter`, { method: 'POST' })).json()).toEqual({ value: 1 });
  });

  it('waits for a server that is away, naming it, or ends where that is asked for', async () => {
    const redis = await startRedis();
    await redis.stop();
    const REDIS_URL = redis.url.replace('redis://', 'redis://app:secret@');
    const ending = start({ REDIS_URL, REDIS_AWAY: 'exit' });
    expect(await ending.exit()).toBe(1);
    expect(ending.output()).toContain(redis.url);
    expect(ending.output()).not.toContain('secret');

    const waiting = start({ REDIS_URL: redis.url });
    const [, url] = await waiting.says(/The shop is open: (\S+)/);
    expect((await fetch(`${url}/health`)).status).toBe(503);
    expect(waiting.output()).toContain(redis.url);
    const back = await startRedis({ port: redis.port });
    while ((await fetch(`${url}/health`)).status !== 200);
    await back.stop();
  });

  it.each([
    [{ PORT: 'http' }, 'PORT is "http"'],
    [{ HOST: '192.0.2.1' }, 'HOST is "192.0.2.1"'],
    [{ REDIS_AWAY: 'panic' }, 'REDIS_AWAY is "panic"'],
    [{ REDIS_URL: 'localhost' }, 'Write it like "redis://localhost:6379"'],
  ])('refuses %j in one sentence', async (env, sentence) => {
    const { exit, output } = start(env);
    expect(await exit()).toBe(1);
    expect(output()).toContain(sentence);
    expect(output()).not.toContain('    at ');
  });

  it('leaves no server behind when it is killed', async () => {
    const { shop, says } = start({ PATH: pathWithServer });
    const [, port] = await says(/private \S+-server on port (\d+)/);
    shop.kill('SIGKILL');
    const answers = () =>
      fetch(`http://127.0.0.1:${port}`).then(
        () => true,
        (error) => error.cause?.code !== 'ECONNREFUSED',
      );
    while (await answers());
  });
});

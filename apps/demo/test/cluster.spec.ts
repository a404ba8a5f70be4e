import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Primary, RedisFunctions } from '@redis-functions/core';
import { type Bundle, bundleSources } from '../../../tools/bundle-sources.js';
import type { FunctionsView } from '../src/functions/view.js';
import type { ProductView } from '../src/products/view.js';

const [SUPERVISOR, MAIN] = ['cluster/supervisor.ts', 'main.ts'].map((source) =>
  fileURLToPath(new URL(`../src/${source}`, import.meta.url)),
) as [string, string];
const MINUTE = 60_000;

/** `npm run start:cluster`. */
class ClusterShop {
  readonly process: ChildProcess;
  output = '';

  constructor(supervisor: string, data: string) {
    this.process = spawn(process.execPath, ['--enable-source-maps', supervisor], {
      env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test', PORT: '0', SHOP_DATA: data },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk;
      });
    }
  }

  /** What waits for a shop that has ended would wait for ever, and its test run with it. */
  assertRunning(): void {
    const { exitCode, signalCode } = this.process;
    if (exitCode !== null || signalCode !== null) throw new Error(`it ended and said: ${this.output}`);
  }

  async says(text: RegExp): Promise<string> {
    for (;;) {
      const found = text.exec(this.output)?.[1];
      if (found !== undefined) return found;
      this.assertRunning();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function ask<T>(url: string, method = 'GET', body?: unknown): Promise<T> {
  // each on a connection of its own, so that all processes have some
  const headers = { 'content-type': 'application/json', connection: 'close' };
  const response = await fetch(url, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** Which process answers a connection. */
async function processOf(url: string): Promise<number> {
  const response = await fetch(`${url}/api/events`, { headers: { connection: 'close' } });
  let text = '';
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    text += new TextDecoder().decode(chunk);
    const pid = /"process":(\d+)/.exec(text)?.[1];
    // whoever stops reading hangs up
    if (pid !== undefined) return Number(pid);
  }
  throw new Error(`it did not say which process it is: ${text}`);
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

describe('the shop on a cluster of this machine', () => {
  const data = mkdtempSync(join(tmpdir(), 'redis-functions-cluster-'));
  let shop: ClusterShop;
  let url: string;
  let bundle: Bundle;
  let ports: number[];
  const stockOf = async (sku: string) =>
    (await ask<{ products: ProductView[] }>(`${url}/api/products`)).products.find((each) => each.sku === sku)?.stock;
  const until = async <T>(read: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> => {
    for (;;) {
      shop.assertRunning();
      const value = await read();
      if (isSo(value)) return value;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  /** By a client that knows nothing of how the cluster was before. */
  const onPrimaries = async <T>(work: (primary: Primary) => Promise<T>): Promise<T[]> => {
    const client = new RedisFunctions({ cluster: { nodes: ports.map((port) => `redis://127.0.0.1:${port}`) } });
    try {
      return await Promise.all((await client.primaries()).map(work));
    } finally {
      await client.close();
    }
  };
  const ownerOfShop = async () => {
    const owners = await onPrimaries(async ({ id, send }) =>
      (await send(['EXISTS', 'rf:{demo}:stock']).catch(() => 0)) === 1 ? [id] : [],
    );
    return owners.flat()[0];
  };
  /** Of all traffic, as the primaries have it. */
  const sumOfCounters = async () => {
    const values = await onPrimaries(async ({ send }) => {
      const keys = (await send(['KEYS', 'demo:traffic:*'])) as string[];
      return Promise.all(keys.map(async (key) => Number(await send(['GET', key]))));
    });
    return values.flat().reduce((sum, value) => sum + value, 0);
  };
  const view = () => ask<FunctionsView>(`${url}/api/functions`).catch(() => undefined);

  beforeAll(async () => {
    // next to each other, as in a build: the supervisor starts the other one
    bundle = await bundleSources(SUPERVISOR, MAIN);
    shop = new ClusterShop(bundle.programs[0] as string, data);
    ports = (await shop.says(/runs on the ports (.*)\./)).split(', ').map(Number);
    url = await shop.says(/The shop is open, with 4 processes: (\S+)/);
  }, MINUTE);
  afterAll(() => {
    shop.process.kill('SIGKILL');
    rmSync(data, { recursive: true, force: true });
    bundle.remove();
  });

  it(
    'serves on while a primary dies and its replica takes over, and counts what that costs',
    async () => {
      await ask(`${url}/api/functions/traffic`, 'POST', { isRunning: true });
      const before = await until(view, (now) => Number(now?.traffic.acknowledged) > 200);
      const nodes = before?.nodes ?? [];
      expect(nodes.map(({ role }) => role).sort()).toEqual([
        'primary',
        'primary',
        'primary',
        'replica',
        'replica',
        'replica',
      ]);
      const victim = nodes.find(({ role }) => role === 'primary')?.address as string;
      await ask(`${url}/api/products/mug`, 'PATCH', { stock: 777 });

      await ask(`${url}/api/functions/nodes/${victim}`, 'POST', { to: 'killed' });
      await expect(ask(`${url}/api/functions/nodes/${nodes[1]?.address}`, 'POST', { to: 'killed' })).rejects.toThrow(
        /Bring it back first/,
      );
      const after = await until(view, (now) => now?.primaries.length === 3 && !now.primaries.includes(victim));
      const later = await until(
        view,
        (now) => Number(now?.traffic.acknowledged) > Number(after?.traffic.acknowledged) + 500,
      );
      // what was acknowledged a moment before, and not yet replicated, may be lost; the page says how much
      expect(later?.traffic.lost).toBeLessThan(50);
      expect(later?.traffic.failed).toBeGreaterThan(0);
      for (const { on } of later?.libraries ?? [])
        expect(on.map(({ state }) => state)).toEqual(['same', 'same', 'same']);

      await ask(`${url}/api/functions/nodes/${victim}`, 'POST', { to: 'running' });
      await until(view, (now) => now?.nodes?.find(({ address }) => address === victim)?.isUp === true);
      expect(await stockOf('mug')).toBe(777);

      // brought back before it was missed: it must not take the place that its replica is about to get, with nothing in it
      const owner = await ownerOfShop();
      await ask(`${url}/api/functions/nodes/${owner}`, 'POST', { to: 'killed' });
      await ask(`${url}/api/functions/nodes/${owner}`, 'POST', { to: 'running' });
      await until(
        () => stockOf('mug').catch(() => undefined),
        (stock) => stock === 777,
      );
      expect(await ownerOfShop()).not.toBe(owner);

      // any process can be asked, and all of them stop
      await ask<unknown>(`${url}/api/functions/traffic`, 'POST', { isRunning: false });
      const stopped = await until(view, (now) => now?.traffic.isRunning === false);
      const { acknowledged = 0, lost = 0, versions = {} } = stopped?.traffic ?? {};
      expect(Object.values(versions).reduce((sum, answers) => sum + answers, 0)).toBe(acknowledged);
      // on whichever primary they are now
      const kept = await sumOfCounters();
      expect(kept).toBeGreaterThanOrEqual(acknowledged - lost);
      expect(kept).toBeLessThanOrEqual(acknowledged - lost + Number(stopped?.traffic.failed));
    },
    MINUTE,
  );

  it('replaces a process that dies', async () => {
    const pid = await processOf(url);
    process.kill(pid, 'SIGKILL');
    expect(await shop.says(/Process (\d+) ended with SIGKILL/)).toBe(String(pid));
    const others = new Set<number>();
    while (others.size < 4) others.add(await processOf(url));
    expect(others).not.toContain(pid);
  });

  it('ends with all its processes and servers', async () => {
    shop.process.kill('SIGTERM');
    const [code] = await once(shop.process, 'exit');
    expect(code).toBe(0);
    for (const port of [...ports, Number(new URL(url).port)]) expect(await isOpen(port)).toBe(false);
  });
});

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startRedis } from '@redis-functions/testing';

const MEGABYTE = 1024 * 1024;

interface Grown {
  readonly afterTenth: number;
  readonly afterAll: number;
  readonly sources: readonly string[];
}

async function askForAMillion(url: string): Promise<Grown> {
  const child = fork(join(import.meta.dirname, 'million.ts'), [url], {
    execArgv: ['--expose-gc', '--import', 'tsx', '--conditions=@redis-functions/source'],
  });
  try {
    const [said] = (await once(child, 'message')) as [Grown];
    return said;
  } finally {
    child.kill('SIGKILL');
  }
}

describe('the memory of a process that limits a million clients', () => {
  it('does not grow with their number while Redis is there', async () => {
    const redis = await startRedis();
    const { afterTenth, afterAll, sources } = await askForAMillion(redis.url);
    await redis.stop();
    expect(sources).toContain('redis');
    expect(afterAll).toBeLessThan(afterTenth + 10 * MEGABYTE);
    expect(afterAll).toBeLessThan(40 * MEGABYTE);
  });

  it('nor while it is away', async () => {
    const { afterTenth, afterAll, sources } = await askForAMillion('redis://127.0.0.1:1');
    expect(sources).toEqual(['local']);
    expect(afterAll).toBeLessThan(afterTenth + 10 * MEGABYTE);
    expect(afterAll).toBeLessThan(60 * MEGABYTE);
  });
});

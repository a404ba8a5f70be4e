import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startRedis } from '@redis-functions/testing';
import { bundledProgram } from '../../tools/bundled-program.js';

const MEGABYTE = 1024 * 1024;
/** On a busy machine a decision may be late, and what is decided here instead is remembered here. */
const PATIENT_MS = 10_000;

interface Grown {
  readonly afterTenth: number;
  readonly afterAll: number;
  readonly sources: readonly string[];
}

const program = bundledProgram(join(import.meta.dirname, 'million.ts'));

async function askForAMillion(url: string, deadlineMs: number): Promise<Grown> {
  const child = fork(program(), [url, String(deadlineMs)], {
    execArgv: ['--expose-gc'],
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
    const { afterTenth, afterAll, sources } = await askForAMillion(redis.url, PATIENT_MS);
    await redis.stop();
    expect(sources).toContain('redis');
    expect(sources).not.toContain('local');
    expect(afterAll).toBeLessThan(afterTenth + 10 * MEGABYTE);
    expect(afterAll).toBeLessThan(40 * MEGABYTE);
  });

  it('nor while it is away', async () => {
    const { afterTenth, afterAll, sources } = await askForAMillion('redis://127.0.0.1:1', 50);
    expect(sources).toEqual(['local']);
    expect(afterAll).toBeLessThan(afterTenth + 10 * MEGABYTE);
    expect(afterAll).toBeLessThan(60 * MEGABYTE);
  });
});

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import { SessionService } from '@redis-functions/session';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { bundledProgram } from '../../tools/bundled-program.js';

/** Before a command is written, after it, and after its answer: whatever a step is, it is between two of these. */
const MOMENTS = ['sending', 'sent', 'answered'] as const;

const program = bundledProgram(join(import.meta.dirname, 'logging-in.ts'));

describe('a process that is killed in the middle', () => {
  let redis: RedisServer;
  let functions: RedisFunctions;
  let service: SessionService;

  beforeAll(async () => {
    redis = await startRedis();
    functions = new RedisFunctions({ url: redis.url });
    service = new SessionService({
      functions,
      routingKey: 'a routing key of the tests, 32 characters or more',
      maxSessions: 3,
    });
    await functions.deploy();
  });
  beforeEach(() => redis.command('FLUSHALL'));
  afterAll(async () => {
    await functions.close();
    await redis.stop();
  });

  /** Undefined where it was killed; else what it said, and how many calls it made. */
  async function run(task: string, token: string, call: number, moment: string) {
    const child = fork(program(), [redis.url, task, token, String(call), moment]);
    let said: { calls: number; result: string } | undefined;
    child.on('message', (message) => {
      said = message as typeof said;
    });
    const [code, signal] = await once(child, 'exit');
    if (code !== 0 && signal !== 'SIGKILL') throw new Error(`it ended with ${code}`);
    return said;
  }

  /** Runs the task until each moment of each of its calls. */
  async function eachCrash(
    task: string,
    { calls, userId }: { calls: number; userId: string | null },
    check: (token: string) => Promise<void>,
  ): Promise<void> {
    const crashes = Array.from({ length: calls }, (_, i) => MOMENTS.map((moment) => [i + 1, moment] as const)).flat();
    const whole = await service.create(userId, { cart: 1 });
    expect(await run(task, whole.token, 0, 'never')).toMatchObject({ calls });
    // three at a time: each is a process of its own
    for (let i = 0; i < crashes.length; i += 3) {
      await Promise.all(
        crashes.slice(i, i + 3).map(async ([call, moment]) => {
          const { token } = await service.create(userId, { cart: 1 });
          expect({ call, moment, said: await run(task, token, call, moment) }).toEqual({ call, moment });
          await check(token);
        }),
      );
    }
    for (const key of (await redis.command('KEYS', '*')) as string[]) {
      if (!key.startsWith('rf:{')) continue;
      expect({ key, lives: Number(await redis.command('PTTL', key)) > 0 }).toEqual({ key, lives: true });
    }
  }

  it('of a login leaves no rights to the old token, keeps the guest or the user, and locks nobody out', async () => {
    await eachCrash('login', { calls: 3, userId: null }, async (token) => {
      const rest = await service.get(token);
      // before the new session there was none, the guest goes on as they were; after it the old one may be over
      if (rest) expect(rest).toMatchObject({ userId: null, data: { cart: 1 } });
      const again = await service.login(token, 'ada');
      expect(await service.get(again.token)).toMatchObject({ userId: 'ada' });
      expect(await service.get(token)).toBeNull();
      expect(await service.count('ada')).toBeLessThanOrEqual(3);
    });
  });

  it('of a login of a user who is logged in ends the old session or leaves it as it was', async () => {
    await eachCrash('login', { calls: 2, userId: 'ada' }, async (token) => {
      const rest = await service.get(token);
      if (rest) expect(rest).toMatchObject({ userId: 'ada', data: { cart: 1 } });
      const again = await service.login(token, 'ada');
      expect(await service.get(again.token)).toMatchObject({ userId: 'ada' });
      expect(await service.get(token)).toBeNull();
    });
  });

  it('of a rotation leaves a way on for who has the old token', async () => {
    await eachCrash('rotate', { calls: 1, userId: 'ada' }, async (token) => {
      const session = await service.get(token);
      expect(session).toMatchObject({ userId: 'ada', data: { cart: 1 } });
      // the same as the process that died was given, where it came as far
      const next = await service.rotate(token);
      if (session?.successor) expect(next).toBe(session.successor);
      expect(await service.get(String(next))).toMatchObject({ userId: 'ada', data: { cart: 1 } });
      await service.destroy(String(next));
    });
  });

  it('of a rotation without a grace opens the session to nobody else, and locks nobody out', async () => {
    await eachCrash('raise', { calls: 1, userId: 'ada' }, async (token) => {
      const session = await service.get(token);
      if (session) expect(session).not.toHaveProperty('successor');
      const again = await service.login(token, 'ada');
      expect(await service.get(again.token)).toMatchObject({ userId: 'ada' });
      expect(await service.get(token)).toBeNull();
      await service.destroy(again.token);
    });
  });
});

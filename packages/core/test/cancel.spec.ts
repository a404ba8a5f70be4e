import { getEventListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { RedisFunctions } from '../src/index.js';
import { counterLibrary } from './counter-library.js';

const library = counterLibrary();

describe('a call that its caller gives up', () => {
  let redis: RedisServer;
  let functions: RedisFunctions;

  beforeAll(async () => {
    redis = await startRedis();
    functions = new RedisFunctions({ url: redis.url, libraries: [library] });
    await functions.deploy();
  });
  afterAll(async () => {
    await functions.close();
    await redis.stop();
  });

  it('rejects with the reason of the signal, before and after it was sent', async () => {
    const reason = new Error('the visitor left');
    const aborted = functions.use(library, { signal: AbortSignal.abort(reason) });
    await expect(aborted.add('never')).rejects.toBe(reason);
    expect(await redis.command('EXISTS', 'never')).toBe(0);

    redis.pause();
    const controller = new AbortController();
    const waiting = functions.call('counter_add', ['a'], [1], { signal: controller.signal });
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    redis.resume();
    expect(await functions.use(library).read('never')).toBe(0);
  });

  it('and many that share a signal put one listener on it', async () => {
    const { signal } = new AbortController();
    const counter = functions.use(library, { signal });
    await Promise.all(Array.from({ length: 50 }, () => counter.add('kept')));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  });
});

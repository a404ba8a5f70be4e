import { afterEach, describe, expect, it } from '@jest/globals';
import { startRedis } from '@redis-functions/testing';
import { createClient } from 'redis';
import { InvalidArgumentError, RedisFunctions } from '../src/index.js';
import { counterLibrary } from './counter-library.js';

const library = counterLibrary();

describe('a server that is away', () => {
  const opened: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];
  const keep = <T extends (typeof opened)[number]>(resource: T) => {
    opened.push(resource);
    return resource;
  };
  afterEach(async () => {
    for (const resource of opened.splice(0)) await (resource.close?.() ?? resource.stop?.());
  });

  it('at start is named by its URL without the password, within the deadline', async () => {
    const errors: string[] = [];
    const functions = keep(
      new RedisFunctions({
        url: 'redis://app:secret@127.0.0.1:1/0',
        libraries: [library],
        deadlineMs: 200,
        onError: (error) => errors.push(error.message),
      }),
    );
    const started = performance.now();
    const failure = await functions.deploy().catch((error) => error);
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(failure).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining('redis://127.0.0.1:1/0'),
    });
    expect(`${failure.message} ${failure.stack} ${errors.join()}`).not.toContain('secret');
    expect(errors.length).toBeGreaterThan(0);
  });

  it('costs one listener, not one per call that gave up', async () => {
    const client = createClient({ url: 'redis://127.0.0.1:1' });
    client.on('error', () => {});
    const connecting = client.connect().catch(() => {});
    const functions = new RedisFunctions({ client, libraries: [library], deadlineMs: 20 });
    const calls = Array.from({ length: 50 }, () => functions.use(library).add('a'));
    expect((await Promise.allSettled(calls)).every(({ status }) => status === 'rejected')).toBe(true);
    expect(client.listenerCount('ready')).toBe(1);
    client.destroy();
    await connecting;
  });

  it('and comes back is used again without a restart; what was given up meanwhile is not run late', async () => {
    const redis = keep(await startRedis());
    const functions = keep(new RedisFunctions({ url: redis.url, libraries: [library], deadlineMs: 1_000 }));
    const counter = functions.use(library);
    expect(await counter.add('a')).toBe(1);
    await redis.kill();
    await expect(counter.add('a')).rejects.toMatchObject({ name: 'UnavailableError' });
    await expect(counter.add('a')).rejects.toMatchObject({ name: 'UnavailableError' });

    const again = keep(await startRedis({ port: redis.port }));
    for (let value: number | undefined; value === undefined; ) {
      value = await counter.add('back').catch(() => undefined);
    }
    expect(await again.command('GET', 'back')).toBe('1');
    expect(await again.command('GET', 'a')).toBeNull();
  });

  it('and frozen does not hold a call longer than its deadline', async () => {
    const redis = keep(await startRedis());
    const functions = keep(new RedisFunctions({ url: redis.url, libraries: [library] }));
    const counter = functions.use(library);
    await counter.add('a');
    redis.pause();
    const hurried = functions.use(library, { deadlineMs: 200 });
    const started = performance.now();
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => hurried.add('a')));
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    redis.resume();
    expect(await counter.read('a')).toBeGreaterThan(0);
  });

  it('holds a handle no longer than the deadline of that handle', async () => {
    const redis = keep(await startRedis());
    const functions = keep(new RedisFunctions({ url: redis.url, libraries: [library] }));
    const [patient, hurried] = [functions.use(library), functions.use(library, { deadlineMs: 50 })];
    await patient.add('a');
    redis.pause();
    const started = performance.now();
    const late = patient.add('a');
    await expect(hurried.add('b')).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(performance.now() - started).toBeLessThan(2_000);
    redis.resume();
    expect(await late).toBe(2);
    expect(() => functions.use(library, { deadlineMs: -1 })).toThrow('deadlineMs');
  });

  it('is not blamed for the time that this process was busy itself', async () => {
    const redis = keep(await startRedis());
    const functions = keep(new RedisFunctions({ url: redis.url, libraries: [library] }));
    await functions.deploy();
    redis.pause();
    const call = functions.use(library, { deadlineMs: 1_000 }).add('a');
    // from here the next turn of the event loop begins with its timers
    await new Promise((resolve) => setImmediate(resolve));
    redis.resume();
    for (const busyUntil = performance.now() + 1_300; performance.now() < busyUntil; );
    expect(await call).toBe(1);
  });

  it('because it was closed says so', async () => {
    const redis = keep(await startRedis());
    const functions = new RedisFunctions({ url: redis.url, libraries: [library] });
    await functions.deploy();
    await functions.close();
    await functions.close();
    await expect(functions.use(library).add('a')).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('wrong options', () => {
  it.each([
    [{}, 'url'],
    [{ url: 'localhost' }, 'url'],
    [{ url: 'http://localhost' }, 'url'],
    [{ url: 'redis://localhost', client: {} }, 'client'],
    [{ client: {} }, 'client'],
    [{ url: 'redis://localhost', deadlineMs: -1 }, 'deadlineMs'],
    [{ url: 'redis://localhost', deadlineMs: Number.NaN }, 'deadlineMs'],
  ])('%j are refused by name', (options, field) => {
    const make = () => new RedisFunctions(options as ConstructorParameters<typeof RedisFunctions>[0]);
    expect(make).toThrow(InvalidArgumentError);
    expect(make).toThrow(expect.objectContaining({ field }));
  });

  it('do not repeat a password that made the URL unreadable', () => {
    const make = () => new RedisFunctions({ url: 'redis://app:se cret@:::' });
    expect(make).toThrow(InvalidArgumentError);
    expect(make).not.toThrow(/cret/);
  });
});

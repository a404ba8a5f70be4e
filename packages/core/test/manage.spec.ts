import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import { RedisFunctions } from '../src/index.js';
import { counterCode, counterLibrary } from './counter-library.js';

describe.each(availableServers())('the libraries of $name', ({ name, path }) => {
  let redis: RedisServer;
  let functions: RedisFunctions;

  beforeAll(async () => {
    redis = await startRedis({ server: path });
    functions = new RedisFunctions({ url: redis.url, libraries: [counterLibrary()] });
  });
  beforeEach(async () => {
    await functions.flush();
    await functions.deploy();
  });
  afterAll(async () => {
    await functions.close();
    await redis.stop();
  });

  it('are listed with versions, flags and, if asked, code', async () => {
    await redis.command('FUNCTION', 'LOAD', "#!lua name=COUNTER\nredis.register_function('other', function() end)");
    const [foreign, ours] = await functions.list();
    expect(foreign).toMatchObject({ name: 'COUNTER', version: undefined });
    expect(ours).toEqual({
      name: 'counter',
      version: '1.0.0',
      hash: counterLibrary().hash,
      engine: 'LUA',
      functions: [
        { name: 'counter_add', description: null, flags: [] },
        { name: 'counter_echo', description: null, flags: [] },
        { name: 'counter_read', description: null, flags: ['no-writes'] },
      ],
      nodes: [redis.url],
      differsOn: [],
    });
    expect(await functions.list({ name: 'counter', withCode: true })).toEqual([{ ...ours, code: counterCode() }]);
    expect(await functions.list({ name: 'coun*' })).toEqual([]);
  });

  it('are deleted by name', async () => {
    await functions.delete('counter');
    expect(await functions.list()).toEqual([]);
    await expect(functions.delete('counter')).rejects.toThrow('Library not found');
  });

  it('survive a dump and a restore, and a payload that would overwrite is refused', async () => {
    const payload = await functions.dump();
    await expect(functions.restore(payload)).rejects.toThrow('already exists');
    await functions.restore(payload, 'replace');
    await functions.flush();
    await functions.restore(payload);
    expect(await functions.list({ withCode: true })).toMatchObject([{ code: counterCode() }]);
    await redis.command('FUNCTION', 'LOAD', "#!lua name=foreign\nredis.register_function('other', function() end)");
    await functions.restore(payload, 'flush');
    expect(await functions.list()).toHaveLength(1);
    await expect(functions.restore(Buffer.from('junk'))).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
  });

  it('live on servers that can be sent anything else, one by one', async () => {
    const [primary, ...others] = await functions.primaries();
    expect({ id: primary?.id, others }).toEqual({ id: redis.url, others: [] });
    expect(await primary?.send(['PING'])).toBe('PONG');
    await expect(primary?.send(['NONSENSE'])).rejects.toMatchObject({ name: 'FunctionCallError', code: 'ERR' });
  });

  it('tell which function keeps the server busy, and can be ended', async () => {
    const spin = "#!lua name=spin\nredis.register_function{ function_name = 'spin', flags = { 'no-writes' }, ";
    await redis.command('FUNCTION', 'LOAD', `${spin}callback = function() while true do end end }`);
    await redis.command('CONFIG', 'SET', 'busy-reply-threshold', '20');
    const [idle] = await functions.stats();
    expect(idle).toMatchObject({ libraries: 2, functions: 4, running: null });
    expect(await functions.kill()).toEqual([]);

    const spinning = functions.call('spin', [], ['x'], { deadlineMs: 0 });
    const ended = expect(spinning).rejects.toThrow('killed');
    const beside = new RedisFunctions({ url: redis.url, deadlineMs: 2_000 });
    let running = null;
    while (!running) running = (await beside.stats())[0]?.running ?? null;
    expect(running).toMatchObject({ name: 'spin', command: ['FCALL', 'spin', '0', 'x'] });
    const waiting = beside.use(counterLibrary()).add('waits');
    expect(await beside.kill()).toEqual([redis.url]);
    await ended;
    expect(await waiting).toBe(1);
    await beside.close();
  });

  it.each(['function', 'script'])(
    'are called again when a watchdog has ended the %s that kept the server busy',
    async (kind) => {
      const spin = "#!lua name=spin\nredis.register_function{ function_name = 'spin', flags = { 'no-writes' }, ";
      await redis.command('FUNCTION', 'LOAD', 'REPLACE', `${spin}callback = function() while true do end end }`);
      await redis.command('CONFIG', 'SET', 'busy-reply-threshold', '20');
      const ended = expect(
        kind === 'function' ? redis.command('FCALL', 'spin', '0') : redis.command('EVAL', 'while true do end', '0'),
      ).rejects.toThrow('killed');
      const watching = new RedisFunctions({ url: redis.url, libraries: [counterLibrary()], killBusyAfterMs: 50 });
      expect(await watching.use(counterLibrary()).add(`watched ${kind}`)).toBe(1);
      await ended;
      await watching.close();
    },
  );

  it('belong to a server that says what it is', async () => {
    const { kind, version } = await functions.server();
    expect(name).toContain(kind);
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await functions.mode()).toBe('functions');
  });
});

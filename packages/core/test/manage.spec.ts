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
    await expect(functions.restore(Buffer.from('junk'))).rejects.toThrow('payload version or checksum');
  });

  it('belong to a server that says what it is', async () => {
    const { kind, version } = await functions.server();
    expect(name).toContain(kind);
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await functions.mode()).toBe('functions');
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { availableServers, startRedis } from '@redis-functions/testing';
import { createClient } from 'redis';
import { sessionsLibrary } from '../src/index.js';
import { Sessions } from './service.js';

const KEYS = ['2', 'rf:{t}:s:h1', 'rf:{t}:u'] as const;
const CREATE = ['h1', 'hash', 'ada', '60000', '120000', '0', 'reject'] as const;

/** Published session functions lose their replies, repeat their ids and read keys that nobody declared. Ours are called here as redis-cli calls them. */
describe.each(availableServers())('the library sessions, by name, on $name', ({ path }) => {
  let sessions: Sessions;
  const send = (...command: string[]) => sessions.redis.command(...command);

  beforeAll(async () => {
    sessions = await Sessions.start('functions', path);
    await send('FUNCTION', 'LOAD', sessionsLibrary.code);
  });
  beforeEach(async () => {
    await send('FLUSHALL');
  });
  afterAll(() => sessions.stop());

  it('answers with everything, in flat arrays', async () => {
    const [code, created, expires, ...rest] = (await send(
      'FCALL',
      'session_create',
      ...KEYS,
      ...CREATE,
      'd:a',
      '1',
    )) as string[];
    expect([code, Number(expires) - Number(created), rest]).toEqual(['OK', 60_000, []]);
    expect(await send('FCALL', 'session_get', ...KEYS, 'hash', '60000')).toEqual([
      'OK',
      'h1',
      'ada',
      created,
      expect.stringMatching(/^\d{13}$/),
      expect.stringMatching(/^\d{13}$/),
      '1',
      'd:a',
      '1',
    ]);
    expect(await send('FCALL', 'session_get', ...KEYS, 'wrong', '60000')).toEqual(['GONE']);
    expect(await send('FCALL', 'session_destroy', ...KEYS, 'h1')).toEqual(['OK', 1]);
    expect(await send('FCALL', 'session_destroy', ...KEYS, 'h1')).toEqual(['OK', 0]);
    expect(await send('FCALL', 'session_get', ...KEYS, 'hash', '60000')).toEqual(['GONE']);
  });

  it('takes a repeated create for one, and another of the same handle for none', async () => {
    const first = await send('FCALL', 'session_create', ...KEYS, ...CREATE);
    expect(((await send('FCALL', 'session_create', ...KEYS, ...CREATE)) as string[]).slice(0, 2)).toEqual(
      (first as string[]).slice(0, 2),
    );
    expect(await send('FCALL', 'session_create', ...KEYS, 'h1', 'other', ...CREATE.slice(2))).toEqual(['EXISTS']);
    expect(
      await send(
        'FCALL',
        'session_create',
        '2',
        'rf:{t}:s:h2',
        'rf:{t}:u',
        'h2',
        'x',
        'ada',
        '1000',
        '1000',
        '1',
        'reject',
      ),
    ).toEqual(['LIMIT']);
    expect(await send('FCALL', 'session_destroy_all', '1', 'rf:{t}:u')).toEqual(['OK', 1]);
    expect(await send('FCALL', 'session_destroy_all', '1', 'rf:{t}:u')).toEqual(['OK', 0]);
  });

  it('reads by FCALL_RO, because its readers say that they do not write', async () => {
    await send('FCALL', 'session_create', ...KEYS, ...CREATE);
    expect(await send('FCALL_RO', 'session_peek', ...KEYS, 'hash')).toContain('ada');
    expect(await send('FCALL_RO', 'session_handles', '1', 'rf:{t}:u')).toEqual(['OK', 'h1']);
    expect(await send('FCALL_RO', 'session_list', '2', 'rf:{t}:u', 'rf:{t}:s:h1')).toContain('h1');
  });

  it('touches no key that was not declared', async () => {
    await send('ACL', 'SETUSER', 'app', 'on', 'nopass', 'resetkeys', '~rf:{t}:s:h1', '~rf:{t}:u', '+@all');
    const app = await createClient({ url: sessions.redis.url, username: 'app', password: 'any' }).connect();
    await app.sendCommand(['FCALL', 'session_create', ...KEYS, ...CREATE]);
    await app.sendCommand(['FCALL', 'session_get', ...KEYS, 'hash', '1000', '0']);
    await app.sendCommand(['FCALL', 'session_patch', ...KEYS, 'hash', '', '1', 'd:a', '1']);
    await app.sendCommand(['FCALL', 'session_revoke_others', ...KEYS, 'hash']);
    await app.sendCommand(['FCALL', 'session_destroy', ...KEYS, 'h1']);
    await app.sendCommand(['FCALL', 'session_destroy_all', '1', 'rf:{t}:u']);
    app.destroy();
  });

  it('lets people read, log out and be logged out on a full server', async () => {
    await send('FCALL', 'session_create', ...KEYS, ...CREATE);
    await send('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1');
    try {
      await expect(send('SET', 'a', 'b')).rejects.toThrow('OOM');
      expect(await send('FCALL', 'session_get', ...KEYS, 'hash', '60000', '0')).toContain('ada');
      expect(await send('FCALL', 'session_revoke_others', ...KEYS, 'hash')).toEqual(['OK', 0]);
      expect(await send('FCALL', 'session_destroy', ...KEYS, 'h1')).toEqual(['OK', 1]);
      expect(await send('FCALL', 'session_destroy_all', '1', 'rf:{t}:u')).toEqual(['OK', 0]);
    } finally {
      await send('CONFIG', 'SET', 'maxmemory', '0');
    }
  });

  it('names what is wrong, and changes nothing', async () => {
    const wrong = [
      ['session_create', '0'],
      ['session_create', ...KEYS, ...CREATE.slice(0, 6)],
      ['session_create', ...KEYS, ...CREATE, 'd:a'],
      ['session_create', ...KEYS, ...CREATE, 'h', 'x'],
      ['session_create', ...KEYS, 'h1', 'hash', 'ada', '1.5', '1', '0', 'reject'],
      ['session_create', ...KEYS, 'h1', 'hash', 'ada', '1e3', '1', '0', 'reject'],
      ['session_create', ...KEYS, 'h1', 'hash', 'ada', '-1', '1', '0', 'reject'],
      ['session_create', ...KEYS, 'h1', 'hash', 'ada', '1', 'nan', '0', 'reject'],
      ['session_create', ...KEYS, 'h1', '', 'ada', '1', '1', '0', 'reject'],
      ['session_get', ...KEYS, 'hash', 'soon'],
      ['session_get', '1', 'rf:{t}:s:h1', 'hash', '1000'],
      ['session_patch', ...KEYS, 'hash', '', '1', 'h', 'x'],
      ['session_patch', ...KEYS, 'hash', '', '0', 'u'],
      ['session_patch', ...KEYS, 'hash', '', '2', 'd:a', '1'],
      ['session_destroy', ...KEYS],
      ['session_destroy_all', '0'],
    ];
    for (const command of wrong) {
      await expect(send('FCALL', ...(command as [string]))).rejects.toThrow('INVALID_ARGUMENT');
    }
    expect(await send('DBSIZE')).toBe(0);
  });
});

describe('ids', () => {
  it('do not repeat after a restart: they come from the process, not from the server', async () => {
    const handles = new Set<string>();
    for (let restart = 0; restart < 2; restart++) {
      const redis = await startRedis();
      const client = await createClient({ url: redis.url }).connect();
      const { SessionService } = await import('../src/index.js');
      const service = new SessionService({ client, routingKey: 'x'.repeat(32) });
      for (let i = 0; i < 10; i++) handles.add((await service.create('ada')).token);
      client.destroy();
      await redis.stop();
    }
    expect(handles.size).toBe(20);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { availableServers } from '@redis-functions/testing';
import { createClient } from 'redis';
import { sessionsLibrary } from '../src/index.js';
import { Sessions, until } from './service.js';

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
      expect.stringMatching(/^\d{13}$/),
      'hash',
      'd:a',
      '1',
    ]);
    expect(await send('FCALL', 'session_get', ...KEYS, 'wrong', '60000')).toEqual(['GONE']);
    expect(await send('FCALL', 'session_destroy', ...KEYS, 'h1')).toEqual(['OK', 1, 'ada']);
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
    expect(await send('FCALL', 'session_destroy_all', '1', 'rf:{t}:u')).toEqual(['OK', 'h1']);
    expect(await send('FCALL', 'session_destroy_all', '1', 'rf:{t}:u')).toEqual(['OK']);
  });

  it('puts a session in the place of another of the same user, and of nobody else', async () => {
    const create = (handle: string, user: string, limit: string, ...rest: string[]) =>
      send(
        'FCALL',
        'session_create',
        '3',
        `rf:{t}:s:${handle}`,
        'rf:{t}:u',
        'rf:{t}:s:h1',
        handle,
        'new',
        user,
        '60000',
        '120000',
        limit,
        'reject',
        ...rest,
      );
    await send('FCALL', 'session_create', ...KEYS, ...CREATE, 'd:a', '1', 'd:b', '2', 'm:ip', '::1');
    expect(await create('h2', 'eve', '0')).toContain('OK');
    expect(await create('h3', 'ada', '1')).toEqual(['LIMIT']);
    expect(await send('FCALL', 'session_peek', ...KEYS, 'hash')).toContain('ada');
    expect(await create('h3', 'ada', '2', 'd:a', '3')).toContain('OK');
    expect(await send('FCALL', 'session_peek', ...KEYS, 'hash')).toEqual(['GONE']);
    const reply = (await send('FCALL', 'session_peek', '2', 'rf:{t}:s:h3', 'rf:{t}:u', 'new')) as string[];
    expect(reply.slice(9).sort()).toEqual(['2', '3', 'd:a', 'd:b']);
    expect(await send('FCALL', 'session_handles', '1', 'rf:{t}:u')).toHaveLength(3);
  });

  it('ends a session and tells what it had, once', async () => {
    await send('FCALL', 'session_create', ...KEYS, ...CREATE, 'd:a', '1');
    const peeked = await send('FCALL', 'session_peek', ...KEYS, 'hash');
    expect(await send('FCALL', 'session_take', ...KEYS, 'wrong')).toEqual(['GONE']);
    expect(await send('FCALL', 'session_take', ...KEYS, 'hash')).toEqual(
      (peeked as string[]).map((value, i) => (i === 5 || i === 7 ? expect.any(String) : value)),
    );
    expect(await send('FCALL', 'session_take', ...KEYS, 'hash')).toEqual(['GONE']);
    expect(await sessions.keys()).toEqual([]);
  });

  it('reads by FCALL_RO, because its readers say that they do not write', async () => {
    await send('FCALL', 'session_create', ...KEYS, ...CREATE);
    expect(await send('FCALL_RO', 'session_peek', ...KEYS, 'hash')).toContain('ada');
    expect(await send('FCALL_RO', 'session_handles', '1', 'rf:{t}:u')).toEqual(['OK', 'h1']);
    expect(await send('FCALL_RO', 'session_list', '2', 'rf:{t}:u', 'rf:{t}:s:h1')).toContain('h1');
  });

  it('writes the fields that change, in their order, and nothing else', async () => {
    await send('FCALL', 'session_create', ...KEYS, ...CREATE, 'd:a', '1');
    const patch = (...args: string[]) => send('FCALL', 'session_patch', ...KEYS, 'hash', ...args);
    expect(await patch('', '0', '2', 'd:c', '3', 'd:b', '2')).toEqual(['OK', '2']);
    expect(await patch('', '0', '1', 'd:b', '2', 'd:none')).toEqual(['OK', '2']);
    expect(await patch('1', '0', '1', 'd:b', '3')).toEqual(['CONFLICT', '2']);
    expect(((await send('FCALL', 'session_peek', ...KEYS, 'hash')) as string[]).slice(9)).toEqual([
      'd:a',
      '1',
      'd:c',
      '3',
      'd:b',
      '2',
    ]);
    // 4 bytes each: d:a and its value
    expect(await patch('', '12', '1', 'd:e', '5')).toEqual(['TOO_LARGE', 16]);
    expect(await patch('2', '12', '1', 'd:e', '5', 'd:a')).toEqual(['OK', '3']);
    expect(await patch('', '8', '0', 'd:b')).toEqual(['OK', '4']);
    expect(await patch('', '1', '1', 'd:c', '4')).toEqual(['OK', '5']);
    expect(await send('FCALL', 'session_patch', ...KEYS, 'other', '', '0', '1', 'd:b', '3')).toEqual(['GONE']);
  });

  it('touches a twentieth of the idle time later, or when told to', async () => {
    await send('FCALL', 'session_create', ...KEYS, ...CREATE);
    const seen = async (...args: string[]) =>
      Number(((await send('FCALL', 'session_get', ...KEYS, 'hash', ...args)) as string[])[4]);
    const first = await seen('60000');
    await sessions.tick();
    expect(await seen('60000')).toBe(first);
    expect(await seen('60000', '0')).toBeGreaterThan(first);
    const second = await seen('60000');
    await until(async () => (await seen('1000')) > second);
    expect((await seen('1000')) - second).toBeGreaterThanOrEqual(50);
  });

  it('touches no key that was not declared', async () => {
    await send('ACL', 'SETUSER', 'app', 'on', 'nopass', 'resetkeys', '~rf:{t}:s:h1', '~rf:{t}:u', '+@all');
    const app = await createClient({ url: sessions.redis.url, username: 'app', password: 'any' }).connect();
    app.on('error', () => {});
    try {
      const call = (...args: string[]) => app.sendCommand(['FCALL', ...args]) as Promise<(string | number)[]>;
      expect(await call('session_create', ...KEYS, ...CREATE)).toContain('OK');
      expect(await call('session_create', ...KEYS, ...CREATE.slice(0, 5), '1', 'evict-idle')).toContain('OK');
      expect(await call('session_get', ...KEYS, 'hash', '1000', '0')).toContain('OK');
      expect(await call('session_peek', ...KEYS, 'hash')).toContain('OK');
      expect(await call('session_patch', ...KEYS, 'hash', '', '0', '1', 'd:a', '1')).toContain('OK');
      expect(await call('session_handles', '1', 'rf:{t}:u')).toEqual(['OK', 'h1']);
      expect(await call('session_list', '2', 'rf:{t}:u', 'rf:{t}:s:h1')).toContain('h1');
      expect(await call('session_revoke_others', ...KEYS, 'hash')).toEqual(['OK', 'ada']);
      expect(await call('session_count', '1', 'rf:{t}:u')).toEqual(['OK', 1]);
      expect(await call('session_expiry', ...KEYS, 'h1')).toContain('OK');
      expect(await call('session_increment', ...KEYS, 'hash', '0', 'd:n', '2')).toEqual(['OK', '2', '3']);
      expect(await call('session_append', ...KEYS, 'hash', '0', 'd:l', '0', '1')).toEqual(['OK', 1, '4']);
      expect(await call('session_pop', ...KEYS, 'hash', 'd:l', 'd:x')).toEqual(['OK', '5', 'd:l', '[1]']);
      expect(await call('session_rotate', ...KEYS, 'hash', '60000', 'next')).toEqual(['OK', 'next', 'ada']);
      expect(await call('session_take', ...KEYS, 'hash')).toContain('h1');
      expect(await call('session_destroy', ...KEYS, 'h1')).toEqual(['OK', 0]);
      expect(await call('session_destroy_all', '1', 'rf:{t}:u')).toEqual(['OK']);
      // those of the watch have one key; that of a user will do
      expect(await call('session_expect', '1', 'rf:{t}:u', '1', 'entry')).toEqual(['OK']);
      expect(await call('session_expected', '1', 'rf:{t}:u')).toEqual(['OK', 1]);
      expect(await call('session_due', '1', 'rf:{t}:u', '10', '60000')).toEqual(['OK', 'entry']);
      expect(await call('session_due', '1', 'rf:{t}:u', '10', '60000')).toEqual(['OK']);
      expect(await call('session_drop', '1', 'rf:{t}:u', 'entry', 'none')).toEqual(['OK', 1]);
    } finally {
      app.destroy();
    }
  });

  it('lets people read, log out and be logged out on a full server', async () => {
    await send('FCALL', 'session_create', ...KEYS, ...CREATE);
    await send('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1');
    try {
      await expect(send('SET', 'a', 'b')).rejects.toThrow('OOM');
      expect(await send('FCALL', 'session_get', ...KEYS, 'hash', '60000', '0')).toContain('ada');
      expect(await send('FCALL', 'session_rotate', ...KEYS, 'hash', '0', 'next')).toEqual(['OK', 'next', 'ada']);
      expect(await send('FCALL', 'session_revoke_others', ...KEYS, 'next')).toEqual(['OK', 'ada']);
      expect(await send('FCALL', 'session_pop', ...KEYS, 'next', 'd:a')).toEqual(['OK', '1']);
      expect(await send('FCALL', 'session_destroy', ...KEYS, 'h1')).toEqual(['OK', 1, 'ada']);
      expect(await send('FCALL', 'session_take', ...KEYS, 'next')).toEqual(['GONE']);
      expect(await send('FCALL', 'session_destroy_all', '1', 'rf:{t}:u')).toEqual(['OK']);
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
      ['session_get', ...KEYS, 'hash', '1000', '1.5'],
      ['session_create', ...KEYS, 'h1', 'hash', 'ada', '9007199254740992', '1', '0', 'reject'],
      ['session_create', ...KEYS, 'h1', 'hash', 'ada', ' 1 ', '1', '0', 'reject'],
      ['session_create', ...KEYS, 'h1', 'hash', 'ada', '0x10', '1', '0', 'reject'],
      ['session_create', ...KEYS, 'h1', 'hash', 'ada', '0', '1', '0', 'reject'],
      ['session_create', ...KEYS, 'h1', 'hash', 'ada', '1', '1', '0', 'panic'],
      ['session_patch', ...KEYS, 'hash', '', '0', '1', 'h', 'x'],
      ['session_patch', ...KEYS, 'hash', '', '0', '0', 'u'],
      ['session_patch', ...KEYS, 'hash', '', '0', '2', 'd:a', '1'],
      ['session_patch', ...KEYS, 'hash', '', '0', '1', 'd:a', '1', 'd:a'],
      ['session_patch', ...KEYS, 'hash', 'new', '0', '1', 'd:a', '1'],
      ['session_patch', ...KEYS, 'hash', '', 'some', '1', 'd:a', '1'],
      ['session_rotate', ...KEYS, 'hash', 'soon', 'next'],
      ['session_rotate', ...KEYS, 'hash', '0'],
      ['session_increment', ...KEYS, 'hash', '0', 'd:a', '1.5'],
      ['session_increment', ...KEYS, 'hash', '0', 'h', '1'],
      ['session_increment', ...KEYS, 'hash', '0', 'd:a', '9007199254740992'],
      ['session_append', ...KEYS, 'hash', '0', 'd:a', '-1', '1'],
      ['session_append', ...KEYS, 'hash', '0', 'd:a', '0', ''],
      ['session_append', ...KEYS, 'hash', 'x', 'd:a', '0', '1'],
      ['session_pop', ...KEYS, 'hash', 'h'],
      ['session_expiry', ...KEYS],
      ['session_expect', '1', 'e', 'soon', 'entry'],
      ['session_expect', '1', 'e', '1', ''],
      ['session_due', '1', 'e', '0', '1'],
      ['session_due', '1', 'e', '1', '0'],
      ['session_count', '0'],
      ['session_expected', '0'],
      ['session_drop', '0'],
      ['session_destroy', ...KEYS],
      ['session_take', ...KEYS],
      ['session_take', '1', 'rf:{t}:s:h1', 'hash'],
      ['session_destroy_all', '0'],
    ];
    for (const command of wrong) {
      await expect(send('FCALL', ...(command as [string]))).rejects.toThrow('INVALID_ARGUMENT');
    }
    expect(await send('DBSIZE')).toBe(0);
  });

  it('leaves nothing behind where the key of the index holds something else', async () => {
    await send('SET', 'rf:{t}:u', 'text');
    await expect(send('FCALL', 'session_create', ...KEYS, ...CREATE)).rejects.toThrow('WRONGTYPE');
    expect(await sessions.keys()).toEqual(['rf:{t}:u']);
  });
});

describe('ids', () => {
  it('do not repeat after a restart, as random numbers of the server do', async () => {
    const sessions = await Sessions.start();
    try {
      const ofServer: unknown[] = [];
      const tokens = new Set<string>();
      for (let run = 0; run < 2; run++) {
        ofServer.push(await sessions.redis.command('EVAL', 'return tostring(math.random())', '0'));
        for (let i = 0; i < 10; i++) tokens.add((await sessions.service().create('ada')).token);
        await sessions.redis.restart();
      }
      expect(ofServer[0]).toBe(ofServer[1]);
      const parts = [...tokens].map((token) => token.split('.'));
      expect(new Set(parts.map(([, , handle]) => handle)).size).toBe(20);
      expect(new Set(parts.map(([, , , secret]) => secret)).size).toBe(20);
    } finally {
      await sessions.stop();
    }
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { availableServers } from '@redis-functions/testing';
import type { SessionService } from '../src/index.js';
import { Sessions, until } from './service.js';

const secretOf = (token: string) => String(token.split('.')[3]);
const handleOf = (token: string) => token.split('.')[2];

describe.each(availableServers())('rotation on $name', ({ path }) => {
  let sessions: Sessions;
  let service: SessionService;

  beforeAll(async () => {
    sessions = await Sessions.start('functions', path);
    service = sessions.service();
  });
  beforeEach(async () => {
    await sessions.redis.command('FLUSHALL');
  });
  afterAll(() => sessions.stop());

  async function loggedIn(data = {}): Promise<string> {
    return (await service.create('ada', data)).token;
  }

  /** A token whose session goes on under another, and whose grace is over. */
  async function replaced(of: SessionService): Promise<{ old: string; next: string }> {
    const { token: old } = await of.create('ada', { theme: 'dark' });
    const next = String(await of.rotate(old, { grace: 1 }));
    await until(async () => (await of.peek(old)) === null);
    return { old, next };
  }

  it('gives a new secret, and leaves the handle, the data and the version', async () => {
    const token = await loggedIn({ theme: 'dark' });
    const next = String(await service.rotate(token));
    expect(secretOf(next)).not.toBe(secretOf(token));
    expect(handleOf(next)).toBe(handleOf(token));
    expect(await service.get(next)).toMatchObject({ userId: 'ada', data: { theme: 'dark' }, version: 1 });
    expect(await service.list('ada')).toHaveLength(1);
  });

  it('leads two tabs that rotate at once to one successor, and keeps both logged in', async () => {
    const token = await loggedIn();
    const others = [sessions.service(), sessions.service()];
    const successors = await Promise.all([...others, ...others].map((tab) => tab.rotate(token)));
    expect(new Set(successors).size).toBe(1);
    expect(successors[0]).not.toBe(token);
    expect(await service.get(token)).toMatchObject({ userId: 'ada', successor: successors[0] });
    expect(await service.get(String(successors[0]))).not.toHaveProperty('successor');
  });

  it('answers again with the same where the answer was lost', async () => {
    const token = await loggedIn();
    const next = await service.rotate(token);
    expect(await service.rotate(token)).toBe(next);
    // in the grace of the first the second one changes nothing
    expect(await service.rotate(String(next))).toBe(next);
  });

  it('takes writes under the old token in the grace, and none after it', async () => {
    const token = await loggedIn();
    const next = String(await service.rotate(token));
    expect(await service.patch(token, { a: 1 })).toBe(2);
    expect(await service.increment(token, 'n')).toBe(1);
    expect((await service.get(next))?.data).toEqual({ a: 1, n: 1 });

    const { old } = await replaced(service);
    expect(await service.patch(old, { a: 2 })).toBeNull();
    expect(await service.increment(old, 'n')).toBeNull();
    expect(await service.append(old, 'list', 1)).toBeNull();
    expect(await service.pop(old, 'theme')).toBeNull();
    expect(await service.destroy(old)).toBe(false);
    expect(await service.revokeOthers(old)).toBeNull();
    expect(await service.rotate(old)).toBeNull();
  });

  it('logs out by the old token in its grace as well', async () => {
    const token = await loggedIn();
    const next = String(await service.rotate(token));
    expect(await service.destroy(token)).toBe(true);
    expect(await service.get(next)).toBeNull();
    expect(await sessions.keys()).toEqual([]);
  });

  it('opens nothing with the old token where the session may do more from now on', async () => {
    const token = await loggedIn();
    const raised = String(await service.rotate(token, { grace: 0 }));
    expect(await service.get(token)).toBeNull();
    expect(await service.rotate(token, { grace: 0 })).toBeNull();
    expect(await service.get(raised)).toMatchObject({ userId: 'ada' });
    // also within the grace of another
    const next = String(await service.rotate(raised));
    const again = String(await service.rotate(next, { grace: '0s' }));
    expect(await service.get(raised)).toBeNull();
    expect(await service.get(next)).toBeNull();
    expect(await service.get(again)).not.toBeNull();
  });

  it('tells of a token that comes back after its grace, and leaves the session to who has the right one', async () => {
    const told: unknown[] = [];
    const { old, next } = await replaced(service);
    const listener = (event: unknown) => told.push(event);
    service.on('reuse', listener);
    expect(await service.get(old)).toBeNull();
    expect(await service.rotate(old)).toBeNull();
    service.off('reuse', listener);
    expect(told).toEqual([
      { handle: handleOf(old), userId: 'ada' },
      { handle: handleOf(old), userId: 'ada' },
    ]);
    expect(await service.get(next)).toMatchObject({ data: { theme: 'dark' } });
  });

  it('ends the session by it where that was asked for', async () => {
    const strict = sessions.service({ onReuse: 'end' });
    const reasons: unknown[] = [];
    strict.on('destroyed', ({ reason }) => reasons.push(reason));
    const { old, next } = await replaced(strict);
    expect(await strict.get(old)).toBeNull();
    await until(async () => (await strict.get(next)) === null);
    expect(reasons).toEqual(['reused']);
  });

  it('agrees on the successor while instances are given another routing key', async () => {
    const [last, next] = ['the routing key of last year, long enough', 'the routing key of this year, long enough'];
    const before = sessions.service({ routingKey: last });
    const after = sessions.service({ routingKey: [next, last] });
    const { token } = await before.create('ada');
    const successor = await before.rotate(token);
    expect(await after.rotate(token)).toBe(successor);
    expect(await after.get(token)).toMatchObject({ successor });
  });

  it('refuses a grace that is none, and knows junk', async () => {
    const token = await loggedIn();
    for (const grace of ['soon', -1, 1.5, Number.NaN]) {
      await expect(service.rotate(token, { grace: grace as never })).rejects.toMatchObject({ field: 'grace' });
    }
    expect(await service.rotate('junk')).toBeNull();
    expect(await service.get(token)).not.toHaveProperty('successor');
  });
});

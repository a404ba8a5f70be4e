import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SessionService } from '../src/index.js';
import { Sessions } from './service.js';

describe.each(['functions', 'scripts'] as const)('changes that the server makes, as %s', (mode) => {
  let sessions: Sessions;
  let service: SessionService;

  beforeAll(async () => {
    sessions = await Sessions.start(mode);
    service = sessions.service({ maxDataBytes: 2_000 });
  });
  beforeEach(async () => {
    await sessions.redis.command('FLUSHALL');
  });
  afterAll(() => sessions.stop());

  const dataOf = async (token: string) => (await service.get(token))?.data;

  it('adds what is added at once', async () => {
    const { token } = await service.create('ada', { visits: 40 });
    const sums = await Promise.all(Array.from({ length: 20 }, () => service.increment(token, 'visits')));
    expect(sums.sort()).toEqual(Array.from({ length: 20 }, (_, i) => 41 + i));
    expect(await service.increment(token, 'visits', -60)).toBe(0);
    expect(await service.increment(token, 'new', 7)).toBe(7);
    expect(await dataOf(token)).toEqual({ visits: 0, new: 7 });
  });

  it('adds to whole numbers that a double keeps, and to nothing else', async () => {
    const { token } = await service.create('ada', { most: Number.MAX_SAFE_INTEGER, half: 0.5, text: '7', none: null });
    for (const [key, by] of [
      ['most', 1],
      ['half', 1],
      ['text', 1],
      ['none', 1],
    ] as const) {
      await expect(service.increment(token, key, by)).rejects.toMatchObject({ code: 'NOT_A_NUMBER', httpStatus: 409 });
    }
    for (const by of [0.5, Number.NaN, Infinity, 2 ** 53, '1', 1n, null]) {
      await expect(service.increment(token, 'most', by as number)).rejects.toMatchObject({
        code: 'INVALID_SESSION_DATA',
      });
    }
    expect(await service.increment(token, 'most', -Number.MAX_SAFE_INTEGER)).toBe(0);
    expect((await service.get(token))?.version).toBe(2);
  });

  it('appends what is appended at once, and counts the items whatever is in them', async () => {
    const { token } = await service.create('ada', { seen: [] });
    const counts = await Promise.all(Array.from({ length: 20 }, (_, i) => service.append(token, 'seen', i)));
    expect([...counts].sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(new Set((await dataOf(token))?.['seen'] as number[]).size).toBe(20);

    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 8 }), async (items) => {
        const kept = items.filter((item) => JSON.stringify(item).length < 100).map((item) => item ?? null);
        await service.patch(token, {}, { remove: ['seen'] });
        for (const [i, item] of kept.entries()) expect(await service.append(token, 'seen', item)).toBe(i + 1);
        expect((await dataOf(token))?.['seen'] ?? []).toEqual(JSON.parse(JSON.stringify(kept)));
      }),
      { numRuns: 50 },
    );
  });

  it('refuses an item more than the list may have, and what is no list', async () => {
    const { token } = await service.create('ada', { list: ['a,b', [1, 2], { c: ['[', ','] }], text: 'a' });
    await expect(service.append(token, 'list', 1, { mostItems: 3 })).rejects.toMatchObject({
      code: 'LIST_FULL',
      message: expect.stringContaining('3 items'),
    });
    expect(await service.append(token, 'list', 1, { mostItems: 4 })).toBe(4);
    await expect(service.append(token, 'text', 1)).rejects.toMatchObject({ code: 'NOT_A_LIST', httpStatus: 409 });
    await expect(service.append(token, 'list', () => 1)).rejects.toMatchObject({ code: 'INVALID_SESSION_DATA' });
    await expect(service.append(token, 'list', 1, { mostItems: -1 })).rejects.toThrow('Give 1 or more');
  });

  it('gives a flash message to one of those who ask at once', async () => {
    const { token } = await service.create('ada', { flash: ['saved'], kept: 1 });
    const got = await Promise.all(Array.from({ length: 10 }, () => service.pop(token, 'flash', 'none')));
    expect(got.filter((data) => Object.keys(data ?? {}).length > 0)).toEqual([{ flash: ['saved'] }]);
    const session = await service.get(token);
    expect(session).toMatchObject({ data: { kept: 1 }, version: 2 });
    expect(await service.pop(token)).toEqual({});
  });

  it('keeps to the most bytes, and changes nothing beyond', async () => {
    const { token } = await service.create('ada', { text: 'x'.repeat(1_900), list: ['y'.repeat(50)] });
    const before = await dataOf(token);
    await expect(service.append(token, 'list', 'z'.repeat(100))).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE' });
    await expect(service.increment(token, 'n'.repeat(200))).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE' });
    expect(await dataOf(token)).toEqual(before);
  });

  it('brings no session back, and takes keys like __proto__ for keys', async () => {
    const { token } = await service.create('ada');
    expect(await service.increment(token, '__proto__')).toBe(1);
    expect(await service.append(token, 'constructor', { prototype: 1 })).toBe(1);
    const popped = await service.pop(token, '__proto__', 'constructor');
    expect(Object.entries(popped ?? {})).toEqual([
      ['__proto__', 1],
      ['constructor', [{ prototype: 1 }]],
    ]);
    await service.destroy(token);
    expect(await service.increment(token, 'n')).toBeNull();
    expect(await service.append(token, 'list', 1)).toBeNull();
    expect(await service.pop(token, 'n')).toBeNull();
    expect(await sessions.keys()).toEqual([]);
    for (const junk of ['junk', undefined as never]) {
      expect(await service.increment(junk, 'n')).toBeNull();
      expect(await service.append(junk, 'list', 1)).toBeNull();
      expect(await service.pop(junk, 'n')).toBeNull();
    }
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import {
  defineFunction,
  defineLibrary,
  InvalidDefinitionError,
  type Library,
  RedisFunctions,
  registrationsIn,
} from '../src/index.js';

const answer = defineFunction('cart_answer', { encode: () => ({ keys: [] }), decode: String });
const fail = defineFunction('fail', { encode: () => ({ keys: [] }), decode: String });

/** Major versions whose answers differ. */
function cart(version: string, sideBySide = true) {
  return defineLibrary({
    code: [
      '#!lua name=cart',
      `-- @version ${version}`,
      `redis.register_function('cart_answer', function() return 'from ${version}' end)`,
      "redis.register_function{ function_name = 'fail', callback = function() error('cart_answer fails') end }",
      '',
    ].join('\n'),
    functions: { answer, fail },
    sideBySide,
  });
}

describe('major versions of a library, side by side', () => {
  let redis: RedisServer;
  const opened: RedisFunctions[] = [];
  const connect = (...libraries: Library[]) => {
    const functions = new RedisFunctions({ url: redis.url, libraries });
    opened.push(functions);
    return functions;
  };
  const names = async () => (await connect().list()).map(({ name }) => name);

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((functions) => functions.close()));
    await redis.command('FLUSHALL');
    await redis.command('FUNCTION', 'FLUSH');
  });
  afterAll(() => redis.stop());

  it('have names of their own, and lines that are still those of the file', async () => {
    const [first, second] = [cart('1.4.0'), cart('2.0.0')];
    expect([first.name, second.name, second.functions.answer.name, second.functions.fail.name]).toEqual([
      'cart_1',
      'cart_2',
      'cart_2_answer',
      'cart_2_fail',
    ]);
    const functions = connect(first, second);
    await functions.deploy();
    expect(await functions.use(first).answer()).toBe('from 1.4.0');
    expect(await functions.use(second).answer()).toBe('from 2.0.0');
    await expect(functions.use(second).fail()).rejects.toMatchObject({
      line: 4,
      message: expect.stringContaining('cart_answer fails'),
    });
  });

  it('replace an older one of the same major version only', async () => {
    await connect(cart('1.4.0'), cart('2.0.0')).deploy();
    const outcomes = await connect(cart('2.1.0')).deploy();
    expect(outcomes).toMatchObject([{ library: 'cart_2', action: 'replaced', version: '2.1.0' }]);
    expect(await names()).toEqual(['cart_1', 'cart_2']);
  });

  it('are removed when nobody has called them for a while, and only then', async () => {
    const old = connect(cart('1.0.0'));
    await old.use(cart('1.0.0')).answer();
    const marks = async () => (await redis.command('HKEYS', 'rf:deploy:used')) as string[];
    while ((await marks()).length < 1);
    await connect(cart('2.0.0')).deploy();

    const current = connect(cart('3.0.0'));
    await current.use(cart('3.0.0')).answer();
    expect(await current.prune()).toMatchObject([
      { library: 'cart_1', action: 'kept', lastUsed: expect.any(Date) },
      // deployed, and never seen in use: it is watched from now on
      { library: 'cart_2', action: 'kept', lastUsed: null },
    ]);
    const deleted = [{ action: 'deleted' }, { action: 'deleted' }];
    expect(await current.prune({ unusedForMs: 0, dryRun: true })).toMatchObject(deleted);
    expect(await names()).toEqual(['cart_1', 'cart_2', 'cart_3']);
    expect(await current.prune({ unusedForMs: 0 })).toMatchObject([
      { library: 'cart_1', action: 'deleted' },
      { library: 'cart_2', action: 'deleted' },
    ]);
    expect(await names()).toEqual(['cart_3']);
    // whoever still calls an old one brings it back
    expect(await old.use(cart('1.0.0')).answer()).toBe('from 1.0.0');
    expect(await old.prune({ unusedForMs: 0 })).toEqual([]);
    expect(Number(await redis.command('PTTL', 'rf:deploy:used'))).toBeGreaterThan(0);
  });

  it('are renamed where a local function of the library registers them', () => {
    const code = [
      '#!lua name=cart',
      '-- @version 4.0.0',
      'local function register(callback, name)',
      '  redis.register_function{ function_name = name, callback = callback }',
      'end',
      "register(function() return 'four' end, 'cart_answer')",
      '',
    ].join('\n');
    expect(registrationsIn(code)).toMatchObject([{ name: 'cart_answer', line: 6, flags: undefined }]);
    expect(defineLibrary({ code, functions: { answer }, sideBySide: true }).code).toContain("'cart_4_answer')");
  });

  it('need a version, and names that are written out', () => {
    const code = '#!lua name=cart\nredis.register_function("cart_answer", function() end)\n';
    expect(() => defineLibrary({ code, functions: { answer }, sideBySide: true })).toThrow(InvalidDefinitionError);
    const computed =
      '#!lua name=cart\n-- @version 1.0.0\nlocal n = "cart_" .. "answer"\nredis.register_function(n, function() end)\n';
    expect(() => defineLibrary({ code: computed, functions: { answer }, sideBySide: true })).toThrow('written out');
    const broken = '#!lua name=cart\n-- @version 1.0.0\nlocal = 1\n';
    expect(() => defineLibrary({ code: broken, functions: { answer }, sideBySide: true })).toThrow('not Lua');
  });
});

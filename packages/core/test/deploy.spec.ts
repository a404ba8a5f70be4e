import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import { type Library, RedisFunctions } from '../src/index.js';
import { counterCode, counterLibrary } from './counter-library.js';

describe.each(availableServers())('a deploy on $name', ({ path }) => {
  let redis: RedisServer;
  const opened: RedisFunctions[] = [];

  const connect = (libraries: readonly Library[], options = {}) => {
    const functions = new RedisFunctions({ url: redis.url, libraries, ...options });
    opened.push(functions);
    return functions;
  };
  const actions = async (libraries: readonly Library[], options = {}) =>
    (await connect(libraries, options).deploy()).map(({ action, version }) => [action, version]);

  beforeAll(async () => {
    redis = await startRedis({ server: path });
  });
  afterEach(async () => {
    await connect([]).flush();
    await Promise.all(opened.splice(0).map((functions) => functions.close()));
  });
  afterAll(() => redis.stop());

  it('loads what is missing, and leaves alone what is there', async () => {
    const libraries = [counterLibrary()];
    expect(await actions(libraries)).toEqual([['loaded', '1.0.0']]);
    expect(await actions(libraries)).toEqual([['unchanged', '1.0.0']]);
  });

  it('brings the file byte for byte', async () => {
    const extra = '-- tab\there, \'quotes\', "more", \\n, é, 😀, \r\n--   trailing space   ';
    await connect([counterLibrary({ extra })]).deploy();
    const [library] = await connect([]).list({ withCode: true });
    expect(library?.code).toBe(counterCode({ extra }));
  });

  it('replaces an older version and other code without a version, and never a newer version', async () => {
    await actions([counterLibrary({ version: '1.9.0' })]);
    expect(await actions([counterLibrary({ version: '1.10.0' })])).toEqual([['replaced', '1.10.0']]);
    expect(await actions([counterLibrary({ version: '1.9.1' })])).toEqual([['kept-newer', '1.10.0']]);
    expect((await connect([]).list())[0]?.version).toBe('1.10.0');
    expect(await actions([counterLibrary({ version: '1.9.1' })], { force: true })).toEqual([['replaced', '1.9.1']]);

    await connect([]).flush();
    await actions([counterLibrary({ version: '' })]);
    expect(await actions([counterLibrary({ version: '', extra: '-- more' })])).toEqual([['replaced', undefined]]);
  });

  it('refuses other code of the same version, naming both, unless forced', async () => {
    await actions([counterLibrary()]);
    const other = counterLibrary({ extra: '-- more' });
    await expect(actions([other])).rejects.toMatchObject({
      code: 'DRIFT',
      library: 'counter',
      message: expect.stringContaining(other.hash.slice(0, 12)),
    });
    expect(await actions([other], { force: true })).toEqual([['replaced', '1.0.0']]);
  });

  it('says what the server refuses, and keeps the library that was there', async () => {
    await actions([counterLibrary()]);
    const broken = counterLibrary({ version: '1.1.0', extra: 'local x = = 1' });
    await expect(actions([broken])).rejects.toMatchObject({
      code: 'LOAD_REFUSED',
      message: expect.stringMatching(/user_function:12/),
    });
    expect((await connect([]).list())[0]?.version).toBe('1.0.0');
  });

  it('believes the library and not the record of deploys, which FLUSHALL removes and anybody can write', async () => {
    await actions([counterLibrary({ version: '2.0.0' })]);
    await redis.command('FLUSHALL');
    expect(await actions([counterLibrary({ version: '1.0.0' })])).toEqual([['kept-newer', '2.0.0']]);
    await redis.command('SET', 'rf:deploy', 'counter 9.0.0');
    expect(await actions([counterLibrary({ version: '3.0.0' })])).toEqual([['replaced', '3.0.0']]);
    expect(Number(await redis.command('PTTL', 'rf:deploy'))).toBeGreaterThan(0);
  });

  it('leaves the libraries of others alone, and says when one of them has the name of a function', async () => {
    const foreign = "#!lua name=foreign\nredis.register_function('counter_echo', function() return 'theirs' end)\n";
    await redis.command('FUNCTION', 'LOAD', foreign);
    await expect(actions([counterLibrary()])).rejects.toMatchObject({
      code: 'LOAD_REFUSED',
      message: expect.stringContaining('already exists'),
    });
    expect(await connect([]).call('counter_echo')).toBe('theirs');
    await redis.command('FUNCTION', 'DELETE', 'foreign');
    await redis.command('FUNCTION', 'LOAD', foreign.replace('counter_echo', 'other'));
    await actions([counterLibrary()]);
    expect((await connect([]).list()).map(({ name }) => name)).toEqual(['counter', 'foreign']);
  });

  it('tells what it would do without doing it', async () => {
    expect(await connect([counterLibrary()]).plan()).toMatchObject([{ action: 'loaded', version: '1.0.0' }]);
    expect(await connect([]).list()).toEqual([]);
    await expect(connect([counterLibrary()]).verify()).rejects.toMatchObject({ code: 'NOT_DEPLOYED' });
    await actions([counterLibrary()]);
    await connect([counterLibrary()]).verify();
  });

  it('only verifies where it may not deploy', async () => {
    const library = counterLibrary();
    const verifying = connect([library], { deploy: 'verify' }).use(library);
    await expect(verifying.add('a')).rejects.toMatchObject({ code: 'NOT_DEPLOYED', library: 'counter' });
    await actions([library]);
    expect(await verifying.add('a')).toBe(1);
  });

  it('deploys a library that use() adds before its first call, and refuses two of one name', async () => {
    const functions = connect([]);
    expect(await functions.use(counterLibrary()).read('nothing')).toBe(0);
    expect(() => functions.use(counterLibrary({ version: '2.0.0' }))).toThrow('different code');
  });
});

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

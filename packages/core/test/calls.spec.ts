import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import { createClient } from 'redis';
import { FunctionCallError, InvalidArgumentError, RedisFunctions, UnexpectedReplyError } from '../src/index.js';
import { counterLibrary } from './counter-library.js';

describe('a server without functions, as Redis 6 and some services are', () => {
  it('runs the libraries as scripts, and says so once', async () => {
    const hidden = ['FUNCTION', 'FCALL', 'FCALL_RO'].flatMap((command) => ['--rename-command', command, '']);
    const redis = await startRedis({ args: hidden });
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const library = counterLibrary();
    const functions = new RedisFunctions({ url: redis.url, libraries: [library] });
    const counter = functions.use(library);
    const values = await Promise.all(Array.from({ length: 10 }, () => counter.add('a')));
    expect(values.toSorted((left, right) => left - right)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await functions.mode()).toBe('scripts');
    expect(await functions.deploy()).toEqual([]);
    expect(await functions.list()).toMatchObject([{ name: 'counter', version: '1.0.0' }]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('has no functions'), {
      code: 'REDIS_FUNCTIONS_SCRIPTS_MODE',
    });
    warn.mockRestore();
    await functions.close();
    await redis.stop();
  });
});

const cases = availableServers().flatMap(({ name, path }) =>
  (['functions', 'scripts'] as const).map((mode) => ({ name, path, mode })),
);

describe.each(cases)('calls on $name as $mode', ({ path, mode }) => {
  const library = counterLibrary();
  let redis: RedisServer;
  let functions: RedisFunctions;

  beforeAll(async () => {
    redis = await startRedis({ server: path });
    functions = new RedisFunctions({ url: redis.url, libraries: [library], mode });
  });
  afterAll(async () => {
    await functions.close();
    await redis.stop();
  });

  it('have the types and the results of their definition', async () => {
    const counter = functions.use(library);
    const value: number = await counter.add('typed', 5);
    expect(value).toBe(5);
    expect(await counter.add('typed')).toBe(6);
    expect(await counter.read('typed')).toBe(6);
    // @ts-expect-error a key is text
    await expect(counter.add(7)).rejects.toThrow(InvalidArgumentError);
  });

  it('go by name as well', async () => {
    expect(await functions.call('counter_add', ['named'], [4])).toBe(4);
    expect(await functions.callReadOnly('counter_read', ['named'])).toBe(4);
  });

  it('keep the bytes of text and Buffers', async () => {
    const texts = ['', ' ', 'é😀', '\r\n', '\u0000', 'x'.repeat(100_000)];
    expect(await functions.use(library).echo(...texts, 1.5, -3)).toEqual([...texts, '1.5', '-3']);
    expect(await functions.use(library).echo(Buffer.from('bytes'))).toEqual(['bytes']);
  });

  it.each([[undefined], [null], [Number.NaN], [Number.POSITIVE_INFINITY], [{}], [['a']], [true], [1n]])(
    'refuse the argument %p before the network',
    async (value) => {
      const echo = functions.use(library).echo as (value: unknown) => Promise<unknown>;
      await expect(echo(value)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'args[0]' });
    },
  );

  it("carry the server's code, the function and the line of the file", async () => {
    const counter = functions.use(library);
    const boom = await counter.add('a', 'boom').catch((error) => error);
    expect(boom).toBeInstanceOf(FunctionCallError);
    expect(boom).toMatchObject({ code: 'ERR', library: 'counter', functionName: 'counter_add', line: 4 });
    expect(boom.message).toBe('counter.counter_add, line 4: ERR went wrong.');
    await expect(counter.add('a', 'refuse')).rejects.toMatchObject({ code: 'REFUSED', line: undefined });
    await redis.command('RPUSH', 'list', 'a');
    await expect(counter.add('list')).rejects.toMatchObject({ code: 'WRONGTYPE' });
  });

  it('say which reply they did not expect', async () => {
    await redis.command('SET', 'text', '12.5');
    await expect(
      functions
        .use(library)
        .read('text')
        .then(() => functions.callReadOnly('counter_read', ['text'])),
    ).resolves.toBe(12);
    await expect(functions.call('counter_echo', [], ['a']).then(library.functions.add.decode)).rejects.toThrow(
      UnexpectedReplyError,
    );
  });

  it('work on a client of the user, whom they leave it open', async () => {
    const client = createClient({ url: redis.url });
    await client.connect();
    const borrowed = new RedisFunctions({ client, libraries: [library], mode });
    expect(await borrowed.use(library).add('borrowed')).toBe(1);
    await borrowed.close();
    expect(await client.ping()).toBe('PONG');
    await client.close();
    await expect(borrowed.use(library).add('borrowed')).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  });

  it('work on RESP2 as on RESP3', async () => {
    const client = createClient({ url: redis.url, RESP: 2 });
    await client.connect();
    const resp2 = new RedisFunctions({ client, libraries: [library], mode });
    expect(await resp2.use(library).add('resp2', 2)).toBe(2);
    expect(await resp2.list()).toEqual(await functions.list());
    await client.close();
  });

  it('come back after the libraries were flushed, and the 50 that miss them share one load', async () => {
    const counter = functions.use(library);
    await counter.add('healed', 1);
    await redis.command('FUNCTION', 'FLUSH');
    await redis.command('SCRIPT', 'FLUSH');
    await redis.command('CONFIG', 'RESETSTAT');
    const results = await Promise.all(Array.from({ length: 50 }, () => counter.add('healed', 1)));
    expect(results.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 2));
    const loads = /cmdstat_function\|load:calls=(\d+)/.exec(String(await redis.command('INFO', 'commandstats')))?.[1];
    expect(loads).toBe(mode === 'functions' ? '1' : undefined);
  });

  it('of functions that nobody registers say so', async () => {
    await expect(functions.call('no_such_function')).rejects.toMatchObject({ functionName: 'no_such_function' });
  });
});

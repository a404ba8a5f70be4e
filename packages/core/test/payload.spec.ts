import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import { InvalidPayloadError, RedisFunctions, readPayload, writePayload } from '../src/index.js';
import { counterCode } from './counter-library.js';

const other = (extra = '') =>
  `#!lua name=other\nredis.register_function('other_one', function() return 'é' end)\n${extra}`;
/** Servers pack it: LZF. */
const long = counterCode({ extra: `${'-- the same again, and again\n'.repeat(2_000)}-- ${'x'.repeat(70_000)}` });
const short = '#!lua name=s\nredis.register_function("s",function()end)';

describe('payloads of libraries', () => {
  const servers: { name: string; redis: RedisServer; functions: RedisFunctions }[] = [];
  beforeAll(async () => {
    for (const { name, path } of availableServers()) {
      const redis = await startRedis({ server: path });
      servers.push({ name, redis, functions: new RedisFunctions({ url: redis.url }) });
    }
  });
  afterAll(async () => {
    await Promise.all(servers.map(({ functions }) => functions.close()));
    await Promise.all(servers.map(({ redis }) => redis.stop()));
  });

  it('are read here as every server wrote them, packed texts included', async () => {
    for (const { name, redis, functions } of servers) {
      await functions.flush();
      for (const code of [short, other(), long]) await redis.command('FUNCTION', 'LOAD', code);
      const { codes, rdbVersion } = readPayload(await functions.dump());
      expect({ name, codes: [...codes].sort() }).toEqual({ name, codes: [short, long, other()].sort() });
      expect(rdbVersion).toBeGreaterThanOrEqual(10);
    }
  });

  it('of every server are restored on every other one', async () => {
    const payloads = await Promise.all(servers.map(({ functions }) => functions.dump()));
    for (const { name, functions } of servers) {
      for (const payload of payloads) {
        await functions.flush();
        expect(await functions.restore(payload)).toHaveLength(1);
        expect({ name, libraries: (await functions.list()).map((library) => library.name) }).toEqual({
          name,
          libraries: ['counter', 'other', 's'],
        });
      }
    }
  });

  it('made here move a function from one library to another in one step', async () => {
    const before = [`#!lua name=a\nredis.register_function('shared', function() return 'a' end)\n`, other()];
    const after = [
      '#!lua name=a\nredis.register_function("left", function() return 1 end)\n',
      other("redis.register_function('shared', function() return 'other' end)\n"),
    ];
    for (const { functions } of servers) {
      await functions.restore(writePayload(before), 'flush');
      expect(await functions.call('shared')).toBe('a');
      await functions.restore(writePayload(after), 'replace');
      expect(await functions.call('shared')).toBe('other');
    }
  });

  it('are refused before anything changes where something is in the way', async () => {
    for (const { functions } of servers) {
      await functions.restore(writePayload([other()]), 'flush');
      await expect(functions.restore(writePayload([short, other()]))).rejects.toMatchObject({
        code: 'ALREADY_EXISTS',
        library: 'other',
        message: expect.stringContaining('Nothing was changed'),
      });
      const thief = "#!lua name=thief\nredis.register_function('OTHER_one', function() end)\n";
      await expect(functions.restore(writePayload([short, thief]), 'replace')).rejects.toMatchObject({
        code: 'ALREADY_EXISTS',
        message: expect.stringContaining('in the library "other"'),
      });
      const crashing = "#!lua name=c\nredis.register_function('f', f)\nredis.register_function('F', f)\n";
      await expect(functions.restore(writePayload([crashing]), 'replace')).rejects.toMatchObject({ code: 'UNSAFE' });
      expect((await functions.list()).map(({ name }) => name)).toEqual(['other']);
    }
  });

  it('that are cut off or changed anywhere are refused, and nothing is sent', async () => {
    const whole = writePayload([short, other()]);
    expect(readPayload(whole)).toEqual({ rdbVersion: 10, codes: [short, other()] });
    expect(readPayload(writePayload([])).codes).toEqual([]);
    for (let length = 0; length < whole.length; length++) {
      expect(() => readPayload(whole.subarray(0, length))).toThrow(InvalidPayloadError);
    }
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ 0x10;
      expect(() => readPayload(changed)).toThrow(/checksum is wrong/);
    }
    const [{ functions } = servers[0] as (typeof servers)[number]] = servers;
    await expect(functions.restore(whole.subarray(1), 'flush')).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
    expect((await functions.list()).map(({ name }) => name)).toEqual(['other']);
  });

  it('with a right checksum and a wrong inside are refused too', () => {
    for (const [body, sentence] of INSIDES) {
      expect(() => readPayload(withChecksum(Buffer.concat([body, Buffer.of(10, 0)])))).toThrow(sentence);
    }
  });
});

const INSIDES: readonly [Buffer, RegExp][] = [
  [Buffer.of(0xf6, 1, 1), /release candidate/],
  [Buffer.of(0x00, 1, 0x61), /something else than libraries/],
  [Buffer.of(0xf5, 10, 0x61), /middle of a library/],
  [Buffer.of(0xf5, 0xc0, 1), /something else than texts/],
  [Buffer.of(0xf5, 2, 0xff, 0xfe), /not UTF-8/],
  [Buffer.of(0xf5, 0x80, 0x7f, 0xff, 0xff, 0xff), /more than/],
  // LZF that refers to what is before its beginning, and LZF that is too short
  [Buffer.of(0xf5, 0xc3, 2, 9, 0x20, 0x05), /cannot be unpacked/],
  [Buffer.of(0xf5, 0xc3, 2, 9, 0x00, 0x61), /cannot be unpacked/],
];

/** By the definition, bit by bit: another way than the one under test. */
function withChecksum(body: Buffer): Buffer {
  let crc = 0n;
  for (const byte of body) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
  }
  const checksum = Buffer.alloc(8);
  checksum.writeBigUInt64LE(crc);
  return Buffer.concat([body, checksum]);
}

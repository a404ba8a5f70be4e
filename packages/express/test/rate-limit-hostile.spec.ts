import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, isIP } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { RateLimitMiddleware } from '../src/index.js';
import { limitedApps } from './limited-apps.js';

/** A list of strings with integers, strings and bytes as parameters, as RFC 9651 has it: all that these fields may be. */
const PARAMETER = /;[a-z]+=(?:\d{1,15}|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|:[A-Za-z0-9+/=]*:)/.source;
const MEMBER = `"(?:[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\["\\\\])*"(?:${PARAMETER})*`;
const LIST = new RegExp(`^${MEMBER}(?:, ${MEMBER})*$`);

const SEED = Date.now() & 0xffff_ffff;
const anyText = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  // halves of surrogate pairs, which have no UTF-8
  fc.array(fc.integer({ min: 0xd700, max: 0xe010 }), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '',
    ' ',
    '{',
    '}',
    '{a}',
    '}{',
    '%',
    '%s',
    '%00',
    '__proto__',
    'constructor',
    'rl:express:{a}:1h:tb',
    '\r\n',
    '\u0000',
  ),
  fc.ipV6(),
);
/** What HTTP lets through in the value of a field. */
const anyField = fc.oneof(
  fc
    .array(
      fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f),
      { maxLength: 60 },
    )
    .map((codes) => String.fromCharCode(...codes)),
  fc
    .array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 10 })), { maxLength: 4 })
    .map((list) => printable(list.join(', '))),
  fc.ipV6().map((address) => `[${address}]:443`),
  fc.constantFrom(
    'for="[2001:db8::1]"',
    '::ffff:1.2.3.4',
    '::ffff:999.1.1.1',
    '1.2.3.4:99999',
    'fe80::1%eth0',
    '0x7f.1',
    '127.1',
    ', , ,',
  ),
);
const anyRequest = fc.record({
  path: fc.string({ maxLength: 12 }).map((text) => `/${encodeURIComponent(text)}`),
  key: fc.option(anyText, { nil: undefined }),
  repeat: fc.oneof({ weight: 300, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(30_000) }),
  cost: fc.constantFrom(1, 1, 1, 2, 5, 6, 1_000),
  headers: fc.dictionary(
    fc.constantFrom(
      'x-forwarded-for',
      'forwarded',
      'x-real-ip',
      'accept',
      'cookie',
      'user-agent',
      'ratelimit',
      'retry-after',
      'x-http-method-override',
      'if-range',
    ),
    anyField,
    { maxKeys: 4 },
  ),
});
type AnyRequest = ReturnType<typeof generate>[number];
const generate = (numRuns: number) => fc.sample(anyRequest, { numRuns, seed: SEED });

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

describe(`rateLimit() with whatever a client sends (seed ${SEED})`, () => {
  const { redis, limited, appWith } = limitedApps();
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const broken = jest.fn();
  let server: Server;
  let before: readonly string[];
  beforeEach(async () => {
    process.on('unhandledRejection', broken).on('uncaughtException', broken);
  });
  afterEach(() => {
    process.off('unhandledRejection', broken).off('uncaughtException', broken);
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });

  async function serve(middleware: RateLimitMiddleware, trust: number): Promise<number> {
    await middleware.limiter.ready();
    before = (await redis().command('KEYS', '*')) as string[];
    const app = appWith(middleware);
    app.set('trust proxy', trust);
    server = app.listen(0);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }
  async function send(port: number, { path, key, repeat, cost, headers }: AnyRequest): Promise<IncomingMessage> {
    const sent = httpRequest({ port, path, agent, headers: { ...headers, 'x-cost': cost, 'x-repeat': repeat } });
    // any text at all, in ASCII
    if (key !== undefined) sent.setHeader('x-key', toAscii(JSON.stringify(key)));
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.on('response', resolve).on('error', reject).end();
    });
    response.resume();
    return response;
  }
  async function sendAll(port: number, requests: readonly AnyRequest[]): Promise<Record<number, number>> {
    const statuses: Record<number, number> = {};
    let next = 0;
    const lane = async () => {
      for (let one = requests[next++]; one !== undefined; one = requests[next++]) {
        const { statusCode = 0, headers } = await send(port, one);
        statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
        const { ratelimit = '', 'ratelimit-policy': policy = '' } = headers as Record<string, string>;
        if (!LIST.test(ratelimit) || !LIST.test(policy)) throw new Error(`not a list: ${ratelimit} | ${policy}`);
      }
    };
    await Promise.all(Array.from({ length: 32 }, lane));
    return statuses;
  }
  async function newKeys(): Promise<string[]> {
    const old = new Set(before);
    return ((await redis().command('KEYS', '*')) as string[]).filter((key) => !old.has(key));
  }
  const withoutTtl = () =>
    redis().command(
      'EVAL',
      `local n = 0
       for _, key in ipairs(redis.call('KEYS', ARGV[1])) do if redis.call('PTTL', key) < 0 then n = n + 1 end end
       return n`,
      '0',
      'rl:*',
    );

  it('as a key: 8000 requests, one counter for each key and none beside', async () => {
    const port = await serve(
      limited({
        limit: 5,
        window: '1h',
        problem: true,
        keyGenerator: (req) => textOf(req.get('x-key')).repeat(Number(req.get('x-repeat'))),
        cost: (req) => Number(req.get('x-cost')),
        identifier: (req) => textOf(req.get('x-key')),
        validate: false,
      }),
      2,
    );
    const requests = generate(8_000);
    const statuses = await sendAll(port, requests);
    expect(Object.keys(statuses).sort()).toEqual(['200', '429']);
    expect((statuses[200] ?? 0) + (statuses[429] ?? 0)).toBe(requests.length);
    expect(broken).not.toHaveBeenCalled();

    const keys = await newKeys();
    expect(keys.filter((key) => !/^rl:express:\{[^{}\s\p{Cc}]{1,256}\}:1h:tb$/u.test(key))).toEqual([]);
    expect(await withoutTtl()).toBe(0);
    // whoever was never let in has no counter
    const names = requests.filter(({ cost, key }) => cost <= 5 && key).map(({ key, repeat }) => key?.repeat(repeat));
    const addressed = keys.filter((key) => isIP(addressIn(key))).length;
    expect(keys.length - addressed).toBe(new Set(names.filter((name) => isIP(addressOf(name ?? '')) === 0)).size);
  });

  it('as an address: 2000 requests through a proxy, all keys are addresses', async () => {
    const port = await serve(limited({ limit: 50, window: '1h', validate: false }), 1);
    const statuses = await sendAll(port, generate(2_000));
    expect(Object.keys(statuses).filter((status) => !['200', '429'].includes(status))).toEqual([]);
    expect(broken).not.toHaveBeenCalled();
    const keys = await newKeys();
    expect(keys.length).toBeGreaterThan(10);
    expect(keys.filter((key) => !isIP(addressIn(key)))).toEqual([]);
    expect(await withoutTtl()).toBe(0);
  });

  it('as bytes that are no HTTP', async () => {
    const port = await serve(limited({ limit: 1_000_000, window: '1h', validate: false }), 1);
    const bytes = fc.sample(fc.uint8Array({ maxLength: 200 }), { numRuns: 200, seed: SEED });
    for (const noise of bytes) {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ');
      socket.write(noise);
      socket.end('\r\n\r\n');
      socket.resume();
      await once(socket, 'close');
    }
    expect(broken).not.toHaveBeenCalled();
    expect((await newKeys()).filter((key) => !isIP(addressIn(key)))).toEqual([]);
    await send(port, { path: '/', key: undefined, repeat: 1, cost: 1, headers: {} });
  });
});

function textOf(header: string | undefined): string {
  return header === undefined ? '' : (JSON.parse(header) as string);
}

function toAscii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What stands in the braces of a key; of a subnet, its first address. */
function addressIn(key: string): string {
  const [, tag = ''] = /^rl:express:\{(.*)\}:1h:tb$/.exec(key) ?? [];
  return addressOf(tag.replaceAll('%3A', ':'));
}

function addressOf(text: string): string {
  return text.replace(/\/\d+$/, '');
}

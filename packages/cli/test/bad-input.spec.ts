import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writePayload } from '@redis-functions/core';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import { PROGRAM } from './project.js';
import { runCli } from './terminal.js';

const folder = mkdtempSync(join(tmpdir(), 'redis-functions-bad-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const library = (version = '1.0.0') =>
  `#!lua name=shop\n-- @version ${version}\nredis.register_function('shop_get', function(keys) return redis.call('GET', keys[1]) end)\n`;

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const lua = file('shop.lua', library());
const bundle = file('shop.rfb', writePayload([library()]));
const out = join(folder, 'out.bin');

/** Every command that asks a server, as it is given rightly. */
const COMMANDS: readonly (readonly string[])[] = [
  ['plan', lua],
  ['deploy', lua],
  ['deploy', lua, '--force', '--yes', '--replicas', '1'],
  ['deploy', bundle],
  ['verify', lua],
  ['diff', lua],
  ['list'],
  ['show', 'shop'],
  ['call', 'shop_get', '--key', 'a'],
  ['delete', 'shop', '--yes'],
  ['stats'],
  ['kill', '--yes'],
  ['dump', out],
  ['restore', bundle],
  ['restore', bundle, '--policy', 'flush', '--yes'],
  ['prune', lua, '--yes'],
  ['doctor'],
  ['acl', lua, '--deploy-user', 'dep', '--deploy-hash', 'a'.repeat(64), '--apply', '--yes'],
];
/** Those that are given files. */
const READERS: readonly (readonly string[])[] = [
  ['plan'],
  ['deploy'],
  ['verify'],
  ['diff'],
  ['lint'],
  ['prune'],
  ['bundle', '--out', out],
  ['acl', '--deploy-user', 'dep'],
  ['doctor'],
  ['generate'],
  ['migrate', '--name', 'old', '--out', out],
  ['debug', 'shop_get'],
];

const SECRET = 'pa55-w0rd';
const withSecret = (url: string, user = 'ops') => url.replace('://', `://${user}:${SECRET}@`);

/** A sentence with a remedy, no stack, no secret, nothing that looks like a result. */
function expectRefusal(argv: readonly string[], ran: { code: number; out: string; err: string }) {
  expect({ argv, ...ran }).toEqual({
    argv,
    code: 1,
    out: '',
    err: expect.stringMatching(/^\S.*\.(?: \([^)]*\))?\n$/),
    questions: [],
  });
  expect(ran.err).not.toContain(SECRET);
  expect(ran.err).not.toMatch(/ {4}at |undefined|\[object/);
}

let redis: RedisServer;
let secured: RedisServer;
beforeAll(async () => {
  [redis, secured] = await Promise.all([startRedis(), startRedis({ tls: true })]);
});
beforeEach(async () => {
  await redis.command('FUNCTION', 'FLUSH');
});
afterAll(async () => {
  await Promise.all([redis.stop(), secured.stop()]);
});

describe('files that are none', () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  const huge = file('huge.lua', library());
  truncateSync(huge, 100 * 1024 * 1024);
  const hugeBundle = file('huge.rfb', Buffer.of(0xf5));
  truncateSync(hugeBundle, 100 * 1024 * 1024);
  const BAD: readonly (readonly [string, RegExp])[] = [
    [join(folder, 'missing.lua'), /There is no /],
    [empty, /There is no \.lua file in/],
    [file('binary.lua', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1])), /is not text/],
    [huge, /has 104857600 bytes/],
    [hugeBundle, /has 104857600 bytes/],
    [file('cut.rfb', writePayload([library()]).subarray(0, 60)), /checksum is wrong/],
  ];

  it.each(READERS)('are refused by %s before a server is asked', async (...argv) => {
    for (const [path, sentence] of BAD) {
      const ran = await runCli([argv[0] as string, path, ...argv.slice(1)], { url: 'redis://127.0.0.1:1' });
      expectRefusal([...argv, path], ran);
      expect(ran.err).toMatch(sentence);
    }
    expect(readdirSync(folder)).not.toContain('out.bin');
  });
});

describe.each(COMMANDS.map((argv) => [argv.filter((word) => !word.includes('/')).join(' '), argv] as const))(
  '%s',
  (_, argv) => {
    const run = (...more: string[]) => runCli([...argv, ...more]);
    /** What a server that cannot be asked looks like to the one command that is made for it. */
    const expectFailure = (ran: Awaited<ReturnType<typeof runCli>>) => {
      if (argv[0] === 'doctor' && ran.out !== '')
        expect({ code: ran.code, leaked: ran.out.includes(SECRET) }).toEqual({ code: 1, leaked: false });
      else expectRefusal(argv, ran);
    };

    it('says that nobody answers', async () => {
      const nowhere = ['--url', withSecret('redis://127.0.0.1:1'), '--timeout', '150'];
      // all commands connect in one of these ways; a sentinel is asked for a second, however soon one gives up
      const isFirst = ['plan', 'doctor'].includes(argv[0] as string);
      const topologies = isFirst ? [[], ['--cluster'], ['--sentinel', 'main']] : [[]];
      for (const ran of await Promise.all(topologies.map((more) => run(...nowhere, ...more)))) {
        expectRefusal(argv, ran);
        expect(ran.err).toContain('127.0.0.1:1');
      }
    });

    it('says that there is no such host, password, or trust, without waiting for more', async () => {
      const began = performance.now();
      const refusals: [string, RegExp][] = [
        [withSecret('redis://no-such-host.invalid'), /name of the host/],
        [withSecret(redis.url, 'nobody'), /refuses the user or the password/],
        [withSecret(secured.url), /not trusted.*NODE_EXTRA_CA_CERTS/],
      ];
      for (const [url, sentence] of refusals) {
        const ran = await run('--url', url, '--timeout', '60000');
        expectRefusal(argv, ran);
        expect(ran.err).toMatch(sentence);
      }
      expect(performance.now() - began).toBeLessThan(30_000);
      // a server without TLS answers its greeting by chance; the other way round the server only hangs up
      const plain = await run('--url', withSecret(redis.url.replace('redis:', 'rediss:')), '--timeout', '150');
      expectRefusal(argv, plain);
      expect(plain.err).toMatch(/does not speak TLS/);
      expectRefusal(argv, await run('--url', withSecret(secured.url.replace('rediss:', 'redis:')), '--timeout', '150'));
    });

    it('says that the user may not, and changes nothing', async () => {
      await redis.command('FUNCTION', 'LOAD', library('0.9.0'));
      await redis.command('ACL', 'SETUSER', 'ops', 'reset', 'on', `>${SECRET}`, '+client|setname', '+ping');
      const ran = await run('--url', withSecret(redis.url));
      expectFailure(ran);
      expect(ran.err + ran.out).toMatch(/NOPERM|may not/);
      expect(JSON.stringify(await redis.command('FUNCTION', 'LIST', 'WITHCODE'))).toContain('0.9.0');
      expect(await redis.command('ACL', 'USERS')).toEqual(['default', 'ops']);
    });

    it('says that the server hung up half way, and leaves nothing half done', async () => {
      await redis.command('FUNCTION', 'LOAD', library('0.9.0'));
      const proxy = await startProxy(redis, /FUNCTION|FCALL|\bACL\b|SETUSER/);
      try {
        expectFailure(await run('--url', proxy.url, '--timeout', '500'));
      } finally {
        await proxy.stop();
      }
      expect(JSON.stringify(await redis.command('FUNCTION', 'LIST', 'WITHCODE'))).toContain('0.9.0');
      expect(readdirSync(folder).filter((name) => /out|part/.test(name))).toEqual([]);
    });
  },
);

describe.each(availableServers())('two deployers at once on $name', ({ path }) => {
  it('leave the newer version, whoever comes last', async () => {
    const own = await startRedis({ server: path });
    try {
      const [older, newer] = [file('older.lua', library('1.9.0')), file('newer.lua', library('1.10.0'))];
      for (let round = 0; round < 5; round++) {
        await own.command('FUNCTION', 'FLUSH');
        const order = round % 2 === 0 ? [older, newer, older, newer] : [newer, older, newer, older];
        const ran = await Promise.all(order.map((each) => runCli(['deploy', each], { url: own.url })));
        expect(ran.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
        expect(JSON.stringify(await own.command('FUNCTION', 'LIST', 'WITHCODE'))).toContain('1.10.0');
      }
    } finally {
      await own.stop();
    }
  });
});

describe('a process', () => {
  const start = (...argv: string[]) => spawn(process.execPath, [...PROGRAM, ...argv]);

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'that is ended by %s half way through a deploy says so, and nothing was done',
    async (signal, expected) => {
      const proxy = await startProxy(redis, /EXEC/, 'stall');
      try {
        const child = start('deploy', lua, '--url', proxy.url, '--timeout', '60000');
        let err = '';
        child.stderr.on('data', (text) => {
          err += text;
        });
        const ended = once(child, 'exit');
        await proxy.reached;
        child.kill(signal);
        const [code] = await ended;
        expect({ code, err }).toEqual({ code: expected, err: expect.stringMatching(/^Interrupted\. .*\n$/) });
      } finally {
        await proxy.stop();
      }
      expect(await redis.command('FUNCTION', 'LIST')).toEqual([]);
    },
  );

  it('whose terminal goes away while it is asked for something deletes nothing', async () => {
    await redis.command('FUNCTION', 'LOAD', library());
    const child = start('delete', 'shop', '--url', redis.url);
    child.stdin.end();
    child.stdout.destroy();
    child.stderr.destroy();
    const [code] = await once(child, 'exit');
    expect(code).not.toBe(2);
    expect(JSON.stringify(await redis.command('FUNCTION', 'LIST'))).toContain('shop');
  });
});

/** A way to a server that ends, or stalls, as soon as something is asked. */
async function startProxy(to: RedisServer, word: RegExp, then: 'hang up' | 'stall' = 'hang up') {
  const sockets = new Set<Socket>();
  let arrive: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const server: Server = createServer((client) => {
    const upstream = connect(to.port, to.host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.pipe(client);
    client.on('data', (bytes) => {
      if (!word.test(bytes.toString('latin1'))) {
        upstream.write(bytes);
        return;
      }
      arrive();
      // half of it, as where a cable is cut
      if (then === 'hang up') upstream.end(bytes.subarray(0, bytes.length >> 1), () => client.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reached,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

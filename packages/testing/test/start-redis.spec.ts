import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { availableServers, type RedisServer, type StartRedisOptions, startRedis } from '../src/index.js';
import { freePort } from '../src/process/free-port.js';
import { RedisNode } from '../src/server/redis-node.js';
import { planOf } from '../src/server/start-redis.js';
import { living, processInfo } from './processes.js';
import { until } from './until.js';

const started: RedisServer[] = [];
const clients: { destroy(): void }[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

async function start(options: StartRedisOptions = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  started.push(server);
  return server;
}

/** What a user's client gets to see. */
async function connect(url: string, tls?: object) {
  const client = createClient({ url, socket: { reconnectStrategy: false, ...(tls ? { tls: true, ...tls } : {}) } });
  client.on('error', () => {});
  clients.push(client);
  await client.connect();
  return client;
}

describe.each(availableServers())('$name, started for a test', ({ path }) => {
  it('answers on 127.0.0.1 only, in a folder of its own', async () => {
    const redis = await start({ server: path });
    expect(await (await connect(redis.url)).ping()).toBe('PONG');
    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
    expect(await redis.command('CONFIG', 'GET', 'bind')).toEqual(['bind', '127.0.0.1']);
    expect(await redis.command('CONFIG', 'GET', 'dir')).toEqual(['dir', redis.directory]);
    expect(statSync(redis.directory).mode & 0o077).toBe(0);
  });

  it('is gone with its folder after stop(), which may be repeated', async () => {
    const redis = await start({ server: path });
    const { pid, directory } = redis;
    expect(living([pid])).toEqual([pid]);
    await redis.stop();
    await redis.stop();
    expect([living([pid]), existsSync(directory), redis.isRunning]).toEqual([[], false, false]);
    await expect(redis.command('PING')).rejects.toMatchObject({ code: 'SERVER_SILENT' });
  });

  it('comes back on its port after a crash: empty without persistence', async () => {
    const redis = await start({ server: path });
    const { port, pid } = redis;
    await redis.command('SET', 'a', '1');
    await redis.kill();
    expect(redis.isRunning).toBe(false);
    await redis.restart();
    expect([redis.port, redis.pid === pid]).toEqual([port, false]);
    expect(await redis.command('DBSIZE')).toBe(0);
  });

  it('keeps a given folder, and what it saved there', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'kept data '));
    try {
      const options = { server: path, directory: join(parent, 'shop'), args: ['--appendonly', 'yes'] };
      const first = await start(options);
      await first.command('SET', 'a', '1');
      await first.kill();
      await first.restart();
      expect(await first.command('GET', 'a')).toBe('1');
      await first.stop();
      const second = await start(options);
      expect(await second.command('GET', 'a')).toBe('1');
      expect(second.directory).toBe(first.directory);
    } finally {
      await started.at(-1)?.stop();
      rmSync(parent, { recursive: true });
    }
  });

  it('freezes and goes on', async () => {
    const redis = await start({ server: path });
    const client = await connect(redis.url);
    redis.pause();
    let answered = false;
    const reply = client.ping().finally(() => {
      answered = true;
    });
    expect([redis.isPaused, redis.isRunning]).toEqual([true, true]);
    // it is the kernel that says so: the process is stopped
    await until(() => processInfo(redis.pid)?.state.startsWith('T') === true);
    expect(answered).toBe(false);
    redis.resume();
    expect(await reply).toBe('PONG');
    expect(redis.isPaused).toBe(false);
  });

  it('ends even while it is frozen', async () => {
    const redis = await start({ server: path });
    redis.pause();
    await redis.stop();
    expect(living([redis.pid])).toEqual([]);
  });

  it('has ACL users and a password, which are in no list of processes', async () => {
    const redis = await start({
      server: path,
      password: 's3cret "@:/',
      users: { app: { password: 'pässword x', rules: ['~app:*', '+get', '+acl|whoami'] }, guest: { rules: ['+ping'] } },
    });
    expect(processInfo(redis.pid)?.args).toMatch(/server/);
    expect(processInfo(redis.pid)?.args).not.toMatch(/s3cret|pässword/);
    const app = await connect(redis.urlFor('app'));
    expect(await app.sendCommand(['ACL', 'WHOAMI'])).toBe('app');
    await expect(app.set('app:1', 'x')).rejects.toThrow(/NOPERM/);
    await expect(app.get('other')).rejects.toThrow(/NOPERM/);
    expect(await (await connect(redis.urlFor('guest'))).ping()).toBe('PONG');
    expect(await (await connect(redis.url)).sendCommand(['ACL', 'WHOAMI'])).toBe('default');
    await expect(connect(`redis://127.0.0.1:${redis.port}`).then((client) => client.ping())).rejects.toThrow(/NOAUTH/);
    expect(() => redis.urlFor('nobody')).toThrow(/no user "nobody"/);
  });

  it('speaks TLS only to those who know its authority', async () => {
    const [redis, other] = await Promise.all([start({ server: path, tls: true }), start({ server: path, tls: true })]);
    expect(redis.url).toBe(`rediss://127.0.0.1:${redis.port}`);
    expect(await (await connect(redis.url, { ca: redis.tls?.ca })).ping()).toBe('PONG');
    await expect(connect(redis.url, { ca: other.tls?.ca })).rejects.toMatchObject({ code: /CERT|SIGNATURE|ISSUER/ });
    await expect(connect(redis.url.replace('rediss', 'redis')).then((client) => client.ping())).rejects.toThrow();
  });

  it('demands the certificate of a client where TLS is mutual', async () => {
    const redis = await start({ server: path, tls: 'mutual' });
    expect(await (await connect(redis.url, redis.tls)).ping()).toBe('PONG');
    await expect(connect(redis.url, { ca: redis.tls?.ca }).then((client) => client.ping())).rejects.toThrow();
    expect(await redis.command('PING')).toBe('PONG');
  });
});

describe('a server that cannot start', () => {
  it('says its last words', async () => {
    const failure = startRedis({ args: ['--no-such-option', 'x'] });
    await expect(failure).rejects.toMatchObject({ name: 'ServerStartError', code: 'SERVER_START_FAILED' });
    await expect(failure).rejects.toThrow(/no-such-option/);
    await expect(startRedis({ server: '/nowhere/redis-server' })).rejects.toThrow(/ENOENT/);
    await expect(startRedis({ server: process.execPath })).rejects.toMatchObject({ code: 'SERVER_START_FAILED' });
  });

  it('says that a port is taken where it was asked for', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await until(() => taken.listening);
    try {
      await expect(startRedis({ port: (taken.address() as AddressInfo).port })).rejects.toMatchObject({
        code: 'PORT_IN_USE',
      });
    } finally {
      taken.close();
    }
  });

  it('takes another port where somebody was faster', async () => {
    const first = await start();
    const ports = [first.port, first.port, 0, 0];
    const node = await RedisNode.launch(planOf({}), async () => ports.shift() || freePort());
    started.push(node);
    expect(ports).toEqual([]);
    expect(await node.command('PING')).toBe('PONG');
  });

  it.each([
    [['--port', '1'], /option port/],
    [['--dir', '/'], /option directory/],
    [['--daemonize', 'yes'], /child of this process/],
    [['--logfile', 'x'], /log/],
  ])('refuses the arguments %j, which it decides itself', async (args, reason) => {
    await expect(async () => startRedis({ args })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'args' });
    await expect(async () => startRedis({ args })).rejects.toThrow(reason);
  });

  it('refuses a default user, whom it needs', async () => {
    await expect(async () => startRedis({ users: { default: { rules: [] } } })).rejects.toThrow(/option password/);
  });
});

import type { RedisServer } from '@redis-functions/testing';
import { AppProcess } from '../../harness/app-process.js';
import type { Context } from '../../harness/benchmark.js';
import type { Demand } from '../../harness/demands.js';
import { printTable } from '../../harness/tables.js';
import type { AppName } from '../app.js';
import { cookieOf } from '../cookie.js';

const REQUESTS = 500;
const WRITES = /^(?:set|setex|expire|pexpire|hset|hdel|del|zadd|persist)$/;

const APPS: readonly AppName[] = [
  'ours',
  'ours, not looked at',
  'express-session + SessionStore',
  'express-session + connect-redis',
  '@fastify/session + connect-redis',
];

interface Commands {
  readonly name: AppName;
  readonly sent: number;
  readonly writes: number;
}

/** What a request that reads its session sends to Redis, and how much of it writes. */
export async function commands({ server }: Context): Promise<Demand[]> {
  const counted: Commands[] = [];
  for (const name of APPS) counted.push(await count(server, name));
  printTable(
    'Redis per request that reads the session',
    ['', 'commands sent', 'writes'],
    counted.map(({ name, sent, writes }) => [name, sent.toFixed(3), writes.toFixed(3)]),
  );
  const [ours, unused] = counted as [Commands, Commands];
  const exactly = (figure: string, value: number, bound: number): Demand => ({
    figure,
    of: 'per request',
    value,
    must: 'at most',
    bound,
    unit: '',
  });
  return [
    exactly('commands of a read', ours.sent, 1),
    exactly('writes of a read', ours.writes, 0),
    exactly('commands of a route that does not look', unused.sent, 0),
  ];
}

async function count(server: RedisServer, name: AppName): Promise<Commands> {
  const app = await AppProcess.start(new URL('../app.ts', import.meta.url), [name, server.url]);
  try {
    const headers = await cookieOf(app.port);
    await server.command('CONFIG', 'RESETSTAT');
    for (let i = 0; i < REQUESTS; i++) await (await fetch(`http://127.0.0.1:${app.port}/`, { headers })).text();
    const info = String(await server.command('INFO', 'commandstats'));
    const calls = [...info.matchAll(/^cmdstat_([a-z_]+):calls=(\d+)/gm)].map(
      ([, command = '', times]) => [command, Number(times)] as const,
    );
    const sum = (isCounted: (command: string) => boolean) =>
      calls.filter(([command]) => isCounted(command)).reduce((total, [, times]) => total + times, 0) / REQUESTS;
    const functions = sum((command) => command.startsWith('fcall'));
    // what a function does is part of its one command
    const sent = functions > 0 ? functions : sum((command) => !['info', 'config', 'ping'].includes(command));
    return { name, sent, writes: sum((command) => WRITES.test(command)) };
  } finally {
    await app.stop();
  }
}

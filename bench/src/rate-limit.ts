// How fast rate limits are, and what they cost: side by side with the peers, and beside what they must reach.
import { cpus } from 'node:os';
import { startRedis } from '@redis-functions/testing';
import { type Demand, printDemands } from './harness/demands.js';
import { newestRedis, versionOf } from './harness/versions.js';
import { CONDITIONS, type Figure } from './rate-limit/context.js';
import { blockedKeys } from './rate-limit/figures/blocked-keys.js';
import { clients } from './rate-limit/figures/clients.js';
import { expressRequests } from './rate-limit/figures/express-requests.js';
import { hotKeys } from './rate-limit/figures/hot-keys.js';
import { manyKeys } from './rate-limit/figures/many-keys.js';
import { memory } from './rate-limit/figures/memory.js';
import { redisCost } from './rate-limit/figures/redis-cost.js';
import { refusals } from './rate-limit/figures/refusals.js';
import { threePolicies } from './rate-limit/figures/three-policies.js';

const FIGURES: Readonly<Record<string, Figure>> = {
  'many-keys': manyKeys,
  'hot-keys': hotKeys,
  'blocked-keys': blockedKeys,
  'three-policies': threePolicies,
  express: expressRequests,
  refusals,
  'redis-cost': redisCost,
  memory,
};

/** Only when it is asked for. */
const EXTRAS: Readonly<Record<string, Figure>> = { clients };

const PEERS = [
  'rate-limiter-flexible',
  'express-rate-limit',
  'rate-limit-redis',
  '@nestjs/throttler',
  '@nest-lab/throttler-storage-redis',
  'ioredis',
  'redis',
  'express',
] as const;

export default async function rateLimit(args: readonly string[]): Promise<void> {
  const profiles = args.includes('--profile');
  const wanted = args.filter((arg) => arg !== '--profile');
  const figures = (wanted.length > 0 ? wanted : Object.keys(FIGURES)).map(toFigure);
  const binary = newestRedis();
  const [cpu] = cpus();
  console.log(`# Rate limits\n\nNode ${process.version}, ${binary.name}, ${cpus().length} × ${cpu?.model.trim()}.`);
  console.log(`${PEERS.map((name) => `${name} ${versionOf(name)}`).join(', ')}.`);
  const { inFlight, rounds, roundMs } = CONDITIONS;
  console.log(`${inFlight} in flight from one process; medians of ${rounds} interleaved rounds of ${roundMs} ms.`);
  const server = await startRedis({ server: binary.path });
  const demands: Demand[] = [];
  try {
    for (const figure of figures) {
      await server.command('FLUSHALL', 'SYNC');
      demands.push(...(await figure({ server, profiles })));
    }
  } finally {
    await server.stop();
  }
  if (demands.length > 0) printDemands('What must be reached', demands);
}

function toFigure(name: string): Figure {
  const figures = { ...FIGURES, ...EXTRAS };
  const figure = figures[name];
  if (figure !== undefined) return figure;
  console.error(`There is no figure called ${name}. Choose from ${Object.keys(figures).join(', ')}.`);
  process.exit(2);
}

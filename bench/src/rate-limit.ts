// How fast rate limits are, and what they cost: side by side with the peers, and beside what they must reach.
import { type Figure, runBenchmark } from './harness/benchmark.js';
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

export default function rateLimit(args: readonly string[]): Promise<void> {
  return runBenchmark({ title: 'Rate limits', figures: FIGURES, extras: EXTRAS, peers: PEERS }, args);
}

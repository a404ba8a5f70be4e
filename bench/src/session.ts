// How fast sessions are, and what they cost: side by side with the peers, and beside what they must reach.
import { type Figure, runBenchmark } from './harness/benchmark.js';
import { commands } from './session/figures/commands.js';
import { reads } from './session/figures/reads.js';
import { revokeAll } from './session/figures/revoke-all.js';
import { writtenBytes } from './session/figures/written-bytes.js';

const FIGURES: Readonly<Record<string, Figure>> = {
  reads,
  commands,
  'written-bytes': writtenBytes,
  'revoke-all': revokeAll,
};

const PEERS = ['express-session', 'connect-redis', '@fastify/session', 'redis', 'express', 'fastify'] as const;

export default function session(args: readonly string[]): Promise<void> {
  return runBenchmark({ title: 'Sessions', figures: FIGURES, peers: PEERS }, args);
}

// How fast carts are, and what they cost: beside what public demos do, and beside what they must reach.
import { adds } from './cart/figures/adds.js';
import { reads } from './cart/figures/reads.js';
import { serverTime } from './cart/figures/server-time.js';
import { type Figure, runBenchmark } from './harness/benchmark.js';

const FIGURES: Readonly<Record<string, Figure>> = { reads, adds, 'server-time': serverTime };

export default function cart(args: readonly string[]): Promise<void> {
  return runBenchmark({ title: 'Carts', figures: FIGURES, peers: ['redis'] }, args);
}

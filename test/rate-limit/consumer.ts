// A process that asks for the same few keys as fast as it can: consumer.ts URL DURATION_MS ALGORITHM…
// Says what it was given, and when, in µs of the server's clock.
import { type Algorithm, RateLimiter } from '@redis-functions/rate-limit';

const [url = '', duration = '1000', ...algorithms] = process.argv.slice(2);
const limiter = new RateLimiter({
  url,
  deadlineMs: 10_000,
  startupMs: 10_000,
  // whoever is refused is to ask the server again
  denyCache: false,
});
await limiter.ready();
process.send?.('ready');
await new Promise((resolve) => process.once('message', resolve));

const given: { algorithm: string; key: string; at: number; cost: number }[] = [];
const sources = new Set<string>();
const ends = performance.now() + Number(duration);
async function consume(algorithm: string, first: number): Promise<void> {
  const policies = [{ name: 'shared', limit: 50, window: 500, algorithm: algorithm as Algorithm }];
  for (let i = first; performance.now() < ends; i++) {
    const key = `key ${i % 3}`;
    const cost = 1 + (i % 4);
    const { id, allowed, source } = await limiter.consume(key, { cost, policies });
    sources.add(source);
    if (allowed) given.push({ algorithm, key, at: Number(id.split('.')[0]), cost });
  }
}
await Promise.all(algorithms.flatMap((algorithm) => [0, 1, 2].map((worker) => consume(algorithm, worker))));
process.send?.({ given, sources: [...sources] });
await limiter.close();
process.disconnect?.();

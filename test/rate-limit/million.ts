// A million clients, one after the other, all of them refused: million.ts URL DEADLINE_MS. Says how much the heap has grown, in bytes,
// after the first tenth of them and after all.
import { RateLimiter } from '@redis-functions/rate-limit';

const CLIENTS = 1_000_000;
const AT_ONCE = 2_000;

const [url = '', deadlineMs] = process.argv.slice(2);
const limiter = new RateLimiter({
  url,
  policies: [{ limit: 1, window: '1h' }],
  deadlineMs: Number(deadlineMs),
  startupMs: 200,
  onError: () => {},
});
await limiter.consume('warm');

function heap(): number {
  global.gc?.();
  return process.memoryUsage().heapUsed;
}

const before = heap();
let afterTenth = 0;
const sources = new Set<string>();
for (let first = 0; first < CLIENTS; first += AT_ONCE) {
  const keys = Array.from({ length: AT_ONCE }, (_, i) => `client ${first + i}`);
  // the second time each is refused, which is what is remembered
  for (let time = 0; time < 2; time++) {
    for (const { source } of await Promise.all(keys.map((key) => limiter.consume(key)))) sources.add(source);
  }
  if (first === CLIENTS / 10) afterTenth = heap() - before;
}
process.send?.({ afterTenth, afterAll: heap() - before, sources: [...sources] });
await limiter.close();
process.disconnect?.();

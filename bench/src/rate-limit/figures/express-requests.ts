import type { Demand } from '../../harness/demands.js';
import { compareApps, type HttpRate, printHttpRates } from '../../harness/http-rounds.js';
import type { AppName } from '../app.js';
import { CONDITIONS, type Context } from '../context.js';

const BARE = 'the bare app';
const OURS = 'rateLimit()';

const APPS: readonly (readonly [name: string, app: AppName])[] = [
  [OURS, 'ours'],
  [BARE, 'bare'],
  ['express-rate-limit + rate-limit-redis', 'express-rate-limit'],
  ['rate-limiter-flexible', 'rate-limiter-flexible'],
];

/** Requests that pass, with the header fields of a limit, of as many clients as there are connections. */
export async function expressRequests({ server, profiles }: Context): Promise<Demand[]> {
  const rates = await compareApps(
    APPS.map(([name, app]) => ({ name, args: [app, server.url] })),
    {
      ...CONDITIONS,
      roundMs: 1_000,
      file: new URL('../app.ts', import.meta.url),
      status: 200,
      profiled: profiles ? OURS : undefined,
    },
  );
  printHttpRates('Express, requests that pass', rates, BARE);
  const [ours, bare, ...peers] = rates as [HttpRate, HttpRate, ...HttpRate[]];
  const best = peers.toSorted((left, right) => right.perSecond - left.perSecond)[0] as HttpRate;
  const times = (than: HttpRate, bound: number): Demand => ({
    figure: 'Express requests/s',
    of: `ours : ${than.name} (by CPU ${(than.cpuUs / ours.cpuUs).toFixed(2)})`,
    value: ours.perSecond / than.perSecond,
    must: 'at least',
    bound,
  });
  return [times(bare, 0.85), times(best, 1.1)];
}

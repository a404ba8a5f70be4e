import { CONDITIONS, type Context } from '../../harness/benchmark.js';
import type { Demand } from '../../harness/demands.js';
import { type App, compareApps, type HttpRate, printHttpRates } from '../../harness/http-rounds.js';
import type { AppName } from '../app.js';
import { cookieOf } from '../cookie.js';

const BARE: AppName = 'bare';
const OURS: AppName = 'ours';

const WITH_SESSIONS: readonly AppName[] = [
  OURS,
  'ours, not looked at',
  'express-session + SessionStore',
  'express-session + connect-redis',
  '@fastify/session + connect-redis',
];

/** Requests of visitors who are logged in, to a route that reads their session; and to one that does not look. */
export async function reads({ server, profiles }: Context): Promise<Demand[]> {
  const toApp = (name: AppName, headers: NonNullable<App['headers']>): App => ({
    name,
    args: [name, server.url],
    headers,
  });
  // to read a header costs something as well
  const someCookie = async () => ({ Cookie: `id=${'x'.repeat(85)}` });
  const apps = [
    ...[BARE, 'bare Fastify' as const].map((name) => toApp(name, someCookie)),
    ...WITH_SESSIONS.map((name) => toApp(name, cookieOf)),
  ];
  const rates = await compareApps(apps, {
    ...CONDITIONS,
    roundMs: 1_000,
    file: new URL('../app.ts', import.meta.url),
    status: 200,
    profiled: profiles ? OURS : undefined,
  });
  printHttpRates('A route that reads the session', rates, BARE);
  const of = (name: AppName) => rates.find((rate) => rate.name === name) as HttpRate;
  const times = (left: AppName, right: AppName, bound: number): Demand => ({
    figure: 'requests/s',
    of: `${left} : ${right} (by CPU ${(of(right).cpuUs / of(left).cpuUs).toFixed(2)})`,
    value: of(left).perSecond / of(right).perSecond,
    must: 'at least',
    bound,
  });
  return [
    times(OURS, BARE, 0.75),
    times(OURS, 'express-session + connect-redis', 1.5),
    times('ours, not looked at', BARE, 0.97),
  ];
}

import { AppProcess } from '../../harness/app-process.js';
import type { Demand } from '../../harness/demands.js';
import { compareApps, type HttpRate, printHttpRates } from '../../harness/http-rounds.js';
import type { Answer } from '../app.js';
import { CONDITIONS, type Context } from '../context.js';

const APP = new URL('../app.ts', import.meta.url);
const OURS = 'rateLimit()';
const HANDLER = 'a handler that sends the same';

/** What every response of an Express app has, whatever the app does. */
const OF_EVERY_RESPONSE = ['connection', 'content-length', 'date', 'keep-alive', 'x-powered-by'];

/** Responses to clients that are over their limit. */
export async function refusals({ server, profiles }: Context): Promise<Demand[]> {
  const answer = await refusalOf(server.url);
  const rates = await compareApps(
    [
      { name: OURS, args: ['refusing', server.url] },
      { name: HANDLER, args: ['answering 429', server.url, JSON.stringify(answer)] },
    ],
    { ...CONDITIONS, roundMs: 1_000, file: APP, status: 429, profiled: profiles ? OURS : undefined },
  );
  printHttpRates('Express, requests that are refused', rates, HANDLER);
  const [ours, handler] = rates as [HttpRate, HttpRate];
  return [
    {
      figure: '429 responses/s',
      of: `ours : ${HANDLER} (by CPU ${(handler.cpuUs / ours.cpuUs).toFixed(2)})`,
      value: ours.perSecond / handler.perSecond,
      must: 'at least',
      bound: 0.93,
    },
  ];
}

/** What `rateLimit()` answers the second time. */
async function refusalOf(url: string): Promise<Answer> {
  const app = await AppProcess.start(APP, ['refusing', url]);
  try {
    const address = `http://127.0.0.1:${app.port}/`;
    await fetch(address);
    const response = await fetch(address);
    if (response.status !== 429) throw new Error(`Expected a refusal, got ${response.status}.`);
    const headers = [...response.headers].filter(([name]) => !OF_EVERY_RESPONSE.includes(name));
    return { headers, body: await response.text() };
  } finally {
    await app.stop();
  }
}

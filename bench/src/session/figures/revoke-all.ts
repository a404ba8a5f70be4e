import { RedisFunctions } from '@redis-functions/core';
import { SessionService } from '@redis-functions/session';
import type { Context } from '../../harness/benchmark.js';
import type { Demand } from '../../harness/demands.js';
import { countersOf } from '../../harness/redis-counters.js';
import { median } from '../../harness/rounds.js';
import { printTable } from '../../harness/tables.js';

const SESSIONS = 1_000;
const ROUNDS = 7;

/** What it takes the server to end all sessions of a user who has very many. */
export async function revokeAll({ server }: Context): Promise<Demand[]> {
  const functions = new RedisFunctions({ url: server.url });
  try {
    const service = new SessionService({
      functions,
      routingKey: 'a routing key of the benchmark, 32 characters or more',
    });
    const rounds: { scripts: number; scriptsUs: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(Array.from({ length: SESSIONS }, () => service.create('ada')));
      rounds.push(await countersOf(server, () => service.revokeAll('ada')));
    }
    const calls = median(rounds.map(({ scripts }) => scripts));
    const ms = median(rounds.map(({ scriptsUs }) => scriptsUs)) / 1_000;
    printTable(`All ${SESSIONS} sessions of a user ended`, ['calls', 'server ms'], [[String(calls), ms.toFixed(3)]]);
    return [
      { figure: 'calls to end all', of: `${SESSIONS} sessions`, value: calls, must: 'at most', bound: 1, unit: '' },
      { figure: 'server time to end all', of: `${SESSIONS} sessions`, value: ms, must: 'below', bound: 1, unit: 'ms' },
    ];
  } finally {
    await functions.close();
  }
}

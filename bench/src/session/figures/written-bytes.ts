import { RedisFunctions } from '@redis-functions/core';
import { SessionService } from '@redis-functions/session';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import type { Context } from '../../harness/benchmark.js';
import type { Demand } from '../../harness/demands.js';
import { countersOf } from '../../harness/redis-counters.js';
import { printTable } from '../../harness/tables.js';

const CHANGES = 500;
const WHOLE_BYTES = 10_240;

/** Bytes on the wire for a change of one field in a session of 10 KB. */
export async function writtenBytes({ server }: Context): Promise<Demand[]> {
  const data = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key${i}`, 'x'.repeat(WHOLE_BYTES / 20 - 10)]));
  const functions = new RedisFunctions({ url: server.url });
  const client = await createClient({ url: server.url }).connect();
  try {
    const service = new SessionService({
      functions,
      routingKey: 'a routing key of the benchmark, 32 characters or more',
    });
    const { token } = await service.create('ada', data);
    const store = new RedisStore({ client });
    const perChange = async (change: (i: number) => Promise<unknown>) => {
      await change(0);
      const { bytesIn } = await countersOf(server, async () => {
        for (let i = 1; i <= CHANGES; i++) await change(i);
      });
      return bytesIn / CHANGES;
    };
    const ours = await perChange((i) => service.patch(token, { n: i }));
    const whole = await perChange((n) => store.set('id', { ...data, n, cookie: { originalMaxAge: null } } as never));
    printTable(
      'Bytes sent for one field of a session of 10 KB',
      ['', 'bytes', 'of the whole'],
      [
        ['@redis-functions/session', ours.toFixed(0), `${((100 * ours) / WHOLE_BYTES).toFixed(1)} %`],
        ['connect-redis', whole.toFixed(0), `${((100 * whole) / WHOLE_BYTES).toFixed(1)} %`],
      ],
    );
    return [
      { figure: 'bytes of one field', of: 'ours : 10 KB', value: ours / WHOLE_BYTES, must: 'at most', bound: 0.02 },
    ];
  } finally {
    client.destroy();
    await functions.close();
  }
}

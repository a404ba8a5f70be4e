import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ModelBatch } from './model/batch.js';
import { KINDS, type Kind } from './model/models.js';
import { TimedServer } from './model/server.js';
import { DECISIONS, MODEL_SERVERS } from './model/servers.js';
import { Traffic } from './model/traffic.js';

/** Calls that are on their way at a time. */
const CHUNK = 30;

const ALL = Object.keys(KINDS) as Kind[];

describe.each(MODEL_SERVERS)('limits on $name, asked in batches, admit what their models admit', ({ path, part }) => {
  let server: TimedServer;
  beforeAll(async () => {
    server = await TimedServer.start(path);
  });
  afterAll(() => server.stop());
  beforeEach(() => server.flush());

  it.each([...ALL.map((kind) => [kind, [kind]] as const), ['all together', ALL] as const])('%s', async (_, kinds) => {
    const traffic = new Traffic(kinds, kinds.length > 1 ? 6 : 20, 7 + part);
    let [decided, admitted] = [0, 0];
    for (let id = 0; decided < DECISIONS; ) {
      const chunk: Promise<void>[] = [];
      for (; chunk.length < CHUNK; id++) {
        traffic.goOn();
        for (const client of traffic.clients) {
          const lease = traffic.below(40) === 0 ? client.leases.shift() : undefined;
          if (lease === undefined) continue;
          client.model.release?.(lease);
          chunk.push(server.call(traffic.now, 'ratelimiter_release', client.keys.slice(1), [lease]).then(() => {}));
        }
        const batch = new ModelBatch(traffic, id);
        decided += batch.decisions;
        admitted += batch.expected.reduce((sum, { granted }) => sum + granted, 0);
        const { now } = traffic;
        chunk.push(
          batch.ask(server, now).then((answers) => expect({ id, answers }).toEqual({ id, answers: batch.expected })),
        );
      }
      await Promise.all(chunk);
    }
    expect(admitted).toBeGreaterThan(decided / 50);
    expect(admitted).toBeLessThan(decided);
    expect(await server.keysWithoutTimeToLive()).toEqual([]);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KINDS, type Kind, waitFor } from './model/models.js';
import { TimedServer } from './model/server.js';
import { DECISIONS, MODEL_SERVERS } from './model/servers.js';
import { Traffic } from './model/traffic.js';

/** Calls that are on their way at a time. */
const CHUNK = 1_000;

const ALL = Object.keys(KINDS) as Kind[];

describe.each(MODEL_SERVERS)('limits on $name, asked one by one, admit what their models admit', ({ path, part }) => {
  let server: TimedServer;
  beforeAll(async () => {
    server = await TimedServer.start(path);
  });
  afterAll(() => server.stop());
  beforeEach(() => server.flush());

  // leases need a batch, which names them
  it.each(ALL.filter((kind) => kind !== 'concurrency'))('%s', async (kind) => {
    const traffic = new Traffic([kind], 20, 42 + part);
    const differences: unknown[] = [];
    let admitted = 0;
    const ask = async (step: number): Promise<void> => {
      traffic.goOn();
      const client = traffic.any();
      if (traffic.below(1_000) === 0) {
        client.model = KINDS[kind].make();
        void server.call(traffic.now, 'ratelimiter_reset', client.keys, []);
      }
      const at = traffic.at(client);
      const cost = traffic.costOf(client);
      const passes = client.model.fits(at, cost);
      if (passes) client.model.take(at, cost, '');
      admitted += passes ? 1 : 0;
      const expected = [passes ? 1 : 0, passes ? 0 : 1, client.model.left(at)];
      // found by trying, which takes its time: not of every refusal
      if (passes || step % 4 === 0) expected.push(passes ? 0 : waitFor(client.model, at, cost));
      const args = [KINDS[kind].code, client.limit, client.windowMs, cost];
      const reply = (await server.call(traffic.now, 'ratelimiter_consume', client.keys, args)).slice(
        0,
        expected.length,
      );
      if (String(reply) !== String(expected)) differences.push({ step, client, cost, reply, expected });
    };
    for (let done = 0; done < DECISIONS; done += CHUNK) {
      await Promise.all(Array.from({ length: CHUNK }, (_, step) => ask(done + step)));
      expect(differences.slice(0, 3)).toEqual([]);
    }
    expect(admitted).toBeGreaterThan(DECISIONS / 20);
    expect(admitted).toBeLessThan(DECISIONS);
    expect(await server.keysWithoutTimeToLive()).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { METERS } from '../src/local/meters.js';
import { KINDS, type Kind, waitFor } from './model/models.js';
import { Traffic } from './model/traffic.js';

const DECISIONS = 100_000;

describe('the limiter in process', () => {
  it.each(Object.keys(KINDS) as Kind[])('admits what the model admits: %s', (kind) => {
    const traffic = new Traffic([kind], 20, 42);
    const algorithm = kind === 'aligned-window' ? 'fixed-window' : kind;
    const meters = new Map(traffic.clients.map((client) => [client, new METERS[algorithm]()]));
    let admitted = 0;
    for (let step = 0; step < DECISIONS; step++) {
      traffic.goOn();
      const client = traffic.any();
      if (traffic.below(1_000) === 0) {
        client.model = KINDS[kind].make();
        meters.set(client, new METERS[algorithm]());
      }
      const at = traffic.at(client);
      const cost = traffic.costOf(client);
      const meter = meters.get(client) as InstanceType<(typeof METERS)[typeof algorithm]>;
      const passes = client.model.fits(at, cost);
      meter.open(client.limit, client.windowMs * 1_000, Number(traffic.now), kind === 'aligned-window');
      const wait = meter.wait(cost);
      if (passes) client.model.take(at, cost, '');
      if (wait === 0) meter.take(cost, '');
      admitted += passes ? 1 : 0;
      const own = [wait === 0, meter.left()];
      if (String(own) !== String([passes, client.model.left(at)])) {
        expect({ step, client, cost, own }).toEqual({ step, client, cost, own: [passes, client.model.left(at)] });
      }
      if (!passes && step % 4 === 0) expect(Math.ceil(wait / 1_000)).toBe(waitFor(client.model, at, cost));
    }
    expect(admitted).toBeGreaterThan(DECISIONS / 20);
    expect(admitted).toBeLessThan(DECISIONS);
  });
});

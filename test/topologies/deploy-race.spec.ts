import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisFunctions, type RedisFunctionsOptions } from '@redis-functions/core';
import { startCluster, startRedis } from '@redis-functions/testing';
import { counterLibrary } from './counter.js';

const DEPLOYERS = 60;
const library = (n: number) => counterLibrary(`${n}.0.0`);
const NEWEST = 10;

interface Target {
  connection: Pick<RedisFunctionsOptions, 'url' | 'cluster'>;
  primaries: number;
  stop(): Promise<void>;
}

const targets: Record<string, () => Promise<Target>> = {
  'one server': async () => {
    const redis = await startRedis();
    return { connection: { url: redis.url }, primaries: 1, stop: () => redis.stop() };
  },
  'a cluster': async () => {
    const cluster = await startCluster({ primaries: 3 });
    const nodes = cluster.addresses.map(({ host, port }) => `redis://${host}:${port}`);
    return { connection: { cluster: { nodes } }, primaries: 3, stop: () => cluster.stop() };
  },
};

describe.each(Object.keys(targets))('%s that 60 instances of 10 releases deploy to at once', (name) => {
  let target: Target;
  const opened: RedisFunctions[] = [];
  const connect = (options: Partial<RedisFunctionsOptions>) => {
    const functions = new RedisFunctions({ ...target.connection, deadlineMs: 60_000, ...options });
    opened.push(functions);
    return functions;
  };

  beforeAll(async () => {
    target = await (targets[name] as () => Promise<Target>)();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((functions) => functions.close()));
  });
  afterAll(() => target.stop());

  it('shows readers versions that only rise, and ends with the newest everywhere', async () => {
    await connect({ libraries: [library(1)] }).deploy();
    const reader = connect({ deploy: 'none' });
    const seen = new Map<string, number[]>();
    let deploying = true;
    const reading = (async () => {
      while (deploying) {
        for (const { version, nodes } of await reader.list()) {
          for (const node of nodes) seen.set(node, [...(seen.get(node) ?? []), Number(version?.split('.')[0])]);
        }
      }
    })();

    const releases = Array.from({ length: DEPLOYERS }, (_, i) => (i % NEWEST) + 1);
    // in an order of their own, not from the oldest to the newest
    releases.sort((left, right) => ((left * 7) % 11) - ((right * 7) % 11));
    const outcomes = await Promise.all(releases.map((n) => connect({ libraries: [library(n)] }).deploy()));
    deploying = false;
    await reading;

    expect(seen.size).toBe(target.primaries);
    for (const versions of seen.values()) expect(versions).toEqual(versions.toSorted((left, right) => left - right));
    const end = await reader.list();
    expect(end.map(({ version, nodes }) => [version, nodes.length])).toEqual([[`${NEWEST}.0.0`, target.primaries]]);
    const loads = outcomes.flat().filter(({ action }) => action === 'replaced').length;
    expect(loads).toBeLessThanOrEqual(target.primaries * (NEWEST - 1));
  });

  it('swaps several libraries in one step, or none of them', async () => {
    const other = (version: string, body = 'return 1') => {
      const code = `#!lua name=other\n-- @version ${version}\nredis.register_function('other', function() ${body} end)\n`;
      return { ...counterLibrary(version), name: 'other', code, version, hash: code };
    };
    await connect({ libraries: [counterLibrary('20.0.0'), other('20.0.0')] }).deploy();
    const broken = connect({ libraries: [counterLibrary('21.0.0'), other('21.0.0', 'this is not Lua')] });
    await expect(broken.deploy()).rejects.toMatchObject({ code: 'LOAD_REFUSED' });
    const after = await connect({}).list();
    expect(after.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(['counter 20.0.0', 'other 20.0.0']);
  });

  it('keeps old and new releases running side by side through a rolling deploy', async () => {
    const old = connect({ libraries: [counterLibrary('30.0.0')] });
    await old.deploy();
    const next = connect({ libraries: [counterLibrary('31.0.0')], deploy: 'none' });
    let rolling = true;
    let calls = 0;
    const call = async (functions: RedisFunctions, key: string) => {
      const counter = functions.use(functions.libraries[0] as ReturnType<typeof counterLibrary>);
      while (rolling) {
        await counter.add(key);
        calls += 1;
      }
    };
    const calling = Promise.all([call(old, 'old'), call(old, 'old2'), call(next, 'new')]);
    await next.deploy();
    await Promise.all([old.deploy(), next.deploy(), old.deploy()]);
    rolling = false;
    await calling;
    expect(calls).toBeGreaterThan(10);
    expect((await next.list()).find(({ name }) => name === 'counter')?.version).toBe('31.0.0');
  });

  it('refuses a release that would break the instances that still run', async () => {
    const lacking = connect({ libraries: [{ ...counterLibrary('40.0.0'), ...withoutRead('40.0.0') }] });
    await expect(lacking.deploy()).rejects.toMatchObject({
      code: 'INCOMPATIBLE',
      message: expect.stringContaining('has no function "counter_read"'),
    });
    expect((await lacking.deploy({ force: true }))[0]?.action).toBe('replaced');
  });
});

function withoutRead(version: string) {
  const { functions, code } = counterLibrary(version);
  const { read: _, ...rest } = functions;
  return {
    code: code.replaceAll('counter_read', 'counter_look'),
    functions: rest as unknown as typeof functions,
    hash: version,
  };
}

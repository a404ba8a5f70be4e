// How much a typed call costs: against node-redis's documented way of calling functions, and against the bare command.
import { defineFunction, defineLibrary, RedisFunctions, toInteger } from '@redis-functions/core';
import { startCluster, startRedis } from '@redis-functions/testing';
import { createClient } from 'redis';
import { compare, printRates } from './harness/rounds.js';

const CONDITIONS = { inFlight: 64, rounds: 7, roundMs: 1_000 };

const counter = (name: string) =>
  defineLibrary({
    code: [
      `#!lua name=${name}`,
      '-- @version 1.0.0',
      `redis.register_function('${name}_add', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)`,
      '',
    ].join('\n'),
    functions: {
      add: defineFunction(`${name}_add`, {
        encode: (key: string, amount: number) => ({ keys: [key], args: [amount] }),
        decode: toInteger,
      }),
    },
  });

async function calls(): Promise<void> {
  const redis = await startRedis();
  const library = counter('counter');
  const functions = new RedisFunctions({ url: redis.url, libraries: [library] });
  await functions.deploy();
  const typed = functions.use(library);

  // as node-redis documents it, with its default settings
  const documented = createClient({
    url: redis.url,
    functions: {
      counter: {
        counter_add: {
          NUMBER_OF_KEYS: 1,
          parseCommand(parser: { pushKey(key: string): void; push(text: string): void }, key: string, amount: number) {
            parser.pushKey(key);
            parser.push(String(amount));
          },
          transformReply: (reply: unknown) => reply as number,
        },
      },
    },
  });
  const bare = createClient({ url: redis.url, commandOptions: { timeout: 0 } });
  await Promise.all([documented.connect(), bare.connect()]);

  let n = 0;
  const key = () => `key:${n++ % 10_000}`;
  const rates = await compare(
    [
      { name: 'use(library).add()', run: () => typed.add(key(), 1) },
      { name: 'node-redis, functions: {…}', run: () => documented.counter.counter_add(key(), 1) },
      {
        name: "bare sendCommand(['FCALL', …])",
        run: () => bare.sendCommand(['FCALL', 'counter_add', '1', key(), '1']),
      },
    ],
    CONDITIONS,
  );
  printRates('Calls of one function (INCRBY), 64 in flight, one process', rates, "bare sendCommand(['FCALL', …])");
  await functions.close();
  documented.destroy();
  bare.destroy();
  await redis.stop();
}

async function deploys(): Promise<void> {
  const cluster = await startCluster({ primaries: 3 });
  const nodes = cluster.addresses.map(({ host, port }) => `redis://${host}:${port}`);
  const libraries = ['one', 'two', 'three'].map(counter);
  const functions = new RedisFunctions({ cluster: { nodes }, libraries });
  await functions.deploy();
  for (const node of cluster.nodes) await node.command('CONFIG', 'RESETSTAT');
  await functions.deploy();
  console.log(
    '\nCommands of a deploy of three unchanged libraries to three primaries (one round trip per line and primary;',
  );
  console.log('the three FUNCTION LIST go together)\n');
  for (const node of cluster.nodes) {
    const stats = String(await node.command('INFO', 'commandstats'));
    const counts = [...stats.matchAll(/cmdstat_(exists|function\|list|cluster\|slots):calls=(\d+)/g)];
    console.log(`- ${node.port}: ${counts.map(([, name, calls]) => `${name} ${calls}`).join(', ')}`);
  }
  await functions.close();
  await cluster.stop();
}

export default async function core(): Promise<void> {
  await calls();
  await deploys();
}

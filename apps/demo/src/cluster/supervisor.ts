// npm run start:cluster: the shop as it is where one machine is not enough, on this one. Four processes share a port, on a
// Redis Cluster of three primaries with a replica each.
import cluster, { type Worker } from 'node:cluster';
import { randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type RedisCluster, startCluster } from '@redis-functions/testing';
import type { Question } from './messages.js';
import { answerWith } from './nodes.js';

const PROCESSES = 4;
/** A process that ends sooner would end again at once. */
const SHORT_LIFE_MS = 5_000;
/** How long a node is silent until the others find it dead. */
const NODE_TIMEOUT_MS = 1_000;

let isEnding = false;

async function run(): Promise<void> {
  const servers = await startCluster({
    primaries: 3,
    replicas: 1,
    nodeTimeoutMs: NODE_TIMEOUT_MS,
    // while a replica takes over, the other two thirds of the keys are served
    args: ['--cluster-require-full-coverage', 'no'],
  });
  try {
    console.log(`A cluster of 3 primaries and 3 replicas: ${servers.addresses.map(({ port }) => port).join(', ')}.`);
    await serve(servers);
  } finally {
    await servers.stop();
  }
}

/** Until it is told to end, or the shop cannot be started. */
function serve(servers: RedisCluster): Promise<void> {
  cluster.setupPrimary({
    exec: fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../main.ts' : '../main.js', import.meta.url)),
  });
  const env = {
    SHOP_SUPERVISED: '1',
    SHOP_RUN: randomUUID(),
    REDIS_CLUSTER: servers.addresses.map(({ host, port }) => `redis://${host}:${port}`).join(','),
    SESSION_ROUTING_KEY: process.env['SESSION_ROUTING_KEY'] ?? randomBytes(32).toString('base64url'),
  };
  const answer = answerWith(servers);
  return new Promise((resolve, reject) => {
    const fork = () => {
      const began = performance.now();
      const worker = cluster.fork(env);
      worker.on('message', (question: Question) => void reply(worker, answer, question));
      worker.on('exit', (code, signal) => {
        if (isEnding) {
          if (Object.keys(cluster.workers ?? {}).length === 0) resolve();
        } else if (performance.now() - began < SHORT_LIFE_MS) {
          end();
          reject(new Error(`A process of the shop ended with ${signal ?? code} right after its start: see above.`));
        } else {
          console.log(`Process ${worker.process.pid} ended with ${signal ?? code}. Another one takes its place.`);
          fork();
        }
      });
    };
    for (let i = 0; i < PROCESSES; i++) fork();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  });
}

function end(): void {
  isEnding = true;
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
}

async function reply(worker: Worker, answer: ReturnType<typeof answerWith>, question: Question): Promise<void> {
  const answered = await answer(question);
  if (worker.isConnected()) worker.send(answered);
}

run().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

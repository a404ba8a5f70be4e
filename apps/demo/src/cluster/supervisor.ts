// npm run start:cluster: the shop as it is where one process is not enough. Four share a port, on the cluster that
// REDIS_CLUSTER names; else on one of this machine, of three primaries with a replica each, which keeps nothing.
import type { Worker } from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RedisCluster, startCluster } from '@redis-functions/testing';
import type { Question } from './messages.js';
import { answerWith } from './nodes.js';
import { Processes } from './processes.js';

const PROCESSES = 4;
/** How long a node is silent until the others find it dead. */
const NODE_TIMEOUT_MS = 1_000;
/** The same folder whether this runs from src/ or from dist/. */
const MAIN = fileURLToPath(new URL(`../main${extname(import.meta.url)}`, import.meta.url));

async function run(): Promise<void> {
  if (process.env['REDIS_CLUSTER']) return serve(undefined, process.env['REDIS_CLUSTER']);
  const servers = await startCluster({
    primaries: 3,
    replicas: 1,
    nodeTimeoutMs: NODE_TIMEOUT_MS,
    // while a replica takes over, the other two thirds of the keys are served
    args: ['--cluster-require-full-coverage', 'no'],
  });
  try {
    const ports = servers.addresses.map(({ port }) => port).join(', ');
    console.log(`A cluster of 3 primaries and 3 replicas runs on the ports ${ports}.`);
    await serve(servers, servers.addresses.map(({ host, port }) => `redis://${host}:${port}`).join());
  } finally {
    await servers.stop();
  }
}

/** Until it is told to end, or the shop cannot be started. */
function serve(servers: RedisCluster | undefined, nodes: string): Promise<void> {
  const answer = answerWith(servers);
  return new Promise((resolve, reject) => {
    const processes = new Processes({
      count: PROCESSES,
      exec: MAIN,
      env: {
        SHOP_SUPERVISED: '1',
        SHOP_RUN: randomUUID(),
        REDIS_CLUSTER: nodes,
      },
      heard: (worker, question) => {
        const { traffic } = question as Question;
        if (traffic) processes.tell(traffic);
        void reply(worker, answer, question as Question);
      },
      opened: (port) => console.log(`The shop is open, with ${PROCESSES} processes: http://localhost:${port}`),
      ended: (failure) => (failure ? reject(failure) : resolve()),
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => processes.end());
  });
}

async function reply(worker: Worker, answer: ReturnType<typeof answerWith>, question: Question): Promise<void> {
  const answered = await answer(question);
  if (worker.isConnected()) worker.send(answered);
}

run().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ranges from which systems take the ports of outgoing connections (32768 on Linux, 49152 elsewhere): a server
 * that is killed and restarted on its port would now and then find one of the clients' connections there.
 */
const FIRST = 20_000;
const END = 32_768;

/** A TCP port that was free on 127.0.0.1 a moment ago. Whoever uses it must be ready to find it taken. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

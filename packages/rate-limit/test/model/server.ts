import { readFileSync } from 'node:fs';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { createClient, type RedisClientType } from 'redis';

const CLOCK = 'clock of the test';

/**
 * The shipped library with another clock: a key, instead of the server's time. And keys live longer, as they expire by the
 * server's own: decisions are not to depend on that. Everything else is as it is shipped.
 */
function withTestClock(): string {
  const code = readFileSync(new URL('../../lua/ratelimiter.lua', import.meta.url), 'utf8');
  const clocked = replaceFunction(code, 'read_clock', '()', `return tonumber(call('GET', '${CLOCK}'))`);
  return replaceFunction(clocked, 'to_ttl', '(us)', 'return us + 100000000');
}

function replaceFunction(code: string, name: string, parameters: string, body: string): string {
  const text = new RegExp(`local function ${name}\\(\\w*\\)\\n.*?\\nend\\n`, 's');
  if (!text.test(code)) throw new Error(`the Lua has no ${name} to replace`);
  return code.replace(text, `local function ${name}${parameters}\n  ${body}\nend\n`);
}

/** A server whose limits go by a clock that the test sets. */
export class TimedServer {
  readonly #redis: RedisServer;
  readonly #client: RedisClientType;

  private constructor(redis: RedisServer, client: RedisClientType) {
    this.#redis = redis;
    this.#client = client;
  }

  static async start(path: string): Promise<TimedServer> {
    const redis = await startRedis({ server: path });
    const client = createClient({ url: redis.url, commandOptions: { timeout: 0 } }) as unknown as RedisClientType;
    await client.connect();
    await client.sendCommand(['FUNCTION', 'LOAD', withTestClock()]);
    return new TimedServer(redis, client);
  }

  /** Calls a function at a moment. Calls reach the server in the order in which they are made. */
  async call(
    now: bigint,
    name: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<number[]> {
    const set = this.#client.sendCommand(['SET', CLOCK, String(now)]);
    const reply = this.#client.sendCommand(['FCALL', name, String(keys.length), ...keys, ...args.map(String)]);
    await set;
    return (await reply) as unknown as number[];
  }

  async keysWithoutTimeToLive(): Promise<string[]> {
    const keys = (await this.#client.keys('*')).filter((key) => key !== CLOCK);
    const lives = await Promise.all(keys.map((key) => this.#client.pTTL(key)));
    return keys.filter((_, index) => lives[index] === -1);
  }

  flush(): Promise<unknown> {
    return this.#client.flushAll();
  }

  async stop(): Promise<void> {
    await this.#client.close();
    await this.#redis.stop();
  }
}

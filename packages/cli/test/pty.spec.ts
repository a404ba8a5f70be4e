import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { PROGRAM } from './project.js';

const folder = mkdtempSync(join(tmpdir(), 'redis-functions-pty-'));
const file = join(folder, 'counter.lua');
const [CTRL_C, CTRL_D] = ['\x03', '\x04'];

writeFileSync(
  file,
  `#!lua name=counter
-- @version 1.0.0
redis.register_function('counter_add', function(keys)
  redis.call('INCR', keys[1])
  return 'done'
end)
`,
);

// the one of util-linux gives a program a terminal of its own
const hasTerminals = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;
const describeWithTerminals = hasTerminals ? describe : describe.skip;

describeWithTerminals(`a terminal${hasTerminals ? '' : ' (skipped: there is no script of util-linux)'}`, () => {
  let redis: RedisServer;
  let terminal: ChildProcess;
  let shown = '';

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(() => void terminal.kill('SIGKILL'));
  afterAll(async () => {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function debug(): void {
    const node = [process.execPath, ...PROGRAM].map((part) => `'${part}'`).join(' ');
    const command = `${node} debug '${file}' counter_add --key k --url ${redis.url}`;
    shown = '';
    terminal = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null']);
    terminal.stdout?.on('data', (data) => {
      shown += data;
    });
  }

  async function sees(text: RegExp): Promise<void> {
    while (!text.test(shown)) {
      if (terminal.exitCode !== null) throw new Error(`it ended and said: ${shown}`);
      await Promise.race([
        once(terminal.stdout as NonNullable<typeof terminal.stdout>, 'data'),
        once(terminal, 'exit'),
      ]);
    }
  }

  /** Programs of this system that were started with the file. */
  const running = () =>
    readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(file);
      } catch {
        return false;
      }
    }).length;

  it('where nothing is typed any more ends what is debugged, and nothing of it stays', async () => {
    for (const key of [CTRL_C, CTRL_D]) {
      debug();
      await sees(/debug> /);
      terminal.stdin?.write('n\n');
      // at the next question: a Ctrl-C before it pauses what runs
      await sees(/INCR k.*debug> /s);
      terminal.stdin?.write(key);
      const [code] = await once(terminal, 'exit');
      expect(code).toBe(1);
      expect(shown).toContain('The input ended before the function did: it was aborted.');
      expect(await redis.command('EXISTS', 'k')).toBe(0);
    }
  });

  it('that goes away ends the program and what it debugs, and nothing of it stays', async () => {
    debug();
    await sees(/debug> /);
    terminal.stdin?.write('n\n');
    await sees(/INCR k/);
    expect(running()).toBeGreaterThan(0);
    terminal.kill('SIGKILL');
    while (running() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await redis.command('EXISTS', 'k')).toBe(0);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const PROJECT = fileURLToPath(new URL('./jest-project', import.meta.url));
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');

async function runProject(workers: number): Promise<{ code: unknown; output: string }> {
  const node = ['--experimental-vm-modules', '--import', 'tsx', '--conditions=@redis-functions/source', jest];
  // three files in two workers, or in this one
  const run = spawn(process.execPath, [...node, `--maxWorkers=${workers}`], { cwd: PROJECT });
  let output = '';
  for (const stream of [run.stdout, run.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(run, 'close');
  return { code, output };
}

async function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe('the Jest environment', () => {
  it.each([1, 2])(
    'gives each of %i workers one server, empty for every file, and leaves none behind',
    async (workers) => {
      const { code, output } = await runProject(workers);
      expect([code, output]).toEqual([0, expect.stringContaining('3 passed')]);
      const urls = [...output.matchAll(/SERVER (\S+)/g)].map(([, url]) => url as string);
      expect(urls).toHaveLength(3);
      expect(new Set(urls).size).toBeLessThanOrEqual(workers);
      for (const url of urls) while (await answers(url));
    },
  );
});

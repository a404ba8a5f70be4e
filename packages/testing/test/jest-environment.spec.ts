import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');

async function runProject(project: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const node = ['--experimental-vm-modules', '--import', 'tsx', '--conditions=@redis-functions/source', jest];
  const { REDIS_FUNCTIONS_COVERAGE: _, ...inherited } = process.env;
  const run = spawn(process.execPath, [...node, ...args], { cwd: path(project), env: { ...inherited, ...env } });
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
      // three files in two workers, or in this one
      const { code, output } = await runProject('./jest-project', [`--maxWorkers=${workers}`]);
      expect([code, output]).toEqual([0, expect.stringContaining('3 passed')]);
      const urls = [...output.matchAll(/SERVER (\S+)/g)].map(([, url]) => url as string);
      expect(urls).toHaveLength(3);
      expect(new Set(urls).size).toBeLessThanOrEqual(workers);
      for (const url of urls) while (await answers(url));
    },
  );
});

describe('the Jest preset', () => {
  const reports = path('../../../.cache/covered-project');
  afterEach(() => rmSync(reports, { recursive: true, force: true }));

  it.each([
    [1, '80', 0],
    [2, '90', 1],
  ])('covers Lua in %i workers, and asks for %s %% of the lines', async (workers, lines, exitCode) => {
    // coverage of what is not Lua is the project's own affair
    const args = [
      `--maxWorkers=${workers}`,
      '--coverage',
      '--coverageReporters=none',
      `--coverageDirectory=${reports}`,
    ];
    const { code, output } = await runProject('./covered-project', args, { LINES: lines });
    expect([code, output]).toEqual([exitCode, expect.stringContaining('2 passed')]);
    expect(output).toMatch(/lights\.lua \| +80 \| +50 \| +100 \| +80 \| 4 /);
    expect(output.includes('80 % of the lines of Lua were run, and 90 % must be.')).toBe(exitCode === 1);
    const lcov = readFileSync(`${reports}/lua/lcov.info`, 'utf8');
    expect(lcov).toContain('SF:lua/lights.lua');
    expect(lcov).toMatch(/^DA:3,2\nDA:4,0\nDA:6,2$/m);
    expect(readdirSync(`${reports}/lua`)).toEqual(['coverage-final.json', 'lcov.info']);
  });
});

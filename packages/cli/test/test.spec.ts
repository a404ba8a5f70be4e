import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { availableServers } from '@redis-functions/testing';
import { FROM_SOURCES, Project } from './project.js';
import { runCli } from './terminal.js';

/** A spec that says where it is, and does not end. */
const ENDLESS = `import { it } from '@jest/globals';
it('goes on', async () => {
  const { REDIS_URL: url, REDIS_FUNCTIONS_COVERAGE: hits } = process.env;
  process.stderr.write('ENDLESS ' + JSON.stringify({ pid: process.pid, url, hits }) + '\\n');
  await new Promise(() => {});
});
`;

const BROKEN = "import { it } from '@jest/globals';\nit('breaks', () => {\n  throw new Error('broken');\n});\n";

/** A Redis and a Valkey: each more is a run of jest more. */
const servers = ['redis', 'valkey'].flatMap((kind) =>
  availableServers()
    .filter(({ name }) => name.startsWith(`${kind}-`))
    .slice(-1),
);
const [first] = servers;

describe('test', () => {
  let project: Project;
  beforeAll(async () => {
    // as somebody would make it
    project = new Project('test-command', { 'package.json': '{ "name": "shop", "type": "module" }' });
    project.env = {
      REDIS_FUNCTIONS_SERVERS: JSON.stringify(Object.fromEntries(servers.map((of) => [of.name, of.path]))),
    };
    expect(await runCli(['init', '--dir', project.folder])).toMatchObject({ code: 0 });
  });
  afterAll(() => project.remove());

  it('runs the specs on a server of their own, and shows which lines of Lua they ran', async () => {
    const { code, out, err } = await project.run('test', '--coverage', '--lcov', 'reports', FROM_SOURCES, '-t', 'adds');
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('1 passed') });
    expect(err).toContain(`Server: ${first?.name} (${first?.path})\n`);
    expect(out).toMatch(/counter\.lua \|.*\| +100 \| +100 \|/);
    const lcov = readFileSync(join(project.folder, 'reports/lcov.info'), 'utf8');
    expect(lcov).toContain('SF:lua/counter.lua\n');
    // the template adds 20 times at once
    expect(lcov).toMatch(/^FNDA:(1[89]|2[01]),add$/m);
    expect(out).toContain(`${join('reports', 'lcov.info')}\n`);
    expect(out).toMatch(/passed\n$/);
  });

  it('runs them on every server, adds up what they ran, and tells programs', async () => {
    const { code, out, err } = await project.run('test', '--server', 'all', '--json', '--lines', '99.9', FROM_SOURCES);
    const { servers: ran, coverage } = JSON.parse(out);
    expect(ran).toEqual(servers.map((server) => ({ ...server, passed: true })));
    expect(Object.keys(coverage.files)).toEqual(['lua/counter.lua']);
    expect(coverage).toMatchObject({ lines: { percent: 100 }, notes: [], reports: [] });
    expect({ code, passes: err.match(/1 passed, 1 total\nSnap/g)?.length }).toEqual({
      code: 0,
      passes: servers.length,
    });
  });

  it('fails where a spec fails, and where too few lines are run', async () => {
    project.write('lua/idle.lua', "#!lua name=idle\nredis.register_function('idle', function() return 1 end)\n");
    const few = await project.run('test', '--server', 'redis', '--lines', '99', FROM_SOURCES);
    expect(few).toMatchObject({ code: 1, out: expect.stringMatching(/idle\.lua +\| +0 \|/) });
    expect(few.out).toMatch(new RegExp(`${first?.name} +passed\n$`));
    expect(few.err).toMatch(/\d+(\.\d+)? % of the lines of Lua were run, and 99 % must be\. Test those/);
    rmSync(join(project.folder, 'lua/idle.lua'));
    project.write('test/broken.test.ts', BROKEN);
    const broken = await project.run('test', 'broken', FROM_SOURCES);
    expect(broken).toMatchObject({ code: 1, err: expect.stringContaining('● breaks') });
    rmSync(join(project.folder, 'test/broken.test.ts'));
  });

  it('leaves no process and no folder behind when it is interrupted', async () => {
    // two files: one alone would not get a worker
    const files = ['one', 'two'].map((name) => `test/endless-${name}.test.ts`);
    for (const file of files) project.write(file, ENDLESS);
    const child = project.start('test', '--coverage', 'endless', '--maxWorkers=2', FROM_SOURCES);
    let err = '';
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    const said = () => [...err.matchAll(/ENDLESS (\{.*\})$/gm)].map(([, json]) => JSON.parse(json as string));
    await until(() => said().length === 2);
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect({ code, err }).toEqual({
      code: 130,
      err: expect.stringMatching(/^Interrupted: the specs and their servers have ended\. .*\n$/m),
    });
    expect(err).not.toContain('sent');
    for (const { pid, url, hits } of said()) {
      await until(() => !isAlive(pid));
      await until(async () => !(await answers(url)));
      expect(existsSync(hits)).toBe(false);
    }
    for (const file of files) rmSync(join(project.folder, file));
  });

  it('says what is missing, and what can be chosen', async () => {
    const at = (folder: string, ...argv: string[]) => runCli(['test', '--dir', folder, ...argv]);
    const bare = mkdtempSync(join(tmpdir(), 'bare-'));
    expect((await at(bare)).err).toContain('npm install --save-dev jest');
    rmSync(bare, { recursive: true });
    const refused = [
      [await at('/no/such'), 'There is no folder /no/such. Give the one with'],
      [await at(project.folder, '--server', 'oracle'), 'No server here is called oracle. Choose from redis-'],
      [await at(project.folder, '--server', './none'), './none cannot be run. Give the path'],
      [await at(project.folder, '--coverage', '--lua', 'nowhere'), 'There is no nowhere. Give a .lua file'],
    ] as const;
    for (const [{ code, err }, sentence] of refused) {
      expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(sentence) });
    }
    expect((await at(project.folder, '--lines', '101')).code).toBe(2);
    expect((await at(project.folder, '--help')).out).toContain('$ redis-functions test --server all');
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
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

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await condition()); await sleep(20)) {
    if (Date.now() > end) throw new Error(`not so in 20 seconds: ${condition}`);
  }
}

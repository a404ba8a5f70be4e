import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@redis-functions/testing';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
const MINUTES = 60_000;
/** What both doors need. Of an app that has one door, the peers of the other one are not installed. */
const SERVICES = ['core', 'rate-limit', 'session', 'cart'];

/** npm, as it is installed, on every system. */
const npm = (args: readonly string[], cwd: string) =>
  run('npm', ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', ...args], {
    cwd,
    shell: process.platform === 'win32',
  });

/** Undefined where packages can be had. */
const unavailable = await npm(['view', 'express', 'version', '--fetch-retries=0', '--fetch-timeout=10000'], HERE).then(
  () => undefined,
  () => 'no package registry can be reached',
);
const title = 'the packages, as somebody installs them';

(unavailable ? describe.skip : describe)(unavailable ? `${title}: skipped, ${unavailable}` : title, () => {
  let folder: string;
  let tarballs: string[];
  let redis: RedisServer;

  /** A project of one of the folders beside this file, with packages that it uses. */
  const project = async (name: string, used: readonly string[]) => {
    const path = join(folder, name);
    cpSync(join(HERE, name), path, { recursive: true });
    await npm(['install', '--no-save', '--prefer-offline', ...used.map(tarballOf)], path);
    return path;
  };
  const tarballOf = (name: string) => {
    const tarball = tarballs.find((each) => basename(each).startsWith(`redis-functions-${name}-`));
    if (tarball === undefined) throw new Error(`There is no tarball of ${name}. Look at its package.json.`);
    return tarball;
  };
  /** What it has to say is what a failure shows. */
  const tool = (name: string, ...args: string[]) =>
    run(process.execPath, [join(folder, 'checks', 'node_modules', name), ...args], { cwd: folder }).catch(
      ({ stdout, stderr }: { stdout: string; stderr: string }) => {
        throw new Error(`${name} ${args.join(' ')}\n${stdout}${stderr}`);
      },
    );
  const node = async (path: string, file: string): Promise<unknown> => {
    const env = { ...process.env, REDIS_URL: redis.url, NODE_OPTIONS: '' };
    const { stdout, stderr } = await run(process.execPath, [file], { cwd: path, env, timeout: MINUTES });
    expect(stderr).toBe('');
    return JSON.parse(stdout.trim().split('\n').at(-1) as string);
  };
  const ANSWERS = [{ visits: 1, quantity: 1 }, { visits: 2, quantity: 2 }, { visits: 3, quantity: 3 }, 429];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'redis-functions-packages-'));
    redis = await startRedis();
    await run('npm', ['run', '--silent', 'build'], { cwd: ROOT, shell: process.platform === 'win32' });
    const packages = readdirSync(join(ROOT, 'packages')).map((name) => join(ROOT, 'packages', name));
    await npm(['pack', '--pack-destination', folder, ...packages], ROOT);
    tarballs = readdirSync(folder).map((name) => join(folder, name));
    await project('checks', []);
  }, 5 * MINUTES);
  afterAll(async () => {
    await redis?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it(
    'have nothing that publint or arethetypeswrong would change',
    async () => {
      expect(tarballs).toHaveLength(8);
      for (const tarball of tarballs) {
        await tool('publint/src/cli.js', 'run', tarball, '--strict');
        // a command has no types
        if (basename(tarball).includes('-cli-')) continue;
        await tool('@arethetypeswrong/cli/dist/index.js', tarball, '--profile', 'esm-only');
      }
    },
    3 * MINUTES,
  );

  it.each([
    ['express-5-esm', [...SERVICES, 'express', 'testing']],
    ['nest-12-esm', [...SERVICES, 'nestjs']],
    ['nest-11-cjs', [...SERVICES, 'nestjs']],
  ])(
    'serve %s, with the types of TypeScript 5.9 and 7',
    async (name, used) => {
      const path = await project(name, used);
      await redis.command('FLUSHALL');
      await tool('typescript-5/bin/tsc', '-p', path, '--noEmit');
      await tool('typescript-7/bin/tsc', '-p', path);
      expect(await node(path, 'out/app.js')).toEqual(ANSWERS);
    },
    4 * MINUTES,
  );

  it(
    'serve Express 4 by require(), and the command runs and lints',
    async () => {
      const path = await project('express-4-cjs', [...SERVICES, 'express', 'testing', 'cli']);
      await redis.command('FLUSHALL');
      expect(await node(path, 'app.cjs')).toEqual(ANSWERS);
      const command = (...args: string[]) =>
        run(join(path, 'node_modules', '.bin', 'redis-functions'), args, {
          cwd: path,
          shell: process.platform === 'win32',
        });
      expect((await command('--version')).stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
      // the Lua that a package ships is found where it is installed
      expect((await command('lint', 'node_modules/@redis-functions/cart/lua')).stdout).toBe('1 file: nothing found.\n');
    },
    4 * MINUTES,
  );
});

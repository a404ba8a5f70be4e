import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cartLibrary } from '@redis-functions/cart';
import { RedisFunctions } from '@redis-functions/core';
import { rateLimiterLibrary } from '@redis-functions/rate-limit';
import { type RedisCluster, type RedisServer, startCluster, startRedis } from '@redis-functions/testing';
import { lint } from '../../packages/cli/src/lint/lint.js';
import { runCli } from '../../packages/cli/test/terminal.js';
import { declaredCommands } from '../../tools/command-page.js';
import { blocksOf, PAGES, ROOT } from './pages.js';
import type { Block, Outcome } from './run-blocks.js';

const run = promisify(execFile);
/** Inside the repository, so that packages are found; git-ignored. */
const FOLDER = `${ROOT}.cache/readme`;
/** Of which a spec of the command line compiles and runs the code: it needs what is generated from its Lua. */
const ELSEWHERE = 'docs/generate.md';

const BLOCKS = PAGES.filter((page) => page !== ELSEWHERE).flatMap((page) => [
  ...blocksOf(page, 'ts'),
  ...blocksOf(page, 'js').map(({ name, code }) => ({ name: `${name}-js`, code })),
]);
/** Of docs/migrate.md and docs/generate.md specs of the command line run the Lua. */
const LUA = PAGES.filter((page) => !/migrate|generate/.test(page)).flatMap((page) => blocksOf(page, 'lua'));
const SHELL = PAGES.flatMap((page) => blocksOf(page, 'sh')).flatMap(({ name, code }) =>
  code
    .split('\n')
    .map((line) => ({
      name,
      line: line
        .replace(/\s+#.*$/, '')
        .replace('"$HASH"', 'f'.repeat(64))
        .trim(),
    }))
    .filter(({ line }) => line !== ''),
);

/** What is asked of the applications of some blocks, and what they answer; the others are asked for "/". */
const REQUESTS: Readonly<Record<string, readonly string[]>> = {
  README0: ['POST /login/ada 200', 'POST /logout 204'],
  'quick-start-express0': ['POST /login 200', 'GET /visits 200', 'POST /logout 204'],
  'quick-start-express1': ['GET /carts/ada 200', 'POST /carts/ada/lines/mug 200', 'POST /carts/ada/lines/cup 404'],
  'quick-start-nestjs0': ['POST /login 201', 'GET /cart 200', 'POST /cart/mug 404'],
  sessions0: ['POST /login/ada 200', 'GET /me 200', 'POST /theme/dark 204', 'GET /devices 200', 'POST /logout 204'],
  sessions2: ['GET /me 401', 'POST /login/ada 201', 'GET /me 200', 'DELETE /account 200'],
  'migrating-nestjs-throttler1': ['GET /search 200', 'GET /health 200'],
};

/** What some blocks print. */
const PRINTED: Readonly<Record<string, string | RegExp>> = {
  README2: '5\n',
  carts0: '2 lines, 3750\ncommitted 0\n',
  carts1: 'nothing to pay\nonPaid onGivenUp\n',
  'quick-start-your-own-lua0': '1\n',
  sessions4: / 1 1\./,
};

describe('the README and the pages', () => {
  let redis: RedisServer;
  let cluster: RedisCluster;
  let outcomes: ReadonlyMap<string, Outcome>;
  let compiled: string;

  beforeAll(async () => {
    [redis, cluster] = await Promise.all([startRedis(), startCluster({ replicas: 0 })]);
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(`${FOLDER}/lua`, { recursive: true });
    writeFileSync(`${FOLDER}/package.json`, '{ "type": "module" }');
    writeFileSync(
      `${FOLDER}/tsconfig.json`,
      JSON.stringify({
        extends: `${ROOT}tsconfig.check.json`,
        compilerOptions: {
          noUnusedLocals: false,
          noEmit: false,
          sourceMap: false,
          noEmitOnError: false,
          outDir: 'out',
        },
        include: ['*.ts'],
      }),
    );
    writeFileSync(
      `${FOLDER}/tsconfig.sources.json`,
      JSON.stringify({ extends: `${ROOT}tsconfig.check.json`, include: [`${ROOT}packages/*/src`] }),
    );
    for (const { name, code } of BLOCKS) writeFileSync(`${FOLDER}/${name}.ts`, runnable(name, code));
    writeFileSync(`${FOLDER}/mylib.lua`, blocksOf('README.md', 'lua')[0]?.code ?? '');
    writeFileSync(`${FOLDER}/lua/counter.lua`, blocksOf('docs/quick-start/your-own-lua.md', 'lua')[0]?.code ?? '');
    writeFileSync(
      `${FOLDER}/blocks.json`,
      JSON.stringify(BLOCKS.map(({ name }): Block => ({ name, requests: requestsOf(name) }))),
    );
    const tsc = `${ROOT}node_modules/typescript/bin/tsc`;
    compiled = (await run(process.execPath, [tsc, '-p', FOLDER]).catch(({ stdout }) => ({ stdout }))).stdout;
    const { stdout } = await run(
      process.execPath,
      [
        ...['--import', 'tsx', '--conditions=@redis-functions/source', `${ROOT}test/conformance/run-blocks.ts`],
        ...['blocks.json', `${FOLDER}/out`],
      ],
      {
        cwd: FOLDER,
        env: {
          ...process.env,
          REDIS_URL: redis.url,
          TSX_TSCONFIG_PATH: `${FOLDER}/tsconfig.sources.json`,
          SESSION_ROUTING_KEY: 'for blocks of pages, which is long',
        },
      },
    );
    outcomes = new Map((JSON.parse(stdout) as Outcome[]).map((outcome) => [outcome.name, outcome]));
    // about ten seconds, on a loaded machine more
  }, 180_000);
  afterAll(() => Promise.all([redis?.stop(), cluster?.stop()]));

  /** On the servers of this spec, with what the page only says in words. */
  function runnable(name: string, code: string): string {
    const more = [
      ...(code.includes('const app = express()') ? ['export { app };'] : []),
      ...(name === 'README2' ? ['console.log(visits);'] : []),
    ];
    return [
      code
        .replaceAll('redis://localhost:6379', redis.url)
        .replace(/'redis:\/\/10\.0\.0\.1:6379'.*?(?=\])/, `'${cluster.url}'`),
      ...more,
    ].join('\n');
  }

  function requestsOf(name: string): string[] {
    return (REQUESTS[name] ?? ['GET /']).map((request) => request.replace(/ \d+$/, ''));
  }

  it('shows the two commands first', () => {
    expect(blocksOf('README.md', 'sh')[0]?.code).toMatch(/^npm ci && npm start .*\nnpm ci && npm test /);
  });

  it('shows code that compiles', () => {
    expect(BLOCKS.length).toBeGreaterThanOrEqual(30);
    expect(compiled).toBe('');
  });

  it.each(BLOCKS.map(({ name }) => name))('shows code that runs as it is: %s', (name) => {
    const outcome = outcomes.get(name);
    expect(outcome?.error).toBeUndefined();
    const printed = PRINTED[name];
    if (printed !== undefined) expect(outcome?.output).toMatch(printed);
    if (REQUESTS[name]) expect(outcome?.answers).toEqual(REQUESTS[name]);
    for (const answer of outcome?.answers ?? []) expect(answer).not.toMatch(/ 5\d\d$/);
  });

  it('shows commands that there are, with arguments that they take', () => {
    const given = SHELL.flatMap(({ name, line }) => {
      const [, words] = /(?:^|\| )(?:npx )?redis-functions (.*)$/.exec(line) ?? [];
      return words === undefined ? [] : [{ name, words: words.split(/\s+/) }];
    });
    expect(given.length).toBeGreaterThanOrEqual(30);
    const wrong = given.flatMap(({ name, words: [called = '', ...args] }) => {
      // what follows is for jest
      const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
      const command = declaredCommands().find((declared) => declared.name() === called);
      if (command === undefined) return [`${name}: ${called}`];
      command.exitOverride().configureOutput({ writeErr() {} });
      try {
        command.action(() => {}).parse(own, { from: 'user' });
        return [];
      } catch (error) {
        return [`${name}: ${called} ${own.join(' ')}: ${String(error)}`];
      }
    });
    expect(wrong).toEqual([]);
  });

  it.each(['cli0', 'cli1'])('shows commands that can be run one after the other: %s', async (block) => {
    await redis.command('FLUSHALL');
    await redis.command('FUNCTION', 'FLUSH');
    cpSync(`${ROOT}packages/cart/lua/cart.lua`, `${FOLDER}/lua/cart.lua`);
    const before = process.cwd();
    const lines = SHELL.filter(({ name }) => name === block);
    expect(lines).toHaveLength(5);
    process.chdir(FOLDER);
    try {
      for (const { line } of lines) {
        // there is one server here, and nobody who could be asked
        const words = line
          .replace(/^(npx )?redis-functions /, '')
          .replace(' --cluster', '')
          .split(' ');
        const { code, err } = await runCli(words[0] === 'restore' ? [...words, '--yes'] : words, { url: redis.url });
        expect({ line, code, err }).toEqual({ line, code: 0, err: '' });
      }
    } finally {
      process.chdir(before);
    }
  });

  it.each(LUA)('shows Lua in which lint finds nothing: $name', ({ code }) => {
    expect(lint(code)).toEqual([]);
  });

  it.each(PAGES.flatMap((page) => blocksOf(page, 'json')))('shows JSON that can be read: $name', ({ code }) => {
    expect(JSON.parse(code)).toBeInstanceOf(Object);
  });

  it('shows scripts of npm that there are', () => {
    const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: object };
    const called = SHELL.flatMap(({ line }) =>
      [...line.matchAll(/npm run (?:-s )?([\w:]+)/g)].map(([, name = '']) => name),
    );
    expect(called.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it('shows calls by hand that a server takes', async () => {
    const functions = new RedisFunctions({ url: redis.url, libraries: [cartLibrary, rateLimiterLibrary] });
    await functions.deploy();
    await functions.close();
    const lines = SHELL.filter(({ line }) => line.startsWith('redis-cli '));
    expect(lines.length).toBeGreaterThanOrEqual(9);
    for (const { line } of lines) {
      const [command = '', ...args] = line.split(/\s+/).slice(1);
      await redis.command(command, ...args);
    }
  });
});

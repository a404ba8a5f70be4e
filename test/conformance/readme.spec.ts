import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@redis-functions/testing';

const run = promisify(execFile);
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
/** Inside the repository, so that packages are found; git-ignored. */
const FOLDER = path('../../.cache/readme');

/** The code blocks of a page by language, in their order. */
function blocks(language: string, page = 'README.md'): string[] {
  const text = readFileSync(path(`../../${page}`), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, code]) => code as string,
  );
}

/** Of which other specs run the code: it needs files of its own. */
const ELSEWHERE: ReadonlySet<string> = new Set(['docs/generate.md']);
const PAGES = [
  'README.md',
  ...readdirSync(path('../../docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !/node_modules|^reference|\.vitepress/.test(file))
    .map((file) => `docs/${file.replaceAll('\\', '/')}`)
    .filter((page) => !ELSEWHERE.has(page)),
  ...readdirSync(path('../../packages')).map((name) => `packages/${name}/README.md`),
];

/** `docs/rate-limits.md` → `rate-limits` */
function prefixOf(page: string): string {
  return page
    .replace(/^docs\//, '')
    .replace(/\.md$/, '')
    .replaceAll('/', '-');
}

describe('the README and the pages', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis();
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(`${FOLDER}/package.json`, '{ "type": "module" }');
    writeFileSync(
      `${FOLDER}/tsconfig.json`,
      JSON.stringify({
        extends: path('../../tsconfig.check.json'),
        compilerOptions: { noUnusedLocals: false },
        include: ['*.ts'],
      }),
    );
    for (const page of PAGES) {
      blocks('ts', page).forEach((code, i) => {
        writeFileSync(`${FOLDER}/${prefixOf(page)}${i}.ts`, code.replaceAll('redis://localhost:6379', redis.url));
      });
    }
    writeFileSync(`${FOLDER}/mylib.lua`, blocks('lua')[0] ?? '');
  });
  afterAll(() => redis.stop());

  it('shows the two commands first', () => {
    expect(blocks('sh')[0]).toMatch(/^npm ci && npm start .*\nnpm ci && npm test /);
  });

  it('shows code that compiles', async () => {
    expect(blocks('ts').length).toBeGreaterThanOrEqual(3);
    const tsc = path('../../node_modules/typescript/bin/tsc');
    const compiled = await run(process.execPath, [tsc, '-p', FOLDER]).catch(({ stdout }) => ({ stdout }));
    expect(compiled.stdout).toBe('');
  });

  it('shows a library that can be deployed and called', async () => {
    const code = readFileSync(`${FOLDER}/README0.ts`, 'utf8');
    writeFileSync(`${FOLDER}/README0.ts`, `${code}\nprocess.stdout.write(String(visits));\nawait functions.close();\n`);
    const tsx = ['--import', 'tsx', '--conditions=@redis-functions/source', 'README0.ts'];
    const { stdout } = await run(process.execPath, tsx, { cwd: FOLDER });
    expect(stdout).toBe('5');
    expect(await redis.command('GET', 'visits')).toBe('5');
  });

  it.each([0, 1, 2])('shows limits that can be run as they are, block %i', async (block) => {
    const code = readFileSync(`${FOLDER}/rate-limits${block}.ts`, 'utf8');
    writeFileSync(`${FOLDER}/rate-limits${block}.ts`, `${code}\nawait limiter.ready();\nawait limiter.close();\n`);
    const tsx = ['--import', 'tsx', '--conditions=@redis-functions/source', `rate-limits${block}.ts`];
    const { stderr } = await run(process.execPath, tsx, { cwd: FOLDER });
    expect(stderr).toBe('');
  });

  it.each([
    'quick-start-your-own-lua0',
    'packages-rate-limit-README0',
    'packages-session-README0',
    'packages-cart-README0',
  ])('shows code that can be run as it is, %s', async (block) => {
    const tsx = ['--import', 'tsx', '--conditions=@redis-functions/source', `${block}.ts`];
    const { stderr } = await run(process.execPath, tsx, { cwd: FOLDER });
    expect(stderr).toBe('');
  });

  it('shows sessions that can be run as they are', async () => {
    const service = readFileSync(`${FOLDER}/sessions4.ts`, 'utf8');
    expect(service).toContain("from '@redis-functions/session'");
    const tsx = ['--import', 'tsx', '--conditions=@redis-functions/source', 'sessions4.ts'];
    const { stdout, stderr } = await run(process.execPath, tsx, { cwd: FOLDER });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/handle: .* 1 1\./s);
  });

  it('shows carts that can be run as they are', async () => {
    await redis.command('FLUSHALL');
    const output = async (block: string) => {
      const tsx = ['--import', 'tsx', '--conditions=@redis-functions/source', block];
      const { stdout, stderr } = await run(process.execPath, tsx, { cwd: FOLDER });
      expect(stderr).toBe('');
      return stdout;
    };
    expect(await output('carts0.ts')).toBe('2 lines, 3750\ncommitted 0\n');
    expect(await output('carts1.ts')).toBe('nothing to pay\nonPaid onGivenUp\n');
  });
});

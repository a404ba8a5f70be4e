import { execFile, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
/** For jest as well, and its workers: packages are sources here. */
const OPTIONS = ['--import', 'tsx', '--conditions=@redis-functions/source'];
const main = path('../src/main.ts');
/** What node is given to run the program from its sources. */
export const PROGRAM: readonly string[] = [...OPTIONS, main];

/** A project of a user, inside the repository, so that packages are found; git-ignored. */
export class Project {
  readonly folder: string;
  /** For what is run in it. */
  env: NodeJS.ProcessEnv = {};

  constructor(name: string, files: Readonly<Record<string, string>> = {}) {
    this.folder = path(`../../../.cache/${name}`);
    this.remove();
    mkdirSync(this.folder, { recursive: true });
    for (const [file, content] of Object.entries(files)) this.write(file, content);
  }

  write(file: string, content: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true });
    writeFileSync(join(this.folder, file), content);
  }

  /** Runs the program as a process of its own, in the project. */
  async run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    return promisify(execFile)(process.execPath, [main, ...argv], this.#options).then(
      ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
      ({ code, stdout, stderr }) => ({ code, out: stdout, err: stderr }),
    );
  }

  start(...argv: string[]) {
    return spawn(process.execPath, [main, ...argv], this.#options);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #options() {
    const { REDIS_FUNCTIONS_COVERAGE: _, ...env } = process.env;
    return { cwd: this.folder, env: { ...env, ...this.env, NODE_OPTIONS: OPTIONS.join(' ') } };
  }
}

/** The sandbox of Jest takes packages from their sources as well. */
export const FROM_SOURCES = `--testEnvironmentOptions=${JSON.stringify({
  customExportConditions: ['@redis-functions/source', 'node', 'node-addons'],
})}`;

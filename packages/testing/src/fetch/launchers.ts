import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServerFetchError } from '../errors.js';

const PROGRAM = /^(?:redis|valkey)-(?:server|cli|benchmark|check-aof|check-rdb)$/;

/**
 * Scripts in `bin` that start the programs in `root` with its libraries and its loader, since the system's C library may
 * be older. They find `root` beside themselves, so the folder can move; `exec` keeps the process id.
 */
export function writeLaunchers(folder: string): void {
  const root = join(folder, 'root');
  const libraries = ['usr/lib', 'lib'].flatMap((base) =>
    list(join(root, base))
      .filter((name) => name.includes('-linux-gnu'))
      .map((name) => join(base, name)),
  );
  // not lib64/ld-…, which may be an absolute link to the system's own
  const loader = libraries
    .flatMap((library) => list(join(root, library)).map((file) => join(library, file)))
    .find((path) => /\/ld-linux[^/]*\.so\.\d+$/.test(path));
  if (loader === undefined) throw new ServerFetchError('its packages came without a C library');
  mkdirSync(join(folder, 'bin'));
  for (const program of list(join(root, 'usr/bin')).filter((name) => PROGRAM.test(name))) {
    const launcher = join(folder, 'bin', program);
    const libraryPath = libraries.map((library) => `$root/${library}`).join(':');
    const lines = [
      '#!/bin/sh',
      `root=\${0%/*}/../root`,
      `exec "$root/${loader}" --argv0 ${program} --library-path "${libraryPath}" "$root/usr/bin/${program}" "$@"`,
    ];
    writeFileSync(launcher, `${lines.join('\n')}\n`);
    chmodSync(launcher, 0o755);
  }
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

import { defineLibrary, type Library } from '@redis-functions/core';
import { mylib } from '../libraries/mylib.js';
import type { Change } from './view.js';

const LACKING = /^redis\.register_function\('decrement_counter'.*\n/m;

const RELEASES: Readonly<Record<Change, (newest: string) => string>> = {
  next: (newest) => codeOf(nextMinor(newest)),
  current: () => mylib.code,
  incomplete: (newest) => codeOf(nextMinor(newest)).replace(LACKING, ''),
  edited: (newest) => `${codeOf(newest)}-- changed without a new version\n`,
};

/** A release of the counter library, where this version is the newest: always our own file. Nobody's text is taken. */
export function releaseOf(change: Change, newest: string): Library {
  return defineLibrary({ code: RELEASES[change](newest), functions: { hello: mylib.functions.hello } });
}

function codeOf(version: string): string {
  return mylib.code.replaceAll(String(mylib.version), version);
}

function nextMinor(version: string): string {
  const [major = 1, minor = 0] = version.split('.').map(Number);
  return `${major}.${minor + 1}.0`;
}

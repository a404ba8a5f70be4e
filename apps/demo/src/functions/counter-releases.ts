import { defineLibrary, type Library } from '@redis-functions/core';
import { mylib } from '../libraries/mylib.js';
import type { Change } from './view.js';

const LACKING = /^redis\.register_function\('decrement_counter'.*\n/m;

/** A release of the counter library after this version: our own file, said to be newer. Nobody's text is taken. */
export function releaseAfter(version: string, change: Change): Library {
  const newer = mylib.code.replaceAll(String(mylib.version), nextMinor(version));
  const code = change === 'next' ? newer : newer.replace(LACKING, '');
  return defineLibrary({ code, functions: { hello: mylib.functions.hello } });
}

function nextMinor(version: string): string {
  const [major = 1, minor = 0] = version.split('.').map(Number);
  return `${major}.${minor + 1}.0`;
}

import { registrationsIn } from '@redis-functions/core';
import { readTexts } from '../libraries/read-texts.js';
import { readLibrary } from '../lint/library.js';
import { CliError } from '../output/cli-error.js';
import type { DebuggedFunction } from './script.js';

/** The function of a library file. @throws CliError for what is no library, or has no such function. */
export async function readTarget(file: string, functionName: string): Promise<DebuggedFunction> {
  const [found, ...others] = await readTexts([file]);
  if (!found || others.length > 0) throw new CliError(`${file} is a folder of several libraries. Name one file.`, 2);
  const { code } = found;
  if (!/^#!lua[ \t].*name=.*\n/i.test(code)) {
    throw new CliError(`${file} is no library. Begin it with "#!lua name=NAME" and a line break.`);
  }
  const registered = registrationsIn(code);
  if (!registered) throw new CliError(`${file} is not Lua 5.1, which servers run. luac5.1 -p shows where.`);
  // servers do not tell functions apart by capital letters
  const meant = registered.find(({ name }) => name.toLowerCase() === functionName.toLowerCase());
  if (meant) return { code, name: meant.name, flags: meant.flags ?? [] };
  const calls = readLibrary(code).serverCalls.filter(({ member }) => member === 'register_function');
  // one whose name is not written out may be it: the server will know
  if (calls.length > registered.length && /^\w+$/.test(functionName)) return { code, name: functionName, flags: [] };
  const names = registered.map(({ name }) => name).sort();
  throw new CliError(`${file} has no function ${functionName}. It has: ${names.join(', ') || 'none'}.`);
}

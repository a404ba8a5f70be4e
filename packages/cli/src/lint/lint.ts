import type { Finding } from './finding.js';
import { readLibrary } from './library.js';
import { check } from './rules.js';

/** `-- redis-functions-disable-next-line CODE reason` */
const DISABLED = /^[ \t]*--[ \t]*redis-functions-disable-next-line[ \t]+([\w-]+)[ \t]+\S/;

/** What is wrong with a library, in the order of the text. Sends nothing anywhere. */
export function lint(code: string): readonly Finding[] {
  try {
    const lines = code.split('\n');
    return check(readLibrary(code)).filter(({ code, line }) => DISABLED.exec(lines[line - 2] ?? '')?.[1] !== code);
  } catch (error) {
    const { message, line = 1, column = 0 } = error as Error & { line?: number; column?: number };
    const reason = message.replace(/^\[\d+:\d+\] /, '');
    return [
      { code: 'syntax', line, column: column + 1, message: `This is not Lua 5.1, which servers run: ${reason}.` },
    ];
  }
}

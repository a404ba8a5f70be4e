import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { lint } from '../src/lint/lint.js';
import { RULES } from '../src/lint/rules.js';
import { examples, headings } from './lint-page.js';
import { runCli } from './terminal.js';

const codes = (text: string) => lint(text).map(({ code }) => code);
const header = '#!lua name=lib\n-- @version 1.0.0\n';

describe('lint', () => {
  it('has a heading for each rule, and no other', () => {
    expect(headings.toSorted()).toEqual(Object.keys(RULES).sort());
    expect(examples('bad').map(([code]) => code)).toEqual(headings);
    expect(examples('good').map(([code]) => code)).toEqual(headings);
  });

  it.each(examples('bad'))('finds %s, and nothing else, in the bad example of its page', (code, example) => {
    expect(codes(example)).toEqual([code]);
  });

  it.each(examples('good'))('finds nothing in the good example of %s', (_code, example) => {
    expect(lint(example)).toEqual([]);
  });

  it('counts locals of the file and of each function', () => {
    const locals = (count: number) => Array.from({ length: count }, (_, i) => `local a${i} = ${i}`).join('\n');
    const register = "redis.register_function('f', function() return 1 end)\n";
    expect(codes(`${header}${locals(200)}\n${register}`)).toEqual([]);
    expect(codes(`${header}${locals(201)}\n${register}`)).toEqual(['too-many-locals']);
    expect(codes(`${header}redis.register_function('f', function()\n${locals(201)}\nreturn 1 end)`)).toEqual([
      'too-many-locals',
    ]);
  });

  it('says where, and what is no Lua', () => {
    const text = `${header}redis.register_function('f', function(keys)\n  return redis.call('DEL', 'a' .. keys[1])\nend)`;
    expect(lint(text)).toMatchObject([{ code: 'undeclared-key', line: 4, column: 28 }]);
    expect(lint('#!lua name=a\nlocal = 1')).toMatchObject([{ code: 'syntax', line: 2, column: 7 }]);
    expect(lint('')).toHaveLength(3);
  });

  it('leaves out what a comment gives a reason for', () => {
    const on = (comment: string) =>
      codes(
        `${header}redis.register_function('f', function(keys)\n  ${comment}\n  return redis.call('DEL', 'fixed')\nend)`,
      );
    expect(on('-- redis-functions-disable-next-line undeclared-key one key for all')).toEqual([]);
    expect(on('-- redis-functions-disable-next-line undeclared-key')).toEqual(['undeclared-key']);
    expect(on('-- redis-functions-disable-next-line math-random no reason here')).toEqual(['undeclared-key']);
  });

  it('sees through local functions, and stays silent about what it cannot see', () => {
    const helper = (body: string, flags: string) =>
      `${header}local function read(key) ${body} end\nredis.register_function{ function_name = 'f', flags = { ${flags} }, callback = function(keys) return read(keys[1]) end }`;
    expect(codes(helper("return redis.call('GET', key)", ''))).toEqual(['missing-no-writes']);
    expect(codes(helper("return redis.call('SET', key, 1)", "'no-writes'"))).toEqual(['write-in-no-writes']);
    expect(codes(helper("return redis.call('JSON.GET', key)", ''))).toEqual([]);
    expect(codes(helper('return redis.call(key)', ''))).toEqual([]);
  });

  it('finds nothing in our own libraries', async () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const folders = ['packages/rate-limit', 'packages/session', 'packages/cart', 'apps/demo'];
    const { code, out } = await runCli(['lint', ...folders.map((folder) => `${root}/${folder}/lua`)]);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^\d+ files: nothing found\.\n$/) });
  });
});

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

  it('counts no locals of blocks that have ended', () => {
    const block = (i: number) => `do\n${Array.from({ length: 150 }, (_, j) => `local a${i}_${j} = 1`).join('\n')}\nend`;
    const in_ = (body: string) => codes(`${header}redis.register_function('f', function()\n${body}\nreturn 1 end)`);
    expect(in_(`${block(0)}\n${block(1)}`)).toEqual([]);
    expect(in_(`${block(0).slice(0, -3)}\nfor i = 1, 2 do\n${block(1)}\nend\nend`)).toEqual(['too-many-locals']);
  });

  it('knows what runs while a library is loaded', () => {
    const library = (body: string) =>
      codes(
        `${header}local function f() ${body} end\nlocal x = f()\nredis.register_function('f', function() return x end)`,
      );
    expect(library('return math.floor(1.5)')).toEqual(['load-time-global']);
    expect(library('return function() return math.floor(1.5) end')).toEqual([]);
    expect(codes(`${header}local x = KEYS\nredis.register_function('f', function() return x end)`)).toEqual([
      'unknown-global',
    ]);
  });

  it('reads tables with what is set in them later, and lists in lists', () => {
    const body = (text: string) => codes(`${header}redis.register_function('f', function(keys) ${text} end)`);
    expect(body("local e = {} e.err = 'CODE why' error(e)")).toEqual([]);
    expect(body('error({ err = true })')).toEqual(['error-table']);
    expect(body("return { 'OK', { total = 1 } }")).toEqual(['string-keyed-reply']);
    expect(body("return { 'OK', { 1, nil, 2 } }")).toEqual(['nil-in-reply']);
    expect(body('return -1.5')).toEqual(['float-reply']);
    expect(body("local r = redis.call('HGETALL', keys[1]) r.n = 1 redis.call('DEL', keys[1]) return r.n")).toEqual([]);
    expect(body("local s = redis.call('GET', keys[1]) redis.call('DEL', keys[1]) return s.sub(s, 2)")).toEqual([]);
  });

  it('takes first lines as servers do', () => {
    const of = (first: string) =>
      codes(`${first}\n-- @version 1.0.0\nredis.register_function('f', function() return 1 end)`);
    for (const first of ['#!lua name=lib ', '#!LUA  name="lib"', "#!lua name='lib'", '#!lua name=lib\r']) {
      expect(of(first)).toEqual([]);
    }
    for (const first of ['#! lua name=lib', '#!lua', '#!lua name=my-lib']) {
      expect(of(first)).toContain('missing-header');
    }
  });

  it('looks at the fields of a registration that is written out', () => {
    const of = (table: string) =>
      codes(`${header}local function f() return 1 end\nlocal more = {}\nredis.register_function(${table})`);
    expect(of("{ function_name = 'f' }")).toEqual(['registration-field']);
    expect(of('{ callback = f }')).toEqual(['registration-field']);
    expect(of("{ ['function_name'] = 'f', callback = f }")).toEqual([]);
    expect(of('more')).toEqual([]);
  });

  // written for this test, in the ways that public libraries are written in
  it('finds nothing in libraries as other people write them', async () => {
    const { code, out } = await runCli(['lint', fileURLToPath(new URL('libraries', import.meta.url))]);
    expect({ code, out }).toEqual({ code: 0, out: '5 files: nothing found.\n' });
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

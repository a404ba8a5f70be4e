import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import { serveTcp } from '../src/debug/dap/serve.js';
import { DapClient } from './dap-client.js';
import { runCli } from './terminal.js';

const folder = mkdtempSync(join(tmpdir(), 'redis-functions-debug-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COUNTER = `#!lua name=counter
-- @version 1.0.0
local calls = 0

local function double(number)
  local twice = number * 2
  return twice
end

local function add(keys, args)
  calls = calls + 1
  local amount = double(tonumber(args[1]))
  local at = 1795369791123456
  redis.call('SET', keys[1], amount)
  local list = { amount, 'a;"b"\\n', name = 'x', deep = { 0.1, true } }
  redis.log(redis.LOG_NOTICE, 'amount', amount)
  for i = 1, 2 do
    amount = amount + i
  end
  return { amount, list.name, at }
end

redis.register_function('counter_add', add)
redis.register_function{ function_name = 'counter_fail', callback = function(keys, args)
  local key = keys[1]
  return redis.call('INCRBY', key, 'x')
end, flags = { 'no-writes' } }
redis.register_function('counter_loop', function(keys, args)
  local turns = 0
  while true do
    turns = turns + 1
  end
end)
`;
const counter = join(folder, 'counter.lua');
writeFileSync(counter, COUNTER);
const library = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

type Typed = NonNullable<Parameters<typeof runCli>[1]>['typed'];

describe.each(availableServers())('debug on $name', ({ path }) => {
  let redis: RedisServer;
  const debug = (functionName: string, typed: Typed, more: readonly string[] = [], answer?: boolean) =>
    runCli(['debug', counter, functionName, '--key', 'k', '--arg', '5', '--url', redis.url, ...more], {
      typed,
      answer,
    });
  beforeAll(async () => {
    redis = await startRedis({ server: path });
  });
  beforeEach(() => redis.command('FLUSHALL'));
  afterAll(() => redis.stop());

  it('steps into, over and out of functions, from the first line to the reply', async () => {
    const { code, out, err } = await debug('counter_add', ['n', 's', 't', 'o', 'n', '', 'n', 'c']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const stops = [...out.matchAll(/counter\.lua:(\d+) in (\w+)/g)].map(([, line, name]) => `${name} ${line}`);
    expect(stops).toEqual(['add 11', 'add 12', 'double 6', 'add 13', 'add 14', 'add 15', 'add 16']);
    expect(out).toContain('-> 6    local twice = number * 2');
    expect(out).toContain('double, line 6\nadd, line 12\n');
    expect(out).toContain('  SET k 10  =>  "+OK"\n');
    expect(out).toContain('  log notice: amount 10\n');
    expect(out).toContain('returned:\n1) (integer) 13\n2) "x"\n3) (integer) 1795369791123456\nNothing that it wrote');
  });

  it('shows variables as they are, and evaluates with them', async () => {
    const typed = ['p', 'p calls', 'p list.deep', 'e double(at) - at', 'e list[2] .. #keys', 'e nonsense()', 'p none'];
    const { out } = await debug(
      'counter_add',
      [...typed, 'e redis.call("NONE")', 'e error({})', 'q'],
      ['--break', '16'],
    );
    expect(out).toContain('  amount = 10\n  at = 1795369791123456\n');
    expect(out).toContain('  list = {10, "a;\\"b\\"\\n", deep = {0.1, true}, name = "x"}\n');
    expect(out).toContain('of the functions around:\n  calls = 1\n');
    expect(out).toContain('\ncalls = 1\n');
    expect(out).toContain('list.deep = {0.1, true}\n');
    expect(out).toContain('\n1795369791123456\n"a;\\"b\\"\\n1"\n(error) ');
    expect(out).toContain('There is no variable none here.');
    expect(out).toMatch(/\(error\) "ERR Unknown .*command/);
    expect(out).toContain('counter_add was aborted. Nothing that it wrote is kept.');
  });

  it('stops at breakpoints, and moves those that nothing would stop at', async () => {
    const typed = ['b', 'b 9', 'b 18', 'b 99', 'b x', 'c', 'p i', 'c', 'p i', 'b -18', 'b -18', 'c'];
    const { code, out } = await debug('counter_add', typed, ['--break', '5']);
    expect(code).toBe(0);
    expect(out).toContain('counter.lua:6 in double, breakpoint');
    expect(out).toContain('6  local twice = number * 2\n');
    expect(out).toContain('Nothing happens in line 9: breakpoint at line 11.');
    expect(out).toContain('Nothing happens in line 99 or after it.');
    expect(out).toContain('x is no line.');
    expect(out).toContain('i = 1\n');
    expect(out).toContain('i = 2\n');
    expect(out).toContain('There is no breakpoint at line 18.');
    expect(await debug('counter_add', [], ['--break', '60'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('Choose another --break'),
    });
  });

  it('rolls back whatever is written, by the function or by hand, however it ends', async () => {
    await redis.command('SET', 'k', 'before');
    const ends = [
      ['c'],
      ['n', 'n', 'n', 'n', 'r GET k', 'r SET other "two words"', 'r GET other', 'q'],
      ['n', 'n', 'n', 'n'],
    ];
    const ran = [];
    for (const typed of ends) ran.push(await debug('counter_add', typed));
    expect(ran.map(({ code }) => code)).toEqual([0, 0, 1]);
    expect(ran[1]?.out).toContain('"10"\n');
    expect(ran[1]?.out).toContain('"two words"\n');
    expect(ran[2]?.err).toContain('The input ended before the function did: it was aborted.');
    expect(await redis.command('GET', 'k')).toBe('before');
    expect(await redis.command('DBSIZE')).toBe(1);
  });

  it('keeps what is written only where that is meant', async () => {
    expect(await debug('counter_add', ['c'], ['--commit'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('Add --yes'),
    });
    expect(await debug('counter_add', ['c'], ['--commit'], false)).toMatchObject({
      code: 1,
      err: 'Nothing was done.\n',
    });
    expect(await redis.command('DBSIZE')).toBe(0);
    const { code, out } = await debug('counter_add', ['c'], ['--commit'], true);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('What it wrote is kept.') });
    expect(await redis.command('GET', 'k')).toBe('10');
  });

  it('says where a function failed, and keeps its flags in force', async () => {
    const { code, out, err } = await debug('COUNTER_FAIL', ['c'], ['--json']);
    expect(code).toBe(1);
    expect(err).toContain('counter.lua:25 in counter_fail');
    expect(JSON.parse(out)).toMatchObject({
      function: 'counter_fail',
      outcome: 'failed',
      kept: false,
      error: { line: 26, message: expect.stringContaining('Write commands are not allowed') },
    });
  });

  it('says what happened where the server ends in the middle', async () => {
    const mortal = await startRedis({ server: path });
    try {
      const forked = async () => {
        await mortal.kill();
        return 'p';
      };
      // the fork that is debugged outlives its parent: only the one that serves goes with it
      const typed = ['n', forked, 'n', 'c'];
      const { code, err } = await runCli(
        ['debug', counter, 'counter_add', '--key', 'k', '--arg', '5', '--commit', '--yes', '--url', mortal.url],
        { typed },
      );
      expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^The connection to redis:.* is lost/) });
    } finally {
      await mortal.stop();
    }
  });

  it('debugs large libraries', async () => {
    await redis.command('HSET', 'stock:{1}', 'A1', '10');
    const add = ['debug', library('cart/lua/cart.lua'), 'cart_add', '--key', 'cart:{1}', '--key', 'stock:{1}'];
    const added = await runCli([...add, '--arg', 'A1', '--arg', '2', '--url', redis.url], {
      typed: ['n', 'p work', 'e work.version', 'c'],
    });
    expect(added).toMatchObject({ code: 0, err: '' });
    expect(added.out).toContain('1) "OK"\n2) (integer) 2\n');
    expect(added.out).toMatch(/ {2}HSET cart:\{1\} /);
    expect(await redis.command('EXISTS', 'cart:{1}')).toBe(0);
    const consume = ['debug', library('rate-limit/lua/ratelimiter.lua'), 'ratelimiter_consume', '--key', 'rl:a'];
    const args = ['tb', '10', '60000', '1'].flatMap((arg) => ['--arg', arg]);
    const consumed = await runCli([...consume, ...args, '--url', redis.url, '--json'], { typed: ['s', 's', 'o', 'c'] });
    expect(consumed.err).toContain('ratelimiter.lua:');
    expect(JSON.parse(consumed.out)).toMatchObject({ outcome: 'returned', reply: [1, 0, 9, 0, expect.any(Number)] });
  });

  it('debugs a file with as many variables as it can have, and says what is too many', async () => {
    const withLocals = (count: number) => {
      const file = join(folder, `of-${count}.lua`);
      const own = Array.from({ length: count - 1 }, (_, n) => `local of_${n} = ${n}`).join('\n');
      const called =
        "local function called(keys)\n  return of_1 + #keys\nend\nredis.register_function('called', called)";
      writeFileSync(file, `#!lua name=many\n-- @version 1.0.0\ndo local a, b = 1, 2 end\n${own}\n${called}\n`);
      return runCli(['debug', file, 'called', '--key', 'k', '--url', redis.url], { typed: ['p of_1', 'c'] });
    };
    for (const count of [150, 198, 199]) {
      const { code, out, err } = await withLocals(count);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/\(integer\) 2\n/);
    }
    const { code, err } = await withLocals(200);
    expect(code).toBe(1);
    expect(err).toContain(
      'The file has 200 local variables of its own. Lua has room for 200, and the debugger needs 1',
    );
  });

  it('lets an editor debug, by the Debug Adapter Protocol', async () => {
    const server = await serveTcp(0, { url: redis.url, timeout: 10_000 }, { env: {} } as never);
    const editor = new DapClient(server.port);
    try {
      await editor.request('initialize', { adapterID: 'redis-functions', pathFormat: 'path' });
      editor.send('launch', { program: counter, function: 'counter_add', keys: ['k'], args: ['5'] });
      await editor.event('initialized');
      const source = { path: counter };
      const { breakpoints } = await editor.request('setBreakpoints', {
        source,
        breakpoints: [{ line: 4 }, { line: 16 }, { line: 999 }],
      });
      expect(breakpoints).toMatchObject([
        { verified: true, line: 6 },
        { verified: true, line: 16 },
        { verified: false, message: expect.any(String) },
      ]);
      await editor.request('setBreakpoints', { source, breakpoints: [{ line: 6 }, { line: 16 }] });
      await editor.request('configurationDone');
      expect(await editor.event('stopped')).toMatchObject({ reason: 'breakpoint', threadId: 1 });
      expect(await editor.request('threads')).toEqual({ threads: [{ id: 1, name: 'counter_add' }] });
      const { stackFrames } = await editor.request('stackTrace', { threadId: 1 });
      expect(stackFrames).toMatchObject([
        { name: 'double', line: 6, source: { path: counter } },
        { name: 'add', line: 12 },
      ]);
      const { scopes } = await editor.request('scopes', { frameId: 1 });
      const { variables: outer } = await editor.request('variables', scopes[0]);
      expect(outer).toMatchObject([{ name: 'keys' }, { name: 'args', value: '{"5"}' }]);
      await editor.request('stepOut', { threadId: 1 });
      expect(await editor.event('stopped')).toMatchObject({ reason: 'step' });
      await editor.request('continue', { threadId: 1 });
      await editor.event('stopped');
      expect(editor.outputs).toContain('SET k 10  =>  "+OK"\n');
      const here = (await editor.request('scopes', { frameId: 0 })).scopes;
      const { variables } = await editor.request('variables', here[0]);
      const list = variables.find(({ name }: { name: string }) => name === 'list');
      expect((await editor.request('variables', list)).variables).toMatchObject([
        { name: '[1]', value: '10' },
        { name: '[2]', value: '"a;\\"b\\"\\n"' },
        { name: 'deep', value: '{0.1, true}' },
        { name: 'name', value: '"x"' },
      ]);
      expect((await editor.request('variables', here[1])).variables).toContainEqual(
        expect.objectContaining({ name: 'calls', value: '1' }),
      );
      expect(await editor.request('evaluate', { expression: 'amount + at' })).toMatchObject({
        result: '1795369791123466',
      });
      await expect(editor.request('evaluate', { expression: 'nonsense()' })).rejects.toThrow('nonsense');
      await editor.request('next', { threadId: 1 });
      await editor.event('stopped');
      await editor.request('continue', { threadId: 1 });
      expect(await editor.event('exited')).toEqual({ exitCode: 0 });
      await editor.event('terminated');
      expect(editor.outputs).toContain('1) (integer) 13\n');
      await editor.request('disconnect');
    } finally {
      editor.close();
      server.close();
    }
    await server.ended;
    expect(await redis.command('DBSIZE')).toBe(0);
  });

  it('lets an editor pause what runs, and go away', async () => {
    const server = await serveTcp(0, { url: redis.url, timeout: 10_000 }, { env: {} } as never);
    const editor = new DapClient(server.port);
    const start = async (more: object) => {
      await editor.request('initialize', { adapterID: 'redis-functions', pathFormat: 'path' });
      await editor.request('launch', { program: counter, function: 'counter_loop', ...more });
      await editor.request('configurationDone');
    };
    await expect(start({ function: 'none' })).rejects.toThrow('It has: counter_add, counter_fail, counter_loop.');
    await expect(start({ program: undefined })).rejects.toThrow('names no "program"');
    await start({ stopOnEntry: false });
    await editor.request('pause', { threadId: 1 });
    expect(await editor.event('stopped')).toMatchObject({ reason: 'pause' });
    editor.close();
    server.close();
    await server.ended;
    expect(await redis.command('CLIENT', 'LIST')).not.toContain('cmd=eval');
  });
});

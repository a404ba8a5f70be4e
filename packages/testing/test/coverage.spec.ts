import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineFunction, defineLibrary, RedisFunctions } from '@redis-functions/core';
import { FOLDER_VARIABLE } from '../src/coverage/folder.js';
import { countLines, readCoverage, toTable, writeReports } from '../src/coverage/index.js';
import { coverDefinitions } from '../src/coverage/with-coverage.js';
import { availableServers, type RedisServer, startCluster, startRedis, withCoverage } from '../src/index.js';
import { connect } from '../src/server/connection.js';
import { oneOfEach } from './matrix.js';
import { until } from './until.js';

let folder: string;
let restore: () => void;

/** Covers this process for one test. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coverage-'));
  const before = process.env[FOLDER_VARIABLE];
  process.env[FOLDER_VARIABLE] = join(folder, 'hits');
  const stop = coverDefinitions();
  restore = () => {
    stop();
    delete process.env[FOLDER_VARIABLE];
    if (before !== undefined) process.env[FOLDER_VARIABLE] = before;
    rmSync(folder, { recursive: true, force: true });
  };
});
afterEach(() => restore());

function write(name: string, code: string): string {
  const path = join(folder, name);
  writeFileSync(path, code);
  return path;
}

/** Hits by line, as reports have them. */
function linesOf(code: string): Record<number, number> {
  const path = write('library.lua', code);
  return readCoverage(join(folder, 'hits'), [path]).map.fileCoverageFor(path).getLineCoverage();
}

/** As the comments at the ends of the lines say: `--3`. */
function expected(code: string): Record<number, number> {
  const lines = code.split('\n').map((line, index) => [index + 1, / --(\d+)$/.exec(line)?.[1]] as const);
  return Object.fromEntries(lines.flatMap(([line, hits]) => (hits === undefined ? [] : [[line, Number(hits)]])));
}

async function load(redis: RedisServer, code: string): Promise<void> {
  await redis.command('FUNCTION', 'LOAD', 'REPLACE', withCoverage(code));
}

const call = (redis: RedisServer, name: string, ...args: string[]) => redis.command('FCALL', name, '0', ...args);

/** Every kind of statement. Called with a, b and nothing; the number of a line is how often it is run. */
const EVERYTHING = `#!lua name=everything
-- @version 1.0.0
local limit = 2 --1
local names, none = { 'a', 'b' } --1

--[[ not code:
if x then y() end
]]
local text = [[ --1
if this then is_text() end]]

local function choose(name) --1
  if name == 'a' then --3
    return 1 --1
  elseif name == 'b' then --2
    return 2 --1
  else
    return 3 --1
  end
end

local tools = { --1
  double = function(n) return n * 2 end, --3
  text = text,
}
function tools.loop(n) --1
  local sum = 0 --3
  for i = 1, n do --3
    sum = sum + i --6
    if i == limit then break end --6
  end
  for _, name in ipairs(names) do --3
    sum = sum + #name --6
  end
  while sum > 1000 do --3
    sum = 0 --0
  end
  repeat --3
    local done = true --3
  until (done or sum < 0) and #text > 0 --3
  do --3
    local inner = sum; sum = inner --3
  end
  return sum --3
end
function tools:method() --1
  (tools.double)(1); --3
  ("x"):rep(3) --3
  tools.none = nil --3
end
local function never() --1
  error('never') --0
end

redis.register_function('everything', function(keys, args) --1
  local name = args[1] --3
  if name == 'raise' then never() end --3
  tools:method() --3
  local result = choose(name) + --3
    tools.loop(5)
  if not result then --3
  elseif result > 100 then redis.log(redis.LOG_WARNING, 'much') --3
  end
  return redis.call('ECHO', result) --3
end)
redis.register_function{ --1
  function_name = 'silent', flags = { 'no-writes' },
  callback = function() end,
}
`;

/** The number of the first line with this in it. */
const lineOf = (part: string) => EVERYTHING.split('\n').findIndex((line) => line.includes(part)) + 1;

describe.each(availableServers())('line coverage on $name', ({ path }) => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis({ server: path });
  });
  afterEach(() => redis.stop());

  it('counts every kind of statement, and changes neither replies nor what the server prints', async () => {
    const plain = await startRedis({ server: path });
    await plain.command('FUNCTION', 'LOAD', EVERYTHING);
    await load(redis, EVERYTHING);
    for (const name of ['a', 'b', '']) {
      expect(await call(redis, 'everything', name)).toEqual(await call(plain, 'everything', name));
    }
    expect(redis.log).not.toContain('coverage');
    await Promise.all([plain.stop(), redis.stop()]);
    expect(linesOf(EVERYTHING)).toEqual(expected(EVERYTHING));
  });

  it('leaves line numbers of errors as they are', async () => {
    const plain = await startRedis({ server: path });
    const code = [
      '#!lua name=faults',
      'local function deep(t) local x = 1; return t.a.b end',
      'redis.register_function("faults", function(keys, args)',
      '  if args[1] == "error" then error("raised") end',
      '  if args[1] == "index" then deep({}) end',
      '  if args[1] == "reply" then return redis.error_reply("REFUSED no") end',
      '  local value = args[1] == "call" and redis.call("NOSUCH")',
      '  if not args[1] then',
      '  elseif undefined.field then end',
      '  return value',
      'end)',
    ].join('\n');
    await plain.command('FUNCTION', 'LOAD', code);
    await load(redis, code);
    for (const how of ['error', 'index', 'reply', 'call', 'cond']) {
      const said = (server: RedisServer) => call(server, 'faults', how).catch(({ message }: Error) => message);
      const message = await said(redis);
      expect(message).toEqual(await said(plain));
      expect(message).toMatch(/:\d+|REFUSED/);
    }
    await Promise.all([plain.stop(), redis.stop()]);
    // with nobody calling it again, the statement that raised is counted: as well
    expect(linesOf(code)).toEqual({ 2: 1, 3: 1, 4: 5, 5: 4, 6: 3, 7: 2, 8: 1, 9: 1, 10: 0 });
  });

  it('keeps what was counted before a flush, a reload and a crash', async () => {
    const code = "#!lua name=one\nredis.register_function('one', function()\n  return 1\nend)\n";
    await load(redis, code);
    await call(redis, 'one');
    await redis.command('FUNCTION', 'FLUSH');
    await load(redis, code);
    await call(redis, 'one');
    await load(redis, code);
    await call(redis, 'one');
    await redis.kill();
    await redis.restart();
    await load(redis, code);
    await call(redis, 'one');
    await redis.stop();
    expect(linesOf(code)).toEqual({ 2: 4, 3: 4 });
  });

  it('counts many hits an eighth too low at most, and writes little about them', async () => {
    const code =
      '#!lua name=many\nredis.register_function("many", function()\n  for i = 1, 100000 do\n    local x = i\n  end\nend)\n';
    await load(redis, code);
    await call(redis, 'many');
    await redis.stop();
    const { 4: hits } = linesOf(code);
    expect(hits).toBeLessThanOrEqual(100_000);
    expect(hits).toBeGreaterThan(100_000 * (1 - 1 / 8));
  });

  it.each(['functions', 'scripts'] as const)('counts libraries of core in %s mode', async (mode) => {
    const library = defineLibrary({
      code: EVERYTHING,
      functions: {
        everything: defineFunction('everything', {
          encode: (name: string) => ({ keys: [], args: [name] }),
          decode: Number,
        }),
      },
    });
    const functions = new RedisFunctions({ url: redis.url, mode });
    const { everything } = functions.use(library);
    expect(await Promise.all([everything('a'), everything('b'), everything('')])).toEqual([6, 7, 8]);
    await expect(everything('raise')).rejects.toMatchObject({ line: lineOf('error(') });
    await functions.close();
    await redis.stop();
    // a script is loaded for every call
    const loads = mode === 'functions' ? 1 : 4;
    const lines = linesOf(EVERYTHING);
    expect(lines[lineOf('local function choose')]).toBe(loads);
    expect(lines[lineOf("if name == 'a'")]).toBe(3);
    expect(lines[lineOf("error('never')")]).toBe(1);
    expect(lines[lineOf("return redis.call('ECHO'")]).toBe(3);
  });
});

describe.each(oneOfEach())('line coverage of a cluster on $name', ({ path }) => {
  it('adds up what all primaries and replicas ran', async () => {
    const cluster = await startCluster({ server: path, replicas: 1 });
    const code =
      "#!lua name=where\nredis.register_function{ function_name = 'where', flags = { 'no-writes' }, callback = function(keys)\n  return redis.call('GET', keys[1])\nend }\n";
    try {
      for (const primary of await cluster.primaries()) await load(primary, code);
      for (const key of ['a', 'b', 'c', 'd']) {
        const owner = await cluster.ownerOf(key);
        await owner.command('FCALL', 'where', '1', key);
        const [replica] = await cluster.replicasOf(owner);
        const { send, close } = await connect(replica as RedisServer);
        await send('READONLY');
        await until(async () => String(await send('FUNCTION', 'LIST')) !== '');
        await send('FCALL_RO', 'where', '1', key);
        close();
      }
    } finally {
      await cluster.stop();
    }
    expect(linesOf(code)).toMatchObject({ 3: 8 });
  });
});

describe('a report', () => {
  it('has files that nobody called, lines and branches, as a table and for tools', async () => {
    const library = write('lib.lua', EVERYTHING);
    const { map, notes } = readCoverage(join(folder, 'hits'), [folder]);
    expect(notes).toEqual([]);
    expect(countLines(map)).toMatchObject({ covered: 0, percent: 0 });
    expect(toTable(map)).toMatch(/lib\.lua +\| +0 \| +0 \| +0 \| +0 \|/);
    const redis = await startRedis();
    await load(redis, EVERYTHING);
    await call(redis, 'everything', 'a');
    await redis.stop();
    const after = readCoverage(join(folder, 'hits'), [folder]).map;
    const [lcov = '', json = ''] = writeReports(after, join(folder, 'out'), folder);
    expect(readFileSync(lcov, 'utf8')).toMatch(/^SF:lib\.lua$[\s\S]*^FN:12,choose$[\s\S]*^DA:14,1$[\s\S]*^DA:16,0$/m);
    // the if of line 13: only its first arm
    expect(readFileSync(lcov, 'utf8')).toMatch(/^BRDA:13,0,0,1\nBRDA:13,0,1,0\nBRDA:13,0,2,0$/m);
    expect(JSON.parse(readFileSync(json, 'utf8'))).toHaveProperty([library, 'fnMap', '0', 'name'], 'choose');
  });

  it('says what it cannot count', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `local v${index} = ${index}`).join('\n');
    write('many.lua', `#!lua name=many\n${many}\nredis.register_function('many', function() end)\n`);
    write('broken.lua', '#!lua name=broken\nlocal = 1\n');
    const redis = await startRedis();
    await load(redis, "#!lua name=inline\nredis.register_function('inline', function() return 1 end)\n");
    await call(redis, 'inline');
    await redis.stop();
    const { notes, map } = readCoverage(join(folder, 'hits'), [folder]);
    expect(map.files()).toEqual([]);
    expect(notes).toEqual([
      expect.stringMatching(/broken\.lua is not counted: it is not Lua 5\.1/),
      expect.stringMatching(/many\.lua is not counted: it has 200 local variables/),
      expect.stringContaining('Library inline was also called with a text that is none of the files'),
    ]);
  });

  it('leaves a text alone while nothing is covered', () => {
    delete process.env[FOLDER_VARIABLE];
    expect(withCoverage(EVERYTHING)).toBe(EVERYTHING);
  });
});

/** What runs the tests of a project. */
export type Runner = 'jest' | 'node';

/** The files of a new library, by their paths: a counter, which is small and has everything in its place. */
export function filesFor(name: string, runner: Runner): Readonly<Record<string, string>> {
  return {
    [`lua/${name}.lua`]: luaFor(name),
    [`src/${name}.ts`]: bindingFor(name),
    [`test/${name}.test.ts`]: runner === 'jest' ? jestTestFor(name) : testFor(name),
  };
}

function luaFor(name: string): string {
  return `#!lua name=${name}
-- @version 1.0.0
--
--   ${name}_add   counter   amount (a whole number from 1)   → OK, new value · TOO_LARGE
--   ${name}_get   counter                                    → OK, value                              no-writes
--
-- Refusals are replies that begin with a code; errors are for calls that could never work.
-- Errors: INVALID_ARGUMENT with the argument's name.

local MOST = 9007199254740991

local function invalid(argument)
  return redis.error_reply('INVALID_ARGUMENT ' .. argument .. ' is missing or wrong')
end

-- nothing is written before everything is checked: a function has no rollback
local function add(keys, args)
  local amount = (args[1] or ''):match('^[1-9]%d*$') and #args[1] <= 15 and tonumber(args[1])
  if not keys[1] then return invalid('counter') end
  if not amount then return invalid('amount') end
  local value = tonumber(redis.call('GET', keys[1]) or 0)
  if value + amount > MOST then return { 'TOO_LARGE' } end
  return { 'OK', redis.call('INCRBY', keys[1], amount) }
end

local function get(keys)
  if not keys[1] then return invalid('counter') end
  return { 'OK', tonumber(redis.call('GET', keys[1]) or 0) }
end

redis.register_function('${name}_add', add)
redis.register_function{ function_name = '${name}_get', callback = get, flags = { 'no-writes' } }
`;
}

function bindingFor(name: string): string {
  return `import { readFileSync } from 'node:fs';
import { defineFunction, defineLibrary, toArray, toInteger } from '@redis-functions/core';

/** The library \`${name}\`. Contract: lua/${name}.lua. */
export const ${toIdentifier(name)} = defineLibrary({
  code: readFileSync(new URL('../lua/${name}.lua', import.meta.url), 'utf8'),
  functions: {
    /** The new value; null where it would be too large. */
    add: defineFunction('${name}_add', {
      encode: (counter: string, amount = 1) => ({ keys: [counter], args: [amount] }),
      decode: (reply): number | null => {
        const [code, value] = toArray(reply);
        return code === 'OK' ? toInteger(value) : null;
      },
    }),
    get: defineFunction('${name}_get', {
      encode: (counter: string) => ({ keys: [counter] }),
      decode: (reply): number => toInteger(toArray(reply)[1]),
      readOnly: true,
    }),
  },
});
`;
}

function testFor(name: string): string {
  const library = toIdentifier(name);
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RedisFunctions } from '@redis-functions/core';
import { startRedis } from '@redis-functions/testing';
import { ${library} } from '../src/${name}.js';

test('adds what is added at once', async () => {
  const redis = await startRedis();
  const functions = new RedisFunctions({ url: redis.url });
  try {
    const { add, get } = functions.use(${library});
    await Promise.all(Array.from({ length: 20 }, () => add('counter', 2)));
    assert.equal(await get('counter'), 40);
    await assert.rejects(add('counter', 0), /INVALID_ARGUMENT amount/);
  } finally {
    await functions.close();
    await redis.stop();
  }
});
`;
}

/** With the preset of `init`: the server is the one of the Jest worker. */
function jestTestFor(name: string): string {
  const library = toIdentifier(name);
  return `import { afterAll, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import { ${library} } from '../src/${name}.js';

// started for this worker by the preset of @redis-functions/testing
const functions = new RedisFunctions({ url: process.env['REDIS_URL'] ?? '' });
afterAll(() => functions.close());

it('adds what is added at once', async () => {
  const { add, get } = functions.use(${library});
  await Promise.all(Array.from({ length: 20 }, () => add('counter', 2)));
  expect(await get('counter')).toBe(40);
  await expect(add('counter', 0)).rejects.toThrow(/INVALID_ARGUMENT amount/);
});
`;
}

/** \`order_lines\` → \`orderLines\` */
function toIdentifier(name: string): string {
  return name.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase());
}

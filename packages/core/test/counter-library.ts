import { defineFunction, defineLibrary, toInteger } from '../src/index.js';

/** The Lua of the tests' library; `extra` makes it another text. */
export function counterCode({ version = '1.0.0', extra = '' } = {}): string {
  return [
    '#!lua name=counter',
    ...(version === '' ? [] : [`-- @version ${version}`]),
    'local function add(keys, args)',
    "  if args[1] == 'boom' then error('went wrong') end",
    "  if args[1] == 'refuse' then return redis.error_reply('REFUSED not today') end",
    "  return redis.call('INCRBY', keys[1], args[1])",
    'end',
    "redis.register_function('counter_add', add)",
    "redis.register_function{ function_name = 'counter_read', flags = { 'no-writes' },",
    "  callback = function(keys) return tonumber(redis.call('GET', keys[1]) or '0') end }",
    "redis.register_function('counter_echo', function(_, args) return args end)",
    extra,
  ].join('\n');
}

export function counterLibrary(options?: Parameters<typeof counterCode>[0]) {
  return defineLibrary({
    code: counterCode(options),
    functions: {
      add: defineFunction('counter_add', {
        encode: (key: string, amount: number | string = 1) => ({ keys: [key], args: [amount] }),
        decode: toInteger,
      }),
      read: defineFunction('counter_read', {
        encode: (key: string) => ({ keys: [key] }),
        decode: toInteger,
        readOnly: true,
      }),
      echo: defineFunction('counter_echo', {
        encode: (...args: (string | number | Buffer)[]) => ({ keys: [], args }),
        decode: (reply) => reply,
      }),
    },
  });
}

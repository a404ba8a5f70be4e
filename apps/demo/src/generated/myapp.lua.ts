// Generated from ../../lua/myapp.lua by "redis-functions generate". Do not edit.

/** The text of myapp.lua, byte for byte. */
export const code = [
  "#!lua name=myapp",
  "-- @version 1.0.0",
  "--",
  "-- Users of an application, each a JSON text that comes back byte for byte.",
  "--",
  "--   add_user   user   JSON text   → \"OK\"",
  "--   get_user   user               → the JSON text, nil where there is none      no-writes",
  "--",
  "-- Errors: MISSING_KEY, INVALID_JSON (not a JSON object), INVALID_USER (the key holds something else).",
  "-- A user has no TTL: it is the application's own record.",
  "",
  "local function missing_key()",
  "  return redis.error_reply('MISSING_KEY name the user as the one key of the call')",
  "end",
  "",
  "-- a user is an object that JSON.parse can read; cjson by itself also takes arrays, numbers, nan and hexadecimal",
  "local function is_json_object(text)",
  "  local json = cjson.new()",
  "  json.decode_invalid_numbers(false)",
  "  local known, decoded = pcall(json.decode, text)",
  "  return known and type(decoded) == 'table' and text:match('^%s*{') ~= nil",
  "end",
  "",
  "redis.register_function('add_user', function(keys, args)",
  "  local user, text = keys[1], args[1] or ''",
  "  if not user then return missing_key() end",
  "  if not is_json_object(text) then",
  "    return redis.error_reply('INVALID_JSON the user must be the text of a JSON object, like {\"name\":\"Ada\"}')",
  "  end",
  "  redis.call('SET', user, text)",
  "  return 'OK'",
  "end)",
  "",
  "redis.register_function{",
  "  function_name = 'get_user',",
  "  callback = function(keys)",
  "    local user = keys[1]",
  "    if not user then return missing_key() end",
  "    local text = redis.pcall('GET', user)",
  "    if type(text) == 'table' then",
  "      return redis.error_reply('INVALID_USER the key does not hold a user; use another key, or delete this one')",
  "    end",
  "    return text",
  "  end,",
  "  flags = { 'no-writes' },",
  "}",
  "",
].join('\n');

/** What the library calls itself. */
export const name = "myapp";

/** Of its header. */
export const version = "1.0.0";

/** The functions that it registers, with their flags. */
export const registered = {
  add_user: [],
  get_user: ["no-writes"],
} as const;

/** A function that the library has. */
export type FunctionName = keyof typeof registered;

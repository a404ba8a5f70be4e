#!lua name=mylib
-- @version 1.1.0
--
-- The first library of the guide: a greeting and a counter.
--
--   hello                            [name = World]      → "Hello, NAME!"                          no-writes
--   increment_counter   counter      [amount = 1]        → new value
--   decrement_counter   counter      [amount = 1]        → new value
--   get_counter         counter                          → value, 0 where there is none            no-writes
--   tick_counter        counter                          → new value, version of this library
--
-- Errors: MISSING_KEY, INVALID_AMOUNT (not a whole number from 1 to 2^53-1),
-- INVALID_COUNTER (the key holds something else), "Insufficient balance" (below 0),
-- COUNTER_OVERFLOW (above 2^53-1, where JavaScript would round).
-- A counter has no TTL: it is data that somebody counts on, not a cache. One that ticks is for watching calls: it lives
-- for an hour after the last of them.

-- the same as in the header, which functions do not see
local VERSION = '1.1.0'
local TICKS_LIVE_MS = 3600000
local MAX_TEXT = '9007199254740991'
-- node-redis loses the last bit of larger integer replies: those go as text
local MAX_INTEGER_REPLY = 4503599627370496

-- digits only: tonumber alone takes 'nan', '0x10', '1e3' and ' 5 '
local function to_whole(text)
  if not text:match('^%d+$') or #text > #MAX_TEXT or (#text == #MAX_TEXT and text > MAX_TEXT) then return nil end
  return tonumber(text)
end

local function read_amount(text)
  return not text:match('^0') and to_whole(text) or nil
end

local function read_counter(key)
  local value = redis.pcall('GET', key)
  if value == false then return 0 end
  if type(value) ~= 'string' then return nil end
  return to_whole(value)
end

local function to_reply(value)
  return value <= MAX_INTEGER_REPLY and value or ('%.0f'):format(value)
end

local function invalid_amount(text)
  local given = '"' .. text:sub(1, 40) .. '"'
  return redis.error_reply('INVALID_AMOUNT amount must be a whole number from 1 to 2^53-1, not ' .. given)
end

local function invalid_counter()
  return redis.error_reply('INVALID_COUNTER the key does not hold a counter; use another key, or delete this one')
end

local function missing_key()
  return redis.error_reply('MISSING_KEY name the counter as the one key of the call')
end

local function change(keys, args, sign)
  local counter, text = keys[1], args[1] or '1'
  if not counter then return missing_key() end
  local amount = read_amount(text)
  if not amount then return invalid_amount(text) end
  local value = read_counter(counter)
  if not value then return invalid_counter() end
  local result = value + sign * amount
  if result < 0 then return redis.error_reply('Insufficient balance') end
  if result > tonumber(MAX_TEXT) then
    return redis.error_reply('COUNTER_OVERFLOW the counter would pass 2^53-1; begin a new one')
  end
  return to_reply(redis.call('INCRBY', counter, sign * amount))
end

redis.register_function{
  function_name = 'hello',
  callback = function(_, args) return 'Hello, ' .. (args[1] or 'World') .. '!' end,
  flags = { 'no-writes' },
}

redis.register_function('increment_counter', function(keys, args) return change(keys, args, 1) end)

redis.register_function('decrement_counter', function(keys, args) return change(keys, args, -1) end)

redis.register_function{
  function_name = 'get_counter',
  callback = function(keys)
    local counter = keys[1]
    if not counter then return missing_key() end
    local value = read_counter(counter)
    return value and to_reply(value) or invalid_counter()
  end,
  flags = { 'no-writes' },
}

redis.register_function('tick_counter', function(keys)
  local value = change(keys, {}, 1)
  if type(value) == 'table' then return value end
  redis.call('PEXPIRE', keys[1], TICKS_LIVE_MS)
  return { value, VERSION }
end)

#!lua name=examples
-- @version 1.0.0
--
-- One function per thing that surprises people: flags, decimals, logs.
--
--   get_value         key            → the value, nil where there is none                     no-writes
--   important_write   key   value    → "OK", also when the server is over maxmemory           allow-oom
--   calculate               a, b     → a + b as text, in decimal: 0.1 + 0.2 is 0.3            no-writes
--   debug_function    key   message  → the value; writes the message to the server's log      no-writes
--
-- Errors: MISSING_KEY, MISSING_ARGUMENT, WRONGTYPE,
-- INVALID_NUMBER (no decimal number, or more digits than a double keeps).

local MAX = 9007199254740991

-- a decimal text as sign, digits before and after the point; nan, inf, 0x10, 1e3 and ' 5 ' are not decimals
local function parse(text)
  local sign, whole, fraction = (text or ''):match('^(-?)(%d+)%.?(%d*)$')
  if not whole or text:match('%.$') then return nil end
  return { negative = sign == '-', whole = whole, fraction = fraction }
end

-- the number times 10^places, exact below 2^53
local function scale(number, places)
  local digits = number.whole .. number.fraction .. ('0'):rep(places - #number.fraction)
  digits = digits:gsub('^0+', '')
  if #digits > 16 then return nil end
  local value = digits == '' and 0 or tonumber(digits)
  if value > MAX then return nil end
  return number.negative and 0 - value or value
end

local function to_text(value, places)
  local digits = ('%.0f'):format(value < 0 and 0 - value or value)
  digits = ('0'):rep(places + 1 - #digits) .. digits
  local whole, fraction = digits:sub(1, #digits - places), digits:sub(#digits - places + 1):gsub('0+$', '')
  return (value < 0 and '-' or '') .. whole .. (fraction == '' and '' or '.' .. fraction)
end

local function invalid_number(reason)
  return redis.error_reply('INVALID_NUMBER ' .. reason .. '; give decimals like 12 or -0.25, up to 15 digits')
end

local function missing_key()
  return redis.error_reply('MISSING_KEY give the key as the one key of the call')
end

local function calculate(_, args)
  local a, b = parse(args[1]), parse(args[2])
  if not a or not b then return invalid_number('a and b must be decimal numbers') end
  local places = math.max(#a.fraction, #b.fraction)
  local left, right = scale(a, places), scale(b, places)
  if not left or not right or math.abs(left + right) > MAX then
    return invalid_number('the sum needs more digits than a double keeps')
  end
  return to_text(left + right, places)
end

redis.register_function{
  function_name = 'get_value',
  callback = function(keys)
    local key = keys[1]
    if not key then return missing_key() end
    return redis.call('GET', key)
  end,
  flags = { 'no-writes' },
}

redis.register_function{
  function_name = 'important_write',
  callback = function(keys, args)
    local key, value = keys[1], args[1]
    if not key then return missing_key() end
    if not value then return redis.error_reply('MISSING_ARGUMENT give the value to write') end
    redis.call('SET', key, value)
    return 'OK'
  end,
  flags = { 'allow-oom' },
}

redis.register_function{ function_name = 'calculate', callback = calculate, flags = { 'no-writes' } }

redis.register_function{
  function_name = 'debug_function',
  callback = function(keys, args)
    local key, message = keys[1], args[1] or ''
    if not key then return missing_key() end
    redis.log(redis.LOG_DEBUG, 'debug_function: ' .. message)
    redis.log(redis.LOG_WARNING, 'debug_function: ' .. message)
    return redis.call('GET', key)
  end,
  flags = { 'no-writes' },
}

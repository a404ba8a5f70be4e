#!lua name=colours
-- @version 1.0.0
-- Several results of a local function go into a list, or into arguments; bits, numbers in hexadecimal, and defaults by "or".

local function join(red, green, blue)
  return bit.bor(bit.lshift(red, 16), bit.lshift(green, 8), blue)
end

local function split(number)
  return bit.rshift(bit.band(number, 0xff0000), 16), bit.rshift(bit.band(number, 0x00ff00), 8), bit.band(number, 0xff)
end

local function set(keys, args)
  if #args > 3 then return redis.error_reply('ERR at most three parts') end
  local red, green, blue = args[1] or 0, args[2] or 0, args[3] or 0
  return redis.call('SET', keys[1], join(red, green, blue))
end

local function get(keys)
  local number = redis.call('GET', keys[1])
  if not number then return nil end
  return { split(number) }
end

redis.register_function('colour_set', set)
redis.register_function{ function_name = 'colour_get', callback = get, flags = { 'no-writes' }, description = 'red, green, blue' }

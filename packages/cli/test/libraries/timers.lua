#!lua name=timers
-- @version 1.0.0
-- Parameters are called as in scripts, time is a number with a fraction, and lists that are put together are sent whole.

local function now()
  local time = redis.call('TIME')
  return time[1] + time[2] / 1000000
end

local function set(KEYS, ARGV)
  local again = '0'
  if ARGV[4] then again = '1' end
  redis.call('ZADD', KEYS[1], now() + ARGV[2], ARGV[1])
  return redis.call('HSET', KEYS[2], ARGV[1], again .. '|' .. ARGV[2] .. '|' .. ARGV[3])
end

local function due(KEYS, ARGV)
  local at = now()
  local names = redis.call('ZRANGE', KEYS[1], '-inf', at, 'BYSCORE', 'LIMIT', 0, ARGV[1])
  local result, later, done = {}, {}, {}
  if #names == 0 then return result end
  for i, text in ipairs(redis.call('HMGET', KEYS[2], unpack(names))) do
    local bar = text:find('|', 3)
    table.insert(result, names[i])
    table.insert(result, text.sub(text, bar + 1))
    if string.sub(text, 1, 1) == '1' then
      table.insert(later, at + string.sub(text, 3, bar - 1))
      table.insert(later, names[i])
    else
      table.insert(done, names[i])
    end
  end
  if #later > 0 then redis.call('ZADD', KEYS[1], unpack(later)) end
  if #done > 0 then
    redis.call('ZREM', KEYS[1], unpack(done))
    redis.call('HDEL', KEYS[2], unpack(done))
  end
  return result
end

redis.register_function('timers_set', set)
redis.register_function('timers_due', due)

#!lua name=buckets
-- @version 1.0.0
-- Functions are in a table, registered in a loop of their own; a function is called where it is written; values are put
-- right by and/or, and a cache is kept between calls.

local M = {}
local known = {}

local register = redis.register_function

function M.milliseconds()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1e3 + math.floor(tonumber(time[2]) / 1e3)
end

local function parsed(rule)
  if not known[rule] then known[rule] = cjson.decode(rule) end
  return known[rule]
end

function M.take(keys, args)
  local rule, wanted, now = parsed(args[1]), tonumber(args[2]), M.milliseconds()
  local bucket = (function()
    local stored = redis.call('HMGET', keys[1], 'tokens', 'at')
    if stored[1] then return stored end
    return { rule.capacity, now }
  end)()
  local tokens = math.min(rule.capacity, bucket[1] + (now - bucket[2]) / rule.every)
  local isAllowed = tokens >= wanted
  if isAllowed then tokens = tokens - wanted end
  redis.call('HSET', keys[1], 'tokens', tokens, 'at', now)
  redis.call('PEXPIRE', keys[1], rule.every * rule.capacity)
  return { isAllowed and 1 or 0, math.floor(tokens) }
end

function M.reset(keys)
  local removed = 0
  for _, key in ipairs(keys) do
    removed = removed + redis.call('DEL', key)
  end
  return { ok = 'REMOVED ' .. removed }
end

register('bucket_take', M.take)
register('bucket_reset', M.reset)

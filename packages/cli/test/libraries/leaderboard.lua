#!lua name=leaderboard
-- @version 1.0.0
-- Names are put together when the library is loaded, functions take a codec that is a table with methods, and callbacks
-- are closures that hand their arguments on.

local errors = { keys = 'ERR one key is needed', args = 'ERR a member is needed' }
local settings = { bits = 20, from = 1700000000 }

local Codec = {}

function Codec:new(given)
  local codec = { size = 2 ^ given.bits, from = given.from }
  setmetatable(codec, self)
  self.__index = self
  return codec
end

function Codec:write(points, time)
  return points * self.size + (self.size - 1 - math.min(time - self.from, self.size - 1))
end

function Codec:read(score)
  return math.floor(score / self.size)
end

local function add(codec, keys, args)
  if #keys ~= 1 then return redis.error_reply(errors.keys) end
  if #args ~= 2 then return redis.error_reply(errors.args) end
  local known = redis.call('ZSCORE', keys[1], args[1])
  local points = args[2] + (known and codec:read(known) or 0)
  local seconds = unpack(redis.call('TIME'))
  redis.call('ZADD', keys[1], codec:write(points, tonumber(seconds)), args[1])
  return points
end

local function top(codec, keys, args)
  local found = redis.call('ZRANGE', keys[1], 0, args[1], 'REV', 'WITHSCORES')
  local list = {}
  for i = 1, #found, 2 do
    list[i], list[i + 1] = found[i], codec:read(found[i + 1])
  end
  return list
end

if redis then
  local prefix = 'lb_'
  local function with(action)
    return function(...) return action(Codec:new(settings), ...) end
  end
  redis.register_function(prefix .. 'add', with(add))
  redis.register_function(prefix .. 'top', with(top))
end

return { new = function(...) return Codec:new(...) end }

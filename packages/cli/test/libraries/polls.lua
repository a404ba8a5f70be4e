#!lua name=polls
-- @version 1.0.0
-- An object with a metatable is made for each call, names begin with a prefix that is a local, a guard asks whether this
-- is a server at all, and the file gives back a table, for tests elsewhere.

local Poll = {}

function Poll.open(key)
  return setmetatable({ key = key, opened = redis.call('EXISTS', key) == 1 }, { __index = Poll })
end

function Poll:count(choice, votes)
  self.opened = true
  return redis.call('HINCRBY', self.key, choice, votes)
end

function Poll:winner()
  local best, most = false, 0
  local pairs_of = redis.call('HGETALL', self.key)
  for i = 1, #pairs_of, 2 do
    local votes = tonumber(pairs_of[i + 1])
    if votes > most then best, most = pairs_of[i], votes end
  end
  return best, most
end

local actions = {}

actions.vote = function(poll, choice, ...)
  if not choice then return redis.error_reply('NO_CHOICE say what is voted for') end
  local weight = select('#', ...) > 0 and tonumber((...)) or 1
  local total = poll:count(choice, weight)
  local seconds, microseconds = unpack(redis.call('TIME'))
  redis.call('HSET', poll.key, 'at', seconds .. '.' .. microseconds)
  return total
end

actions.winner = function(poll)
  if not poll.opened then return { 'NONE' } end
  return { poll:winner() }
end

if redis and redis.register_function then
  local prefix = 'poll_'
  local function expose(name)
    redis.register_function(prefix .. name, function(keys, args) return actions[name](Poll.open(keys[1]), unpack(args, 1, 2)) end)
  end
  expose('vote')
  expose('winner')
end

return actions

#!lua name=reminders
-- @version 1.0.0
-- Parameters are called as in scripts, the time is a number with a fraction, and lists are filled step by step and sent as
-- they are.

local function clock()
  local parts = redis.call('TIME')
  return parts[1] + parts[2] * 1e-6
end

local function remind(KEYS, ARGV)
  local added = {}
  for i = 2, #ARGV do
    table.insert(added, clock() + ARGV[1])
    table.insert(added, ARGV[i])
  end
  if next(added) == nil then return 0 end
  return redis.call('ZADD', KEYS[1], 'NX', unpack(added))
end

local function snooze(KEYS, ARGV)
  local until_when = clock() + tonumber(ARGV[1])
  local moved, texts = 0, redis.call('ZRANGEBYSCORE', KEYS[1], 0, clock(), 'LIMIT', 0, 100)
  for _, text in ipairs(texts) do
    if string.sub(text, 1, 1) ~= '!' then
      redis.call('ZADD', KEYS[1], 'XX', until_when, text)
      moved = moved + 1
    end
  end
  return moved
end

local function forget(KEYS, ARGV)
  local gone = {}
  for _, text in ipairs(ARGV) do
    local colon = text:find(':', 1, true)
    gone[#gone + 1] = colon and text:sub(colon + 1) or text
  end
  if #gone == 0 then return 0 end
  return redis.call('ZREM', KEYS[1], unpack(gone))
end

redis.register_function('reminders_add', remind)
redis.register_function('reminders_snooze', snooze)
redis.register_function('reminders_forget', forget)

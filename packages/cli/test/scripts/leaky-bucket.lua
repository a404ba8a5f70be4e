local level = tonumber(redis.call('HGET', KEYS[1], 'level') or '0')
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or ARGV[2])
level = math.max(0, level - (tonumber(ARGV[2]) - last) * tonumber(ARGV[3]))
if level + 1 > tonumber(ARGV[1]) then
  return -1
end
redis.call('HSET', KEYS[1], 'level', level + 1, 'last', ARGV[2])
return math.floor(level + 1)

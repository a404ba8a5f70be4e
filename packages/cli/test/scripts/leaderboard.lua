local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not before or tonumber(before) < tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
end
local best = redis.call('ZREVRANGE', KEYS[1], 0, 2, 'WITHSCORES')
return { redis.call('ZREVRANK', KEYS[1], ARGV[1]), best }

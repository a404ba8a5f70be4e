--[[ Sets a field if the version
     is the one that was read. ]]
local version = redis.call('HGET', KEYS[1], 'version')
if (version or '0') ~= ARGV[1] then return { 'CONFLICT', version or '0' } end
for i = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1] or '')
end
return { 'OK', redis.call('HINCRBY', KEYS[1], 'version', 1) }

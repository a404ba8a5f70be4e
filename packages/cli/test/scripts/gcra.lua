local emission, burst, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tat = tonumber(redis.call('GET', KEYS[1])) or now
tat = math.max(tat, now)
local allow_at = tat + emission - burst * emission
if allow_at > now then
  return { 1, tostring(allow_at - now) }
end
redis.call('SET', KEYS[1], tostring(tat + emission), 'PX', math.ceil(tat + emission - now) + 100000)
return { 0, '0' }

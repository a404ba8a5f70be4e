local removed, template = 0, [[
keys: %d
  left: %d]]
for i = 2, #KEYS do
  local ttl = redis.call('TTL', KEYS[i])
  if ttl == -1 and redis.call('TYPE', KEYS[i]).ok ~= 'none' then
    removed = removed + redis.call('UNLINK', KEYS[i])
  end
end
redis.call('SET', KEYS[1], string.format(template, #KEYS, #KEYS - removed))
return redis.call('GET', KEYS[1])

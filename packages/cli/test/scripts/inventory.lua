-- several products at once, or none
for i = 1, #KEYS do
  local units = tonumber(redis.call('GET', KEYS[i]) or 0)
  if units < tonumber(ARGV[i] or 0) then
    return { err = 'SHORT of ' .. KEYS[i] }
  end
end
for i = 1, #KEYS do
  redis.call('DECRBY', KEYS[i], ARGV[i] or 0)
end
return { ok = 'TAKEN' }

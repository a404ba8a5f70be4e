local seen = true
for i = 1, #ARGV do
  local at = bit.band(tonumber(redis.sha1hex(ARGV[i]):sub(1, 7), 16), 1023)
  if redis.call('SETBIT', KEYS[1], at, 1) == 0 then seen = false end
end
return seen

local fresh = {}
for _, id in ipairs(ARGV) do
  if redis.pcall('SADD', KEYS[1], id) == 1 then
    table.insert(fresh, id)
  end
end
return fresh

local top = redis.call('ZREVRANGE', KEYS[1], 0, tonumber(ARGV[1]) - 1, 'WITHSCORES')
local lines = {}
for i = 1, #top, 2 do
  lines[#lines + 1] = top[i] .. '=' .. top[i + 1]
end
return table.concat(lines, '\n')

local stored = redis.call('GET', KEYS[1])
local merged = stored and cjson.decode(stored) or {}
local ok, changes = pcall(cjson.decode, ARGV[1])
if not ok then return redis.error_reply('BADJSON ' .. 'not JSON') end
local names = {}
for name, value in pairs(changes) do
  merged[name] = value
  names[#names + 1] = name
end
table.sort(names)
redis.call('HSET', KEYS[2], 'changed', table.concat(names, ','), 'packed', cmsgpack.pack(names))
local parts, all = {}, {}
for name in pairs(merged) do all[#all + 1] = name end
table.sort(all)
for _, name in ipairs(all) do parts[#parts + 1] = cjson.encode(name) .. ':' .. cjson.encode(merged[name]) end
redis.call('SET', KEYS[1], '{' .. table.concat(parts, ',') .. '}')
return #names

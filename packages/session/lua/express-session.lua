#!lua name=expresssession
-- @version 1.0.0
--
-- What express-session keeps, field by field, so that two requests that change different ones both keep their change.
-- The caller names the keys, and makes a birth mark for each session: a write for one that was ended, or was ended and
-- made anew under the same name, finds another mark or none, and brings nothing back.
--
--   expresssession_get      session   → HASH, birth, field, value … · TEXT, text · GONE                      no-writes
--   expresssession_put      session   birth, ttl ms (0 = none), field, value … → OK, birth
--                           Makes the session, in the place of whatever was there; one that lives keeps its birth.
--   expresssession_patch    session   birth, digest, ttl ms (0 = none), how many fields to set, their field, value …,
--                                     how many to remove, their names, then field, value … of all the others
--                           → OK · GONE · TEXT, text
--                           The others, and the digest (SHA-1), are for a session that is still a text of
--                           connect-redis. It becomes a hash. TEXT answers that it is another text by now.
--   expresssession_touch    session   birth ('' = any), ttl ms, cookie ('' = as it is) → OK · GONE           allow-oom
--   expresssession_destroy  session   → OK, 0 or 1                                                           allow-oom
--   expresssession_scan     any key of the server that is meant   cursor, pattern, count
--                           → OK, cursor, key …                                                              no-writes
--
-- session (hash): b birth mark, c cookie, and one field per key of the data, which begins with "d:".
-- Errors: INVALID_ARGUMENT with the argument's name.

local function invalid(argument)
  return redis.error_reply('INVALID_ARGUMENT ' .. argument .. ' is missing or wrong: see the contract of the library')
end

local function whole(text)
  if not text or not text:match('^%d+$') or #text > 15 then return nil end
  return tonumber(text)
end

local function is_field(name)
  return name == 'c' or name:match('^d:') ~= nil
end

-- whether the arguments from one to another are pairs of a field and a value
local function are_pairs(args, from, to)
  if to >= from and (to - from) % 2 == 0 then return false end
  for i = from, to, 2 do
    if not args[i + 1] or not is_field(args[i]) then return false end
  end
  return true
end

local function set(key, args, from, to)
  for i = from, to, 2 do redis.call('HSET', key, args[i], args[i + 1]) end
end

local function expire(key, ttl)
  if ttl > 0 then redis.call('PEXPIRE', key, ('%.0f'):format(ttl)) else redis.call('PERSIST', key) end
end

local function get(keys)
  local key = keys[1]
  if not key then return invalid('key') end
  local kind = redis.call('TYPE', key).ok
  if kind == 'none' then return { 'GONE' } end
  if kind == 'string' then return { 'TEXT', redis.call('GET', key) } end
  local fields, birth = redis.call('HGETALL', key), redis.call('HGET', key, 'b')
  if not birth then return redis.error_reply('WRONGTYPE the key holds a hash that is no session') end
  local reply = { 'HASH', birth }
  for i = 1, #fields, 2 do
    if fields[i] ~= 'b' then
      reply[#reply + 1] = fields[i]
      reply[#reply + 1] = fields[i + 1]
    end
  end
  return reply
end

local function put(keys, args)
  local key, birth, ttl = keys[1], args[1], whole(args[2])
  if not key then return invalid('key') end
  if not birth or birth == '' then return invalid('birth') end
  if not ttl then return invalid('ttl ms') end
  if not are_pairs(args, 3, #args) then return invalid('field') end
  -- requests that have read the one that is there write to it as before
  local current = redis.call('TYPE', key).ok == 'hash' and redis.call('HGET', key, 'b') or birth
  redis.call('DEL', key)
  redis.call('HSET', key, 'b', current)
  set(key, args, 3, #args)
  expire(key, ttl)
  return { 'OK', current }
end

local function patch(keys, args)
  local key, birth, digest, ttl, sets = keys[1], args[1], args[2], whole(args[3]), whole(args[4])
  if not key then return invalid('key') end
  if not birth or birth == '' then return invalid('birth') end
  if not digest then return invalid('digest') end
  if not ttl then return invalid('ttl ms') end
  if not sets or not are_pairs(args, 5, 4 + 2 * sets) then return invalid('how many fields to set') end
  local removed_at = 5 + 2 * sets
  local removes = whole(args[removed_at])
  if not removes or #args < removed_at + removes then return invalid('how many fields to remove') end
  local rest_at = removed_at + 1 + removes
  for i = removed_at + 1, rest_at - 1 do
    if not is_field(args[i]) then return invalid('field') end
  end
  if not are_pairs(args, rest_at, #args) then return invalid('field') end

  local kind = redis.call('TYPE', key).ok
  if kind == 'none' then return { 'GONE' } end
  if kind == 'string' then
    local text = redis.call('GET', key)
    if redis.sha1hex(text) ~= digest then return { 'TEXT', text } end
    redis.call('DEL', key)
    redis.call('HSET', key, 'b', birth)
    set(key, args, rest_at, #args)
  elseif redis.call('HGET', key, 'b') ~= birth then
    return { 'GONE' }
  end
  set(key, args, 5, 4 + 2 * sets)
  for i = removed_at + 1, rest_at - 1 do redis.call('HDEL', key, args[i]) end
  expire(key, ttl)
  return { 'OK' }
end

local function touch(keys, args)
  local key, birth, ttl, cookie = keys[1], args[1], whole(args[2]), args[3]
  if not key then return invalid('key') end
  if not birth then return invalid('birth') end
  if not ttl then return invalid('ttl ms') end
  if not cookie then return invalid('cookie') end
  local kind = redis.call('TYPE', key).ok
  if kind == 'none' then return { 'GONE' } end
  if kind == 'hash' and birth ~= '' and redis.call('HGET', key, 'b') ~= birth then return { 'GONE' } end
  -- first, because it takes no memory: a script cannot say allow-oom, but a full server lets one go on that has written
  expire(key, ttl)
  if kind == 'hash' and cookie ~= '' then redis.call('HSET', key, 'c', cookie) end
  return { 'OK' }
end

local function destroy(keys)
  if not keys[1] then return invalid('key') end
  return { 'OK', redis.call('DEL', keys[1]) }
end

local function scan(keys, args)
  if not keys[1] then return invalid('key') end
  if not args[1] or not args[1]:match('^%d+$') then return invalid('cursor') end
  if not args[2] then return invalid('pattern') end
  if not whole(args[3]) or whole(args[3]) < 1 then return invalid('count') end
  local page = redis.call('SCAN', args[1], 'MATCH', args[2], 'COUNT', args[3])
  local reply = { 'OK', page[1] }
  for _, key in ipairs(page[2]) do reply[#reply + 1] = key end
  return reply
end

redis.register_function{ function_name = 'expresssession_get', callback = get, flags = { 'no-writes' } }
redis.register_function('expresssession_put', put)
redis.register_function('expresssession_patch', patch)
redis.register_function{ function_name = 'expresssession_touch', callback = touch, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'expresssession_destroy', callback = destroy, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'expresssession_scan', callback = scan, flags = { 'no-writes' } }

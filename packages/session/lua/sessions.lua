#!lua name=sessions
-- @version 1.1.0
--
-- Sessions that end when they are ended. Ids, secrets and their hashes come from the caller's secure random source
-- (math.random repeats itself after every restart). Times are the server's, in milliseconds.
--
--   session_create      session, index   handle, secret hash, user id ('' = a guest), idle ms, absolute ms,
--                                        sessions per user (0 = no limit),
--                                        at the limit (reject|evict-oldest|evict-idle), then field, value …
--                       → OK, created, expires, then the handles that were evicted · EXISTS · LIMIT
--                       The same handle with the same secret hash again is OK: a retry after a lost answer.
--                       A third key is that of a session of the same user that ends in the same moment. It leaves
--                       its place, and those of its "d:" fields that are not given. Not where the answer is not OK.
--   session_get         session, index   secret hash, idle ms, touch at most every ms (default: a twentieth of the
--                                        idle time, at most a minute)                                        allow-oom
--                       → OK, handle, user id, created, last seen, expires, version, now, secret hash in force,
--                         then field, value … · GONE · REUSED, handle, user id
--   session_peek        session, index   secret hash                                                         no-writes
--                       → as session_get, and the session does not live longer for it
--   session_rotate      session, index   secret hash, grace ms, new secret hash                              allow-oom
--                       → OK, secret hash in force, user id · GONE · REUSED, handle, user id
--                       The new hash opens the session from now on, and the old one for the grace. Without a
--                       grace that is always so; with one, a rotation whose grace is not over stays as it is, so that
--                       all who rotate at once go on with the same secret.
--   session_patch       session, index   secret hash, expected version ('' = any), most bytes of all "d:" fields
--                                        together ('' = 65536, 0 = no limit), how many fields to set, their field,
--                                        value …, then the fields to remove
--                       → OK, version · CONFLICT, version · TOO_LARGE, bytes · GONE
--                       The version rises with each change, and only then. What makes a session smaller is never
--                       too large.
--   session_increment   session, index   secret hash, most bytes, field, by (a whole number)
--                       → OK, value, version · NOT_A_NUMBER · TOO_LARGE, bytes · GONE
--                       A field that is not there counts as 0.
--   session_append      session, index   secret hash, most bytes, field, most items (0 = no limit), JSON of an item
--                       → OK, items, version · NOT_A_LIST · FULL, items · TOO_LARGE, bytes · GONE
--                       The field is made of what was appended to it: JSON of a list, as JSON.stringify writes it.
--   session_pop         session, index   secret hash, field …                                                allow-oom
--                       → OK, version, then field, value … of those that were there, and are not any more · GONE
--   session_destroy     session, index   handle, secret hash (optional: then it must be right)               allow-oom
--                       → OK, 1, user id · OK, 0
--   session_take        session, index   secret hash                                                         allow-oom
--                       → as session_peek, and the session is over: no write falls between reading and ending it
--   session_destroy_all index            → OK, handle …                                                      allow-oom
--   session_revoke_others session, index secret hash → OK, user id, handle … · GONE                          allow-oom
--   session_list        index, session … → OK, then per session that lives (asked for by its key, in their order):
--                                        handle, created, last seen, expires, number of pairs, field, value …
--                                        of the fields that begin with "m:"                                  no-writes
--   session_handles     index            → OK, handle …, the latest first                                    no-writes
--   session_count       index            → OK, how many live                                                 no-writes
--
--   session_expiry      session, index   handle → OK, expires · ENDED (before its time) · GONE               no-writes
--   session_expect      expected         expires, entry → OK           Sessions whose end somebody wants to hear of.
--   session_due         expected         how many, lease ms → OK, entry …                                    allow-oom
--                       Those whose time has come; they come again after the lease, unless they are dropped.
--   session_drop        expected         entry … → OK, how many                                              allow-oom
--   session_expected    expected         → OK, how many                                                      no-writes
--
-- A secret that was replaced opens the session until its grace is over; then REUSED says that somebody still has it,
-- and what would write answers GONE. Of replaced secrets the last one is known.
--
-- session (hash): n handle, h secret hash, u user id, c created, t last touched, x absolute end, v version, p hash of
-- the secret before, g the end of its grace, and the caller's fields, which begin with "d:" (data) or "m:" (about the
-- device).
-- index (sorted set): "created.handle" → expiry. evict-idle takes by it: who was idle for longest, or is nearest to the
-- absolute end.
-- A user's session lives while its hash is there AND the index lists it: to end all of them is to delete one key, and
-- a write that comes late finds nothing to write to. Both keys have a TTL that covers the latest end.
-- expected (sorted set): entry → when to look. It goes a day after the last of them.
--
-- Errors: INVALID_ARGUMENT with the argument's name.

-- a write per read would buy nothing: the idle time ends this much early at most
local TOUCH_AT_MOST_MS, TOUCH_PER_IDLE = 60000, 20

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function whole(text)
  if not text or not text:match('^%d+$') or #text > 15 then return nil end
  return tonumber(text)
end

local DATA_BYTES = 65536

-- most bytes of the data of a session
local function limit_of(text)
  if text == '' then return DATA_BYTES end
  return whole(text)
end

local function invalid(argument)
  return redis.error_reply('INVALID_ARGUMENT ' .. argument .. ' is missing or wrong: see the contract of the library')
end

local function text_of(number)
  return ('%.0f'):format(number)
end

-- the library's own fields are not the caller's to set
local function is_callers(field)
  return field:match('^[dm]:') ~= nil
end

local function member_of(session)
  return session.created .. '.' .. session.handle
end

-- The library's own fields by their names. Those of the caller go into a list, where one is given: all of them are read
-- at once then, because a command costs more here than what it brings.
local function read(key, of_caller)
  local own = {}
  if of_caller then
    local pairs_of = redis.call('HGETALL', key)
    for i = 1, #pairs_of, 2 do
      local name = pairs_of[i]
      if #name == 1 then
        own[name] = pairs_of[i + 1]
      else
        of_caller[#of_caller + 1] = name
        of_caller[#of_caller + 1] = pairs_of[i + 1]
      end
    end
    return own
  end
  local values = redis.call('HMGET', key, 'n', 'h', 'u', 'c', 't', 'x', 'v', 'p', 'g')
  own.n, own.h, own.u, own.c, own.t = values[1], values[2], values[3], values[4], values[5]
  own.x, own.v, own.p, own.g = values[6], values[7], values[8], values[9]
  return own
end

-- nil for a session that is over, or that is somebody else's; then also the session, where its last secret was given
-- after its grace. Hashes of 256-bit secrets are compared, not secrets: how long a comparison takes says nothing about
-- a text that hashes to the other
local function find(keys, secret_hash, now, of_caller)
  local key, index = keys[1], keys[2]
  local own = read(key, of_caller)
  if not own.h or (secret_hash and own.h ~= secret_hash and own.p ~= secret_hash) then return nil end
  local session = {
    handle = own.n, hash = own.h, user = own.u, created = own.c, seen = tonumber(own.t), last = tonumber(own.x),
    version = own.v, graced = tonumber(own.g or 0),
  }
  -- in its last millisecond the key is still there, and a touch would delete it
  if session.last <= now then return nil end
  if session.user ~= '' then
    session.expiry = tonumber(redis.call('ZSCORE', index, member_of(session)) or 0)
    if session.expiry <= now then return nil end
  end
  if secret_hash and session.hash ~= secret_hash and session.graced <= now then return nil, session end
  return session
end

local function over(reused)
  return reused and { 'REUSED', reused.handle, reused.user } or { 'GONE' }
end

local function outlive(key, expiry, now)
  if redis.call('PTTL', key) < expiry - now then redis.call('PEXPIRE', key, text_of(expiry - now)) end
end

local function list_in_index(index, session, expiry, now)
  redis.call('ZADD', index, text_of(expiry), member_of(session))
  outlive(index, expiry, now)
end

local function finish(keys, session)
  redis.call('ZREM', keys[2], member_of(session))
  redis.call('DEL', keys[1])
end

local function touch(keys, session, idle, now)
  local expiry = math.min(now + idle, session.last)
  -- first, because it takes no memory: a script cannot say allow-oom, but a full server lets one go on that has written
  redis.call('PEXPIRE', keys[1], text_of(expiry - now))
  redis.call('HSET', keys[1], 't', text_of(now))
  if session.user ~= '' then list_in_index(keys[2], session, expiry, now) end
  session.seen, session.expiry = now, expiry
end

local function append_fields(reply, key, prefix)
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    if fields[i]:match(prefix) then
      reply[#reply + 1] = fields[i]
      reply[#reply + 1] = fields[i + 1]
    end
  end
end

local function describe(keys, session, now, of_caller)
  -- a guest is in no index
  local expiry = session.expiry or now + redis.call('PTTL', keys[1])
  local reply = {
    'OK', session.handle, session.user, session.created, text_of(session.seen), text_of(expiry), session.version,
    text_of(now), session.hash,
  }
  for i = 1, #of_caller do reply[#reply + 1] = of_caller[i] end
  return reply
end

-- index member → created, handle
local function parse(member)
  return member:match('^(%d+)%.(.*)$')
end

local function handles_of(members, user)
  local reply = { 'OK', user }
  for _, member in ipairs(members) do
    local _, handle = parse(member)
    reply[#reply + 1] = handle
  end
  return reply
end

local function evict(index, how, surplus)
  -- in the order of their expiry; the members begin with the time of creation
  local members = redis.call('ZRANGE', index, 0, -1)
  if how == 'evict-oldest' then table.sort(members) end
  local evicted = {}
  for i = 1, math.min(surplus, #members) do
    redis.call('ZREM', index, members[i])
    local _, handle = parse(members[i])
    evicted[i] = handle
  end
  return evicted
end

-- the session that a new one of the same user takes the place of
local function find_replaced(key, index, user, now)
  if not key or user == '' then return nil end
  local session = find({ key, index }, nil, now)
  return session and session.user == user and session or nil
end

local function inherit(from, to)
  local fields = redis.call('HGETALL', from)
  for i = 1, #fields, 2 do
    if fields[i]:match('^d:') then redis.call('HSET', to, fields[i], fields[i + 1]) end
  end
end

local function create(keys, args)
  local key, index = keys[1], keys[2]
  local handle, secret_hash, user, how = args[1], args[2], args[3], args[7]
  local idle, absolute, limit = whole(args[4]), whole(args[5]), whole(args[6])
  if not key or not index then return invalid('key') end
  if not handle or handle == '' then return invalid('handle') end
  if not secret_hash or secret_hash == '' then return invalid('secret hash') end
  if not user then return invalid('user id') end
  if not idle or idle < 1 then return invalid('idle ms') end
  if not absolute or absolute < 1 then return invalid('absolute ms') end
  if not limit then return invalid('sessions per user') end
  if how ~= 'reject' and how ~= 'evict-oldest' and how ~= 'evict-idle' then return invalid('at the limit') end
  if #args % 2 == 0 then return invalid('value') end
  for i = 8, #args, 2 do
    if not is_callers(args[i]) then return invalid('field') end
  end

  local now = clock()
  if redis.call('EXISTS', key) == 1 then
    local same = find(keys, secret_hash, now)
    if not same or same.user ~= user then return { 'EXISTS' } end
    return { 'OK', same.created, text_of(now + redis.call('PTTL', key)) }
  end

  local replaced, surplus = find_replaced(keys[3], index, user, now), 0
  if user ~= '' and limit > 0 then
    redis.call('ZREMRANGEBYSCORE', index, '-inf', text_of(now))
    surplus = redis.call('ZCARD', index) - limit + (replaced and 0 or 1)
    if surplus > 0 and how == 'reject' then return { 'LIMIT' } end
  end
  -- before the evictions: its place is already counted as free
  if replaced then redis.call('ZREM', index, member_of(replaced)) end
  local evicted = evict(index, how, surplus)

  local session = { handle = handle, created = text_of(now) }
  local expiry = math.min(now + idle, now + absolute)
  -- first what can fail: an index key that holds something else leaves no session behind
  if user ~= '' then list_in_index(index, session, expiry, now) end
  redis.call('HSET', key, 'n', handle, 'h', secret_hash, 'u', user, 'c', session.created, 't', session.created,
    'x', text_of(now + absolute), 'v', '1')
  redis.call('PEXPIRE', key, text_of(expiry - now))
  if replaced then
    inherit(keys[3], key)
    finish({ keys[3], index }, replaced)
  end
  for i = 8, #args, 2 do redis.call('HSET', key, args[i], args[i + 1]) end

  local reply = { 'OK', session.created, text_of(expiry) }
  for i = 1, #evicted do reply[#reply + 1] = evicted[i] end
  return reply
end

local function get(keys, args)
  local idle = whole(args[2])
  if not keys[2] then return invalid('key') end
  if not args[1] then return invalid('secret hash') end
  if not idle or idle < 1 then return invalid('idle ms') end
  local throttle = math.min(TOUCH_AT_MOST_MS, math.floor(idle / TOUCH_PER_IDLE))
  if args[3] then throttle = whole(args[3]) end
  if not throttle then return invalid('touch at most every ms') end
  local now, of_caller = clock(), {}
  local session, reused = find(keys, args[1], now, of_caller)
  if not session then return over(reused) end
  if now - session.seen >= throttle then touch(keys, session, idle, now) end
  return describe(keys, session, now, of_caller)
end

local function peek(keys, args)
  if not keys[2] then return invalid('key') end
  if not args[1] then return invalid('secret hash') end
  local now, of_caller = clock(), {}
  local session, reused = find(keys, args[1], now, of_caller)
  if not session then return over(reused) end
  return describe(keys, session, now, of_caller)
end

local function rotate(keys, args)
  local key, grace, new = keys[1], whole(args[2]), args[3]
  if not keys[2] then return invalid('key') end
  if not args[1] then return invalid('secret hash') end
  if not grace then return invalid('grace ms') end
  if not new or new == '' then return invalid('new secret hash') end
  local now = clock()
  local session, reused = find(keys, args[1], now)
  if not session then return over(reused) end
  if grace > 0 and session.graced > now then return { 'OK', session.hash, session.user } end
  -- first, because it takes no memory: as in touch
  redis.call('PEXPIRE', key, redis.call('PTTL', key))
  redis.call('HSET', key, 'h', new, 'p', session.hash, 'g', text_of(now + grace))
  return { 'OK', new, session.user }
end

local function fields_of(key)
  local pairs_of, fields = redis.call('HGETALL', key), {}
  for i = 1, #pairs_of, 2 do fields[pairs_of[i]] = pairs_of[i + 1] end
  return fields
end

local function bytes_of(field, value)
  return value and field:match('^d:') and #field + #value or 0
end

local function patch(keys, args)
  local key, expected, most, count = keys[1], args[2], limit_of(args[3]), whole(args[4])
  if not keys[2] then return invalid('key') end
  if not args[1] then return invalid('secret hash') end
  if not expected or (expected ~= '' and not whole(expected)) then return invalid('expected version') end
  if not most then return invalid('most bytes') end
  if not count or #args < 4 + 2 * count then return invalid('how many fields to set') end
  local set, removed = {}, {}
  for i = 5, 4 + 2 * count, 2 do
    if not is_callers(args[i]) then return invalid('field') end
    set[args[i]] = args[i + 1]
  end
  for i = 5 + 2 * count, #args do
    if not is_callers(args[i]) or set[args[i]] then return invalid('field') end
    removed[args[i]] = true
  end

  local session = find(keys, args[1], clock())
  if not session then return { 'GONE' } end
  if expected ~= '' and expected ~= session.version then return { 'CONFLICT', session.version } end
  local before, total, growth, changed = fields_of(key), 0, 0, false
  for field, value in pairs(before) do total = total + bytes_of(field, value) end
  for field, value in pairs(set) do
    growth = growth + bytes_of(field, value) - bytes_of(field, before[field])
    if before[field] ~= value then changed = true else set[field] = nil end
  end
  for field in pairs(removed) do
    growth = growth - bytes_of(field, before[field])
    if before[field] then changed = true else removed[field] = nil end
  end
  if most > 0 and growth > 0 and total + growth > most then return { 'TOO_LARGE', total + growth } end
  if not changed then return { 'OK', session.version } end
  -- in the caller's order, which is the one that readers see
  for i = 5, 4 + 2 * count, 2 do
    if set[args[i]] then redis.call('HSET', key, args[i], set[args[i]]) end
  end
  for field in pairs(removed) do redis.call('HDEL', key, field) end
  return { 'OK', text_of(redis.call('HINCRBY', key, 'v', 1)) }
end

-- one field gets another value, as its size allows; the code and its numbers where it does not
local function put(key, field, before, value, most)
  local growth = bytes_of(field, value) - bytes_of(field, before)
  if most > 0 and growth > 0 then
    local total = growth
    for name, text in pairs(fields_of(key)) do total = total + bytes_of(name, text) end
    if total > most then return nil, { 'TOO_LARGE', total } end
  end
  redis.call('HSET', key, field, value)
  return text_of(redis.call('HINCRBY', key, 'v', 1))
end

-- what increment and append have in common: the session, the most bytes and the field as it is
local function open_field(keys, args)
  if not keys[2] then return nil, invalid('key') end
  if not args[1] then return nil, invalid('secret hash') end
  if not limit_of(args[2]) then return nil, invalid('most bytes') end
  if not args[3] or not args[3]:match('^d:') then return nil, invalid('field') end
  if not find(keys, args[1], clock()) then return nil, { 'GONE' } end
  return { before = redis.call('HGET', keys[1], args[3]), most = limit_of(args[2]) }
end

-- beyond it a double skips whole numbers
local MOST = 9007199254740991

local function increment(keys, args)
  local by = args[4] and args[4]:match('^%-?%d+$') and tonumber(args[4])
  if not by or math.abs(by) > MOST then return invalid('by') end
  local open, refusal = open_field(keys, args)
  if not open then return refusal end
  local before = open.before or '0'
  local sum = before:match('^%-?%d+$') and tonumber(before) + by
  if not sum or math.abs(sum) > MOST then return { 'NOT_A_NUMBER' } end
  local version, too_large = put(keys[1], args[3], open.before, text_of(sum), open.most)
  return too_large or { 'OK', text_of(sum), version }
end

-- the length of a list in JSON: the commas that are in no text and no inner list
local function length_of(json)
  if json == '[]' then return 0 end
  local bare = json:sub(2, -2):gsub('\\.', ''):gsub('"[^"]*"', '0')
  repeat
    local nested
    bare, nested = bare:gsub('%b[]', '0')
    local objects
    bare, objects = bare:gsub('%b{}', '0')
  until nested == 0 and objects == 0
  return select(2, bare:gsub(',', '')) + 1
end

local function append(keys, args)
  local most_items, item = whole(args[4]), args[5]
  if not most_items then return invalid('most items') end
  if not item or item == '' then return invalid('JSON') end
  local open, refusal = open_field(keys, args)
  if not open then return refusal end
  local before = open.before or '[]'
  if before:sub(1, 1) ~= '[' then return { 'NOT_A_LIST' } end
  local items = length_of(before)
  if most_items > 0 and items >= most_items then return { 'FULL', items } end
  local list = before == '[]' and '[' .. item .. ']' or before:sub(1, -2) .. ',' .. item .. ']'
  local version, too_large = put(keys[1], args[3], open.before, list, open.most)
  return too_large or { 'OK', items + 1, version }
end

local function pop(keys, args)
  if not keys[2] then return invalid('key') end
  if not args[1] then return invalid('secret hash') end
  for i = 2, #args do
    if not args[i]:match('^d:') then return invalid('field') end
  end
  local session = find(keys, args[1], clock())
  if not session then return { 'GONE' } end
  local reply = { 'OK', session.version }
  for i = 2, #args do
    local value = redis.call('HGET', keys[1], args[i])
    if value then
      redis.call('HDEL', keys[1], args[i])
      reply[#reply + 1] = args[i]
      reply[#reply + 1] = value
    end
  end
  if #reply > 2 then reply[2] = text_of(redis.call('HINCRBY', keys[1], 'v', 1)) end
  return reply
end

local function destroy(keys, args)
  local handle, secret_hash = args[1], args[2]
  if not keys[2] then return invalid('key') end
  if not handle or handle == '' then return invalid('handle') end
  local session = find(keys, secret_hash, clock())
  if not session or session.handle ~= handle then return { 'OK', 0 } end
  finish(keys, session)
  return { 'OK', 1, session.user }
end

local function take(keys, args)
  if not keys[2] then return invalid('key') end
  if not args[1] then return invalid('secret hash') end
  local now, of_caller = clock(), {}
  local session = find(keys, args[1], now, of_caller)
  if not session then return { 'GONE' } end
  local last = describe(keys, session, now, of_caller)
  finish(keys, session)
  return last
end

local function destroy_all(keys)
  local index = keys[1]
  if not index then return invalid('key') end
  local members = redis.call('ZRANGEBYSCORE', index, '(' .. text_of(clock()), '+inf')
  -- what the index does not list is over; the hashes go by their TTL
  redis.call('DEL', index)
  return handles_of(members)
end

local function revoke_others(keys, args)
  if not keys[2] then return invalid('key') end
  if not args[1] then return invalid('secret hash') end
  local now = clock()
  local session = find(keys, args[1], now)
  if not session then return { 'GONE' } end
  local own, others = member_of(session), {}
  -- a guest has no others
  if session.user == '' then return { 'OK', '' } end
  redis.call('ZREMRANGEBYSCORE', keys[2], '-inf', text_of(now))
  for _, member in ipairs(redis.call('ZRANGE', keys[2], 0, -1)) do
    if member ~= own then
      redis.call('ZREM', keys[2], member)
      others[#others + 1] = member
    end
  end
  return handles_of(others, session.user)
end

local function handles(keys)
  local index = keys[1]
  if not index then return invalid('key') end
  local members = redis.call('ZRANGEBYSCORE', index, '(' .. text_of(clock()), '+inf')
  table.sort(members, function(left, right) return left > right end)
  return handles_of(members)
end

local function count(keys)
  if not keys[1] then return invalid('key') end
  return { 'OK', redis.call('ZCOUNT', keys[1], '(' .. text_of(clock()), '+inf') }
end

local function list(keys)
  local index, now = keys[1], clock()
  if not index then return invalid('key') end
  local reply = { 'OK' }
  for i = 2, #keys do
    local session = find({ keys[i], index }, nil, now)
    if session then
      reply[#reply + 1] = session.handle
      reply[#reply + 1] = session.created
      reply[#reply + 1] = text_of(session.seen)
      reply[#reply + 1] = text_of(now + redis.call('PTTL', keys[i]))
      local at = #reply + 1
      reply[at] = ''
      append_fields(reply, keys[i], '^m:')
      reply[at] = text_of((#reply - at) / 2)
    end
  end
  return reply
end

local function expiry(keys, args)
  if not keys[2] then return invalid('key') end
  if not args[1] then return invalid('handle') end
  local now = clock()
  local session = find(keys, nil, now)
  if session and session.handle == args[1] then return { 'OK', text_of(now + redis.call('PTTL', keys[1])) } end
  -- in its last millisecond a key is still there: that one was not ended before its time
  return { redis.call('PTTL', keys[1]) > 1 and 'ENDED' or 'GONE' }
end

-- how long entries outlive their time: so long may nobody look
local A_DAY = 86400000

local function expect(keys, args)
  local at = whole(args[1])
  if not keys[1] then return invalid('key') end
  if not at then return invalid('expires') end
  if not args[2] or args[2] == '' then return invalid('entry') end
  redis.call('ZADD', keys[1], text_of(at), args[2])
  outlive(keys[1], at + A_DAY, clock())
  return { 'OK' }
end

local function due(keys, args)
  local most, lease = whole(args[1]), whole(args[2])
  if not keys[1] then return invalid('key') end
  if not most or most < 1 then return invalid('how many') end
  if not lease or lease < 1 then return invalid('lease ms') end
  local now, reply = clock(), { 'OK' }
  for _, entry in ipairs(redis.call('ZRANGEBYSCORE', keys[1], '-inf', text_of(now), 'LIMIT', 0, most)) do
    redis.call('ZADD', keys[1], text_of(now + lease), entry)
    reply[#reply + 1] = entry
  end
  return reply
end

local function drop(keys, args)
  if not keys[1] then return invalid('key') end
  local dropped = 0
  for i = 1, #args do dropped = dropped + redis.call('ZREM', keys[1], args[i]) end
  return { 'OK', dropped }
end

local function expected(keys)
  if not keys[1] then return invalid('key') end
  return { 'OK', redis.call('ZCARD', keys[1]) }
end

redis.register_function('session_create', create)
redis.register_function('session_patch', patch)
redis.register_function('session_increment', increment)
redis.register_function('session_append', append)
redis.register_function{ function_name = 'session_pop', callback = pop, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'session_rotate', callback = rotate, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'session_get', callback = get, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'session_peek', callback = peek, flags = { 'no-writes' } }
redis.register_function{ function_name = 'session_destroy', callback = destroy, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'session_take', callback = take, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'session_destroy_all', callback = destroy_all, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'session_revoke_others', callback = revoke_others, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'session_handles', callback = handles, flags = { 'no-writes' } }
redis.register_function{ function_name = 'session_list', callback = list, flags = { 'no-writes' } }
redis.register_function{ function_name = 'session_count', callback = count, flags = { 'no-writes' } }
redis.register_function('session_expect', expect)
redis.register_function{ function_name = 'session_expiry', callback = expiry, flags = { 'no-writes' } }
redis.register_function{ function_name = 'session_due', callback = due, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'session_drop', callback = drop, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'session_expected', callback = expected, flags = { 'no-writes' } }

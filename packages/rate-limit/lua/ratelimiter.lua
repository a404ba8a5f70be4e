#!lua name=ratelimiter
-- @version 1.0.0
--
-- Rate limits by the server's own clock, to the microsecond. A call that is refused charges and writes nothing.
--
--   check_rate_limit         bucket   capacity, refill per second, [requested = 1]
--        → allowed 1 or 0, whole tokens left, ms until this request could pass, ms until the bucket is full
--   get_rate_limit_status    bucket   capacity, refill per second                                       no-writes
--        → whole tokens left, capacity, ms until the bucket is full
--   ratelimiter_consume      one key per policy   per policy: algorithm, limit, window in ms, cost
--        → allowed 1 or 0, number of the policy that refuses (0: none; of several, the longest to wait for),
--          then per policy: units left, ms until its cost could pass, ms until nothing of it is used
--   ratelimiter_peek         as ratelimiter_consume, and charges nothing                                no-writes
--   ratelimiter_reset        keys → how many there were                                                 allow-oom
--
-- Algorithms:
--   tb   token bucket: `limit` units, refilled evenly at `limit` per window. Key: when it is full, in µs, as text.
--   fw   fixed window: begins with the first hit. Key: "begin:used".
--   sw   sliding window: what the window before used, weighted by how much of it is still in view, as if it had been
--        evenly spread. Key: "begin:used before:used". No more than `limit` per window in the long run; a client that
--        saves all its hits for the end of one window can have close to twice `limit` in view for a moment.
--   sl   sliding log: exact, at the price of one sorted set entry per call that passed.
-- Every policy is asked first and charged only if all agree. All keys of a call must be in one cluster slot.
-- Amounts are whole numbers from 1 to 2^53-1; refill is a decimal above 0 with up to 6 places, like 10 or 0.001.
-- Each key expires when it would say "nothing used"; a bucket that takes an hour to fill is kept for that hour.
--
-- Errors: MISSING_KEY, DUPLICATE_KEY, INVALID_POLICY, INVALID_AMOUNT, COST_ABOVE_CAPACITY (would never pass),
-- INVALID_STATE and WRONGTYPE (the key holds something else).

local MAX_TEXT = '9007199254740991'
-- a hundred years: keeps every time below 2^53 µs, where doubles are exact
local LONGEST_US = 3155760000000000

-- numbers

-- digits only: tonumber alone takes 'nan', '0x10', '1e3' and ' 5 '
local function to_whole(text)
  if not text or not text:match('^[1-9]%d*$') then return nil end
  if #text > #MAX_TEXT or (#text == #MAX_TEXT and text > MAX_TEXT) then return nil end
  return tonumber(text)
end

-- tokens per second as the exact fraction µs / tokens: 0.001 is one token per 1000000000 µs
local function to_refill(text)
  local whole, fraction = (text or ''):match('^(%d+)%.?(%d*)$')
  if not whole or text:match('%.$') or #fraction > 6 or #whole + #fraction > 15 then return nil end
  local tokens = tonumber(whole .. fraction)
  if tokens == 0 then return nil end
  return tonumber('1000000' .. ('0'):rep(#fraction)), tokens
end

local function to_text(number)
  return ('%.0f'):format(number)
end

local function to_ms(us)
  return math.ceil(us / 1000)
end

-- One ms more than needed: PX counts from the whole ms in which the command began, not from this call's µs.
local function to_ttl(us)
  return to_text(to_ms(us) + 1)
end

-- TIME moves within a call on Redis 7.0: read once, everything in a call happens at one moment
local function read_clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

-- errors

local function invalid_amount(what, text)
  return redis.error_reply('INVALID_AMOUNT ' .. what .. ' must be a whole number from 1 to 2^53-1, not "'
    .. (text or ''):sub(1, 40) .. '"')
end

local function invalid_state(key)
  return redis.error_reply('INVALID_STATE ' .. key:sub(1, 80)
    .. ' holds something else than the state of a rate limit; use another key, or delete this one')
end

local function cost_above_capacity(cost, capacity)
  return redis.error_reply('COST_ABOVE_CAPACITY ' .. cost .. ' can never pass a limit of ' .. capacity
    .. '; ask for less at once, or raise the limit')
end

-- An algorithm is five functions over one state:
--   open(key, limit, window, now)   the state as of now; nil where the key holds something else
--   wait(state, cost)               µs until cost fits; 0 where it fits now
--   charge(state, cost)             takes cost and writes; only after wait said 0
--   left(state)                     whole units that fit now
--   used_for(state)                 µs until nothing is used

-- token bucket

local token_bucket = {}

-- What is used and not refilled yet is kept as time (GCRA): `debt` whole µs and a `rest` in 1/tokens µs. Without the
-- rest, 3 per second would be 333333 µs each and not come to exactly 3. One token takes us / tokens µs.
local function open_bucket(key, capacity, us, tokens, now)
  local value = redis.call('GET', key)
  local debt, rest = 0, 0
  if value then
    local full_at, part = value:match('^(%d+):?(%d*)$')
    if not full_at then return nil end
    debt, rest = tonumber(full_at) - now, tonumber(part) or 0
    if debt < 0 then debt, rest = 0, 0 end
    if rest >= tokens then rest = tokens - 1 end
  end
  local full_rest = math.fmod(capacity * us, tokens)
  local full = (capacity * us - full_rest) / tokens
  -- more than empty: the limit was lowered, or the server's clock was set back
  if debt > full or (debt == full and rest > full_rest) then debt, rest = full, full_rest end
  return {
    key = key, now = now, capacity = capacity, us = us, tokens = tokens,
    debt = debt, rest = rest, full = full, full_rest = full_rest,
  }
end

local function debt_after(bucket, cost)
  local more_rest = math.fmod(cost * bucket.us, bucket.tokens)
  local debt = bucket.debt + (cost * bucket.us - more_rest) / bucket.tokens
  local rest = bucket.rest + more_rest
  if rest >= bucket.tokens then return debt + 1, rest - bucket.tokens end
  return debt, rest
end

function token_bucket.open(key, limit, window, now)
  return open_bucket(key, limit, window, limit, now)
end

function token_bucket.wait(bucket, cost)
  local debt, rest = debt_after(bucket, cost)
  return math.max(0, debt - bucket.full + (rest > bucket.full_rest and 1 or 0))
end

function token_bucket.charge(bucket, cost)
  bucket.debt, bucket.rest = debt_after(bucket, cost)
  local value = to_text(bucket.now + bucket.debt)
  if bucket.rest > 0 then value = value .. ':' .. to_text(bucket.rest) end
  redis.call('SET', bucket.key, value, 'PX', to_ttl(bucket.debt + 1))
end

function token_bucket.left(bucket)
  if bucket.debt == 0 and bucket.rest == 0 then return bucket.capacity end
  local free = (bucket.full - bucket.debt) * bucket.tokens + bucket.full_rest - bucket.rest
  return math.floor(free / bucket.us)
end

function token_bucket.used_for(bucket)
  return bucket.debt + (bucket.rest > 0 and 1 or 0)
end

-- fixed window

local fixed_window = {}

function fixed_window.open(key, limit, window, now)
  local value = redis.call('GET', key)
  local begin, used = now, 0
  if value then
    local begin_text, used_text = value:match('^(%d+):(%d+)$')
    if not begin_text then return nil end
    -- not later than now: a clock that was set back must not make the window longer
    begin, used = math.min(tonumber(begin_text), now), tonumber(used_text)
    if now - begin >= window then begin, used = now, 0 end
  end
  return { key = key, now = now, limit = limit, used = used, ends_in = begin + window - now, begin = begin }
end

function fixed_window.wait(state, cost)
  return state.used + cost <= state.limit and 0 or state.ends_in
end

function fixed_window.charge(state, cost)
  state.used = state.used + cost
  redis.call('SET', state.key, to_text(state.begin) .. ':' .. to_text(state.used), 'PX', to_ttl(state.ends_in))
end

function fixed_window.left(state)
  return math.max(0, state.limit - state.used)
end

function fixed_window.used_for(state)
  return state.used > 0 and state.ends_in or 0
end

-- sliding window

local sliding_window = {}

function sliding_window.open(key, limit, window, now)
  local value = redis.call('GET', key)
  local begin, before, used = now, 0, 0
  if value then
    local begin_text, before_text, used_text = value:match('^(%d+):(%d+):(%d+)$')
    if not begin_text then return nil end
    begin, before, used = math.min(tonumber(begin_text), now), tonumber(before_text), tonumber(used_text)
    local passed = math.floor((now - begin) / window)
    if passed == 1 then begin, before, used = begin + window, used, 0 end
    if passed > 1 then begin, before, used = now, 0, 0 end
  end
  return {
    key = key, now = now, limit = limit, window = window,
    begin = begin, before = before, used = used, elapsed = now - begin,
  }
end

-- When `used` falls to `room`, if it falls evenly to 0 in one window: the first whole µs.
local function time_to_fall(used, room, window)
  if used <= room then return 0 end
  return window - math.floor(room * window / used)
end

function sliding_window.wait(state, cost)
  local room = state.limit - cost
  local rest_of_window = state.window - state.elapsed
  if state.used <= room then
    return math.max(0, time_to_fall(state.before, room - state.used, state.window) - state.elapsed)
  end
  return rest_of_window + time_to_fall(state.used, room, state.window)
end

function sliding_window.charge(state, cost)
  state.used = state.used + cost
  local value = to_text(state.begin) .. ':' .. to_text(state.before) .. ':' .. to_text(state.used)
  redis.call('SET', state.key, value, 'PX', to_ttl(2 * state.window - state.elapsed))
end

function sliding_window.left(state)
  local in_view = state.before * (state.window - state.elapsed)
  return math.max(0, math.floor(((state.limit - state.used) * state.window - in_view) / state.window))
end

function sliding_window.used_for(state)
  if state.used > 0 then return 2 * state.window - state.elapsed end
  return state.before > 0 and state.window - state.elapsed or 0
end

-- sliding log

local sliding_log = {}

-- An entry: score = when, in µs; member = "total:cost", total being the sum of all costs up to it, with leading zeros
-- so that entries of the same µs keep their order. What a stretch of the log used is then a difference of two totals.
local function read_entry(entries)
  local total, cost = (entries[1] or ''):match('^(%d+):(%d+)$')
  return tonumber(total), tonumber(cost), tonumber(entries[2])
end

function sliding_log.open(key, limit, window, now)
  local state = { key = key, now = now, limit = limit, window = window, used = 0, total = 0, newest = now }
  local last = redis.call('ZRANGE', key, '-1', '-1', 'WITHSCORES')
  if #last == 0 then return state end
  local total, _, newest = read_entry(last)
  if not total then return nil end
  if newest + window <= now then return state end
  local first = redis.call('ZRANGEBYSCORE', key, to_text(now - window + 1), '+inf', 'WITHSCORES', 'LIMIT', '0', '1')
  local first_total, first_cost = read_entry(first)
  if not first_total then return nil end
  -- never before the newest entry: after a clock was set back, totals would no longer rise with the scores
  state.total, state.newest = total, math.max(newest, now)
  state.last_use, state.used = newest, total - first_total + first_cost
  return state
end

-- The entry whose leaving makes room: the first, in the order of totals, whose total reaches `target`.
local function time_of_total(key, target)
  local low, high = 0, redis.call('ZCARD', key) - 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    local total = read_entry(redis.call('ZRANGE', key, to_text(middle), to_text(middle), 'WITHSCORES'))
    if total >= target then high = middle else low = middle + 1 end
  end
  local _, _, time = read_entry(redis.call('ZRANGE', key, to_text(low), to_text(low), 'WITHSCORES'))
  return time
end

function sliding_log.wait(state, cost)
  if state.used + cost <= state.limit then return 0 end
  return time_of_total(state.key, state.total + cost - state.limit) + state.window - state.now
end

function sliding_log.charge(state, cost)
  state.total, state.used, state.last_use = state.total + cost, state.used + cost, state.newest
  redis.call('ZREMRANGEBYSCORE', state.key, '-inf', to_text(state.now - state.window))
  redis.call('ZADD', state.key, to_text(state.newest), ('%016.0f:%.0f'):format(state.total, cost))
  redis.call('PEXPIRE', state.key, to_ttl(sliding_log.used_for(state)))
end

function sliding_log.left(state)
  return math.max(0, state.limit - state.used)
end

function sliding_log.used_for(state)
  return state.used > 0 and state.last_use + state.window - state.now or 0
end

-- policies

local algorithms = { tb = token_bucket, fw = fixed_window, sw = sliding_window, sl = sliding_log }

-- The checked policies of a call, or an error reply. Nothing is read before everything is checked.
local function read_policies(keys, args)
  if #keys == 0 then return nil, redis.error_reply('MISSING_KEY give one key per policy') end
  if #args ~= 4 * #keys then
    return nil, redis.error_reply('INVALID_POLICY give algorithm, limit, window in ms and cost for each key')
  end
  local policies, seen = {}, {}
  for number, key in ipairs(keys) do
    if seen[key] then return nil, redis.error_reply('DUPLICATE_KEY each policy needs a key of its own') end
    seen[key] = true
    local first = 4 * (number - 1)
    local algorithm = algorithms[args[first + 1]]
    if not algorithm then return nil, redis.error_reply('INVALID_POLICY the algorithms are tb, fw, sw and sl') end
    local limit, window, cost = to_whole(args[first + 2]), to_whole(args[first + 3]), to_whole(args[first + 4])
    if not limit then return nil, invalid_amount('limit', args[first + 2]) end
    if not window or window * 1000 > LONGEST_US then
      return nil, redis.error_reply('INVALID_AMOUNT window must be 1 ms to 100 years, in whole ms')
    end
    if not cost then return nil, invalid_amount('cost', args[first + 4]) end
    if cost > limit then return nil, cost_above_capacity(args[first + 4], args[first + 2]) end
    policies[number] = { key = key, algorithm = algorithm, limit = limit, window = window * 1000, cost = cost }
  end
  return policies
end

-- Asks every policy: who refuses, and how long for.
local function ask(policies)
  local now = read_clock()
  local refused_by, longest = 0, 0
  for number, policy in ipairs(policies) do
    local state = policy.algorithm.open(policy.key, policy.limit, policy.window, now)
    if not state then return nil, invalid_state(policy.key) end
    policy.state, policy.wait = state, policy.algorithm.wait(state, policy.cost)
    if policy.wait > longest then refused_by, longest = number, policy.wait end
  end
  return refused_by
end

local function answer(policies, refused_by)
  local reply = { refused_by == 0 and 1 or 0, refused_by }
  for _, policy in ipairs(policies) do
    reply[#reply + 1] = policy.algorithm.left(policy.state)
    reply[#reply + 1] = to_ms(policy.wait)
    reply[#reply + 1] = to_ms(policy.algorithm.used_for(policy.state))
  end
  return reply
end

-- functions

local function consume(keys, args)
  local policies, mistake = read_policies(keys, args)
  if not policies then return mistake end
  local refused_by, fault = ask(policies)
  if not refused_by then return fault end
  if refused_by == 0 then
    for _, policy in ipairs(policies) do policy.algorithm.charge(policy.state, policy.cost) end
  end
  return answer(policies, refused_by)
end

local function peek(keys, args)
  local policies, mistake = read_policies(keys, args)
  if not policies then return mistake end
  local refused_by, fault = ask(policies)
  if not refused_by then return fault end
  return answer(policies, refused_by)
end

local function reset(keys)
  if #keys == 0 then return redis.error_reply('MISSING_KEY give the keys to reset') end
  local removed = 0
  for _, key in ipairs(keys) do removed = removed + redis.call('DEL', key) end
  return removed
end

-- The bucket that the two functions of the guide name by its capacity and refill, or an error reply.
local function read_bucket(keys, args)
  local key, capacity = keys[1], to_whole(args[1])
  if not key or keys[2] then return nil, redis.error_reply('MISSING_KEY name the bucket as the one key of the call') end
  if not capacity then return nil, invalid_amount('capacity', args[1]) end
  local us, tokens = to_refill(args[2])
  if not us then
    return nil, redis.error_reply('INVALID_AMOUNT refill per second must be a decimal above 0, up to 6 places, not "'
      .. (args[2] or ''):sub(1, 40) .. '"')
  end
  if capacity * us / tokens > LONGEST_US then
    return nil, redis.error_reply('INVALID_AMOUNT the bucket would take more than 100 years to fill; raise the refill')
  end
  local bucket = open_bucket(key, capacity, us, tokens, read_clock())
  if not bucket then return nil, invalid_state(key) end
  return bucket
end

local function check_rate_limit(keys, args)
  local requested_text = args[3] or '1'
  local requested, capacity = to_whole(requested_text), to_whole(args[1])
  if not requested then return invalid_amount('requested', requested_text) end
  if capacity and requested > capacity then return cost_above_capacity(requested_text, args[1]) end
  local bucket, mistake = read_bucket(keys, args)
  if not bucket then return mistake end
  local wait = token_bucket.wait(bucket, requested)
  if wait == 0 then token_bucket.charge(bucket, requested) end
  return { wait == 0 and 1 or 0, token_bucket.left(bucket), to_ms(wait), to_ms(token_bucket.used_for(bucket)) }
end

local function get_rate_limit_status(keys, args)
  local bucket, mistake = read_bucket(keys, args)
  if not bucket then return mistake end
  return { token_bucket.left(bucket), bucket.capacity, to_ms(token_bucket.used_for(bucket)) }
end

redis.register_function('check_rate_limit', check_rate_limit)
redis.register_function{
  function_name = 'get_rate_limit_status',
  callback = get_rate_limit_status,
  flags = { 'no-writes' },
}
redis.register_function('ratelimiter_consume', consume)
redis.register_function{ function_name = 'ratelimiter_peek', callback = peek, flags = { 'no-writes' } }
redis.register_function{ function_name = 'ratelimiter_reset', callback = reset, flags = { 'allow-oom' } }

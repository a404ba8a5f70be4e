#!lua name=ratelimiter
-- @version 1.1.0
--
-- Rate limits by the server's own clock, to the microsecond. A call that is refused charges nothing, and writes nothing
-- unless its policy blocks.
--
--   check_rate_limit         bucket   capacity, refill per second, [requested = 1]
--        → allowed 1 or 0, whole tokens left, ms until this request could pass, ms until the bucket is full
--   get_rate_limit_status    bucket   capacity, refill per second                                       no-writes
--        → whole tokens left, capacity, ms until the bucket is full
--   ratelimiter_consume      keys of the policies   per policy: algorithm, limit, window in ms, cost
--        → allowed 1 or 0, number of the policy that refuses (0: none; of several, the longest to wait for),
--          then per policy: units left (-1: blocked), ms until its cost could pass, ms until nothing of it is used
--   ratelimiter_peek         as ratelimiter_consume, and charges nothing                                no-writes
--   ratelimiter_decide       many decisions in one call; contract at the function
--   ratelimiter_change       keys of the policies   take | give | set, units, per policy: algorithm, limit, window
--        take: charges without asking, never below empty; give: gives back, never above full; set: so much is in use
--        → as ratelimiter_peek with cost 1
--   ratelimiter_settle       marker, keys of the policies   when (µs), per policy: algorithm, limit, window, charged,
--                            cost, ms until it was free again when it was charged
--        what a decision cost in the end: gives back or takes the difference → 1; 0 where that was done before
--   ratelimiter_block        keys of the policies   ms, per policy: algorithm → number of policies
--   ratelimiter_unblock      keys of the policies   per policy: algorithm → how many were blocked       allow-oom
--   ratelimiter_release      keys of leases         lease → how many units are free again               allow-oom
--   ratelimiter_reset        keys → how many there were                                                 allow-oom
--
-- Algorithms:
--   tb   token bucket: `limit` units, refilled evenly at `limit` per window. Where one unit takes whole ms, the key's
--        text is "1", and it expires when the bucket is full; else the text says when, in µs.
--   fw   fixed window: begins with the first hit. Key: "begin:used".
--   fa   fixed window aligned to the clock: begins at whole multiples of its length since 1970. Key: as fw.
--   sw   sliding window: what the window before used, weighted by how much of it is still in view, as if it had
--        been evenly spread. Key: "begin:used before:used". No more than `limit` per window in the long run; a client
--        that saves all its hits for the end of one window can have close to twice `limit` in view for a moment.
--   sl   sliding log: exact, at the price of one sorted set entry per call that passed. Two keys: block, log.
--   cc   concurrency: `limit` units at once; a unit is free when its lease is released, or after `window` if it never
--        is. Two keys: block, leases.
-- An algorithm may be followed by ",shadow" (counts, and never refuses) or ",block=MS:FACTOR:MOST:FORGET:EXTEND" (MOST
-- and FORGET in ms too): whoever it refuses is refused for so long, times FACTOR each time again, and starts afresh
-- when that is over. EXTEND 1: refusals meanwhile begin it again. Key: "!until:times:forgotten at:" before the state.
-- Every policy is asked first and charged only if all agree. All keys of a call must be in one cluster slot.
-- Amounts are whole numbers from 1 to 2^53-1; refill is a decimal above 0 with up to 6 places, like 10 or 0.001.
-- Each key expires when it would say "nothing used"; a bucket that takes an hour to fill is kept for that hour.
--
-- Errors: MISSING_KEY, DUPLICATE_KEY, INVALID_POLICY, INVALID_AMOUNT, COST_ABOVE_CAPACITY (would never pass),
-- INVALID_STATE and WRONGTYPE (the key holds something else).

local MAX_TEXT = '9007199254740991'
-- a hundred years: keeps every time below 2^53 µs, where doubles are exact
local LONGEST_US = 3155760000000000
-- unpack() puts its results on Lua's stack, which ends at 8000
local MOST_KEYS = 5000

-- There are no globals while a library is loaded, and looking one up later costs as much as a small command.
local call, floor, ceil, fmod, min, max, format, to_number, spread
-- The moment of this call, in µs and in whole ms; and a key that holds something else, so that it cannot be written.
local now, now_ms, foreign

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
  return format('%.0f', number)
end

local function to_ms(us)
  return ceil(us / 1000)
end

-- One ms more than needed: PX counts from the whole ms in which the command began, not from this call's µs. A number:
-- the server turns it into text in a third of the time that format() takes.
local function to_ttl(us)
  return to_ms(us) + 1
end

local function read_clock()
  local time = call('TIME')
  return time[1] * 1000000 + time[2]
end

-- TIME moves within a call on Redis 7.0: read once, everything in a call happens at one moment
local function stop_clock()
  now = read_clock()
  now_ms = floor(now / 1000)
end

-- errors

local function invalid_amount(what, text)
  return redis.error_reply('INVALID_AMOUNT ' .. what .. ' must be a whole number from 1 to 2^53-1, not "'
    .. (text or ''):sub(1, 40) .. '"')
end

local function invalid_policy(sentence)
  return redis.error_reply('INVALID_POLICY ' .. sentence)
end

local function invalid_state(key)
  return redis.error_reply('INVALID_STATE ' .. key:sub(1, 80)
    .. ' holds something else than the state of a rate limit; use another key, or delete this one')
end

local function cost_above_capacity(cost, capacity)
  return redis.error_reply('COST_ABOVE_CAPACITY ' .. cost .. ' can never pass a limit of ' .. capacity
    .. '; ask for less at once, or raise the limit')
end

-- keys

-- Writes a policy's text, and keeps what is remembered of earlier blocks. MGET said nil for a key of another type too:
-- such a key is found out here, and left as it is.
local function put(state, text, us)
  local key, memory = state.key, state.memory
  if memory then
    text, us = memory .. (type(text) == 'number' and to_text(text) or text), max(us, state.forgotten_at - now)
  end
  if state.exists then
    call('SET', key, text, 'PX', to_ttl(us))
  elseif not call('SET', key, text, 'PX', to_ttl(us), 'NX') then
    foreign = key
  end
  state.exists = true
end

-- An algorithm is these functions over one state, which is made for one policy and one key:
--   open(state, text)     fills the state from the key's text (false: there is none); nil where that is something else
--   left(state)           whole units that fit now
--   wait(state, cost)     µs until cost fits; 0 where it fits now
--   take(state, units)    charges units that fit, and writes
--   give(state, units)    takes back what was charged last, and writes
--   undo(state, units, at, free_us)  takes back of what was charged at a moment, when it was free again after free_us
--   used_for(state)       µs until nothing is used

-- token bucket

local token_bucket = {}

-- What is used and not refilled yet is kept as time (GCRA): `debt` whole µs and a `rest` in 1/tokens µs. Without the
-- rest, 3 per second would be 333333 µs each and not come to exactly 3. One token takes us / tokens µs.
local function open_bucket(state, text, us, tokens)
  local debt, rest = 0, 0
  if text then
    local full_at
    if text == '1' then
      -- what counts in whole ms counted here before its limit was changed
      full_at = call('PEXPIRETIME', state.key) * 1000
    else
      -- a plain number, nearly always
      full_at = tonumber(text)
      if not full_at then
        local part
        full_at, part = text:match('^(%d+):(%d+)$')
        if not full_at then return nil end
        full_at, rest = tonumber(full_at), tonumber(part)
      end
      if not (full_at > 1e12 and full_at < 1e16) then return nil end
    end
    debt = full_at - now
    if debt < 0 then debt, rest = 0, 0 end
    if rest >= tokens then rest = tokens - 1 end
  end
  local all = state.limit * us
  local full_rest = fmod(all, tokens)
  -- `debt` may be more: where the limit was lowered, what was used under the old one is waited for
  local full = (all - full_rest) / tokens
  state.us, state.tokens, state.debt, state.rest, state.full, state.full_rest = us, tokens, debt, rest, full, full_rest
  return state
end

local function debt_after(bucket, cost)
  local more = cost * bucket.us
  local more_rest = fmod(more, bucket.tokens)
  local debt = bucket.debt + (more - more_rest) / bucket.tokens
  local rest = bucket.rest + more_rest
  if rest >= bucket.tokens then return debt + 1, rest - bucket.tokens end
  return debt, rest
end

local function save_bucket(bucket)
  local full_at = now + bucket.debt
  put(bucket, bucket.rest > 0 and to_text(full_at) .. ':' .. to_text(bucket.rest) or full_at, bucket.debt + 1)
end

function token_bucket.open(state, text)
  return open_bucket(state, text, state.window, state.limit)
end

function token_bucket.left(bucket)
  local debt, rest = bucket.debt, bucket.rest
  if debt == 0 and rest == 0 then return bucket.limit end
  return max(0, floor(((bucket.full - debt) * bucket.tokens + bucket.full_rest - rest) / bucket.us))
end

function token_bucket.wait(bucket, cost)
  local debt, rest = debt_after(bucket, cost)
  local over = debt - bucket.full
  if rest > bucket.full_rest then over = over + 1 end
  return over > 0 and over or 0
end

function token_bucket.take(bucket, units)
  bucket.debt, bucket.rest = debt_after(bucket, units)
  save_bucket(bucket)
end

local function shorten_debt(bucket, us)
  if not bucket.exists then return end
  bucket.debt = max(0, bucket.debt - us)
  if bucket.debt == 0 then bucket.rest = 0 end
  save_bucket(bucket)
end

-- A rest that is given back is rounded up to a µs of waiting, never down to a token too many.
function token_bucket.give(bucket, units)
  shorten_debt(bucket, floor(units * bucket.us / bucket.tokens))
end

-- What has been refilled meanwhile cannot be given back as well: others have had it.
function token_bucket.undo(bucket, units, at, free_us)
  shorten_debt(bucket, min(floor(units * bucket.us / bucket.tokens), max(0, free_us - max(0, now - at))))
end

function token_bucket.used_for(bucket)
  return bucket.rest > 0 and bucket.debt + 1 or bucket.debt
end

-- token bucket where one unit takes whole ms: its debt is the time that the key has to live, so that charging is one
-- small command that moves that moment, and nothing is turned into text. Its text is "1", which takes no memory.

local whole_bucket = {}

function whole_bucket.open(state, text)
  local full, debt = state.policy.full, 0
  if text then
    if text == '1' then
      debt = call('PEXPIRETIME', state.key) - now_ms
    else
      local full_at = tonumber((text:match('^(%d+):?%d*$')))
      if not full_at or full_at < 1e12 then return nil end
      debt = ceil(full_at / 1000) - now_ms
    end
    if debt < 0 then debt = 0 end
  end
  state.full, state.debt, state.carried, state.unit = full, debt, text == '1', state.policy.unit
  return state
end

function whole_bucket.left(bucket)
  return max(0, floor((bucket.full - bucket.debt) / bucket.unit))
end

function whole_bucket.wait(bucket, cost)
  local over = bucket.debt + cost * bucket.unit - bucket.full
  return over > 0 and over * 1000 or 0
end

local function save_whole(bucket)
  local full_at = now_ms + bucket.debt
  if bucket.memory then
    put(bucket, full_at * 1000, bucket.debt * 1000)
    return
  end
  -- 0: it has expired meanwhile, or was given back wholly
  if bucket.carried and call('PEXPIREAT', bucket.key, full_at) == 1 then return end
  if bucket.exists then
    call('SET', bucket.key, '1', 'PXAT', full_at)
  elseif not call('SET', bucket.key, '1', 'PXAT', full_at, 'NX') then
    foreign = bucket.key
  end
  bucket.exists, bucket.carried = true, true
end

function whole_bucket.take(bucket, units)
  bucket.debt = bucket.debt + units * bucket.unit
  save_whole(bucket)
end

local function shorten_whole(bucket, ms)
  if not bucket.exists then return end
  bucket.debt = max(0, bucket.debt - ms)
  save_whole(bucket)
end

function whole_bucket.give(bucket, units)
  shorten_whole(bucket, units * bucket.unit)
end

function whole_bucket.undo(bucket, units, at, free_us)
  shorten_whole(bucket, min(units * bucket.unit, max(0, free_us / 1000 - max(0, now_ms - floor(at / 1000)))))
end

function whole_bucket.used_for(bucket)
  return bucket.debt * 1000
end

-- fixed window

local fixed_window = {}

local function save_window(state)
  put(state, to_text(state.begin) .. ':' .. to_text(state.used), state.ends_in)
end

function fixed_window.open(state, text)
  local window = state.window
  local begin, used = now, 0
  if text then
    local begin_text, used_text = text:match('^(%d+):(%d+)$')
    if not begin_text then return nil end
    -- not later than now: a clock that was set back must not make the window longer
    begin, used = min(tonumber(begin_text), now), tonumber(used_text)
  end
  if state.aligned then
    local aligned = now - fmod(now, window)
    if begin < aligned or used == 0 then begin, used = aligned, 0 end
  elseif now - begin >= window then
    begin, used = now, 0
  end
  state.begin, state.used, state.ends_in = begin, used, begin + window - now
  if state.aligned then state.ends_in = window - fmod(now, window) end
  return state
end

function fixed_window.left(state)
  return max(0, state.limit - state.used)
end

function fixed_window.wait(state, cost)
  return state.used + cost <= state.limit and 0 or state.ends_in
end

function fixed_window.take(state, units)
  state.used = state.used + units
  save_window(state)
end

function fixed_window.give(state, units)
  if state.used == 0 then return end
  state.used = max(0, state.used - units)
  save_window(state)
end

function fixed_window.undo(state, units, at)
  if at >= state.begin then fixed_window.give(state, units) end
end

function fixed_window.used_for(state)
  return state.used > 0 and state.ends_in or 0
end

-- sliding window

local sliding_window = {}

local function save_windows(state)
  local text = to_text(state.begin) .. ':' .. to_text(state.before) .. ':' .. to_text(state.used)
  put(state, text, 2 * state.window - state.elapsed)
end

function sliding_window.open(state, text)
  local window = state.window
  local begin, before, used = now, 0, 0
  if text then
    local begin_text, before_text, used_text = text:match('^(%d+):(%d+):(%d+)$')
    if not begin_text then return nil end
    begin, before, used = min(tonumber(begin_text), now), tonumber(before_text), tonumber(used_text)
    local passed = floor((now - begin) / window)
    if passed == 1 then begin, before, used = begin + window, used, 0 end
    if passed > 1 then begin, before, used = now, 0, 0 end
  end
  state.begin, state.before, state.used, state.elapsed = begin, before, used, now - begin
  return state
end

function sliding_window.left(state)
  local in_view = state.before * (state.window - state.elapsed)
  return max(0, floor(((state.limit - state.used) * state.window - in_view) / state.window))
end

-- When `used` falls to `room`, if it falls evenly to 0 in one window: the first whole µs.
local function time_to_fall(used, room, window)
  if used <= room then return 0 end
  return window - floor(room * window / used)
end

function sliding_window.wait(state, cost)
  local room = state.limit - cost
  if state.used <= room then
    return max(0, time_to_fall(state.before, room - state.used, state.window) - state.elapsed)
  end
  return state.window - state.elapsed + time_to_fall(state.used, room, state.window)
end

function sliding_window.take(state, units)
  state.used = state.used + units
  save_windows(state)
end

function sliding_window.give(state, units)
  if state.used == 0 and state.before == 0 then return end
  local of_this = min(units, state.used)
  state.used, state.before = state.used - of_this, max(0, state.before - (units - of_this))
  save_windows(state)
end

function sliding_window.undo(state, units, at)
  if at >= state.begin then
    state.used = max(0, state.used - units)
  elseif at >= state.begin - state.window then
    state.before = max(0, state.before - units)
  else
    return
  end
  save_windows(state)
end

function sliding_window.used_for(state)
  if state.used > 0 then return 2 * state.window - state.elapsed end
  return state.before > 0 and state.window - state.elapsed or 0
end

-- sliding log

local sliding_log = {}

-- An entry: score = when, in µs; member = "total:cost", total being the sum of all costs up to it, with leading zeros
-- so that entries of the same µs keep their order. What a stretch of the log used is then a difference of two totals.
local function read_entry(entries, first)
  local total, cost = (entries[first] or ''):match('^(%d+):(%d+)$')
  return tonumber(total), tonumber(cost), tonumber(entries[first + 1])
end

local function add_entry(key, at, total, cost)
  call('ZADD', key, to_text(at), format('%016.0f:%.0f', total, cost))
end

local function save_log(state)
  local ttl = sliding_log.used_for(state)
  if ttl > 0 then call('PEXPIRE', state.set, to_ttl(ttl)) end
end

-- The text of the first key is only a block, which whoever called has read; the log is a sorted set.
function sliding_log.open(state, text)
  if text and text ~= '' then return nil end
  local key, window = state.set, state.window
  state.used, state.total, state.newest = 0, 0, now
  local last = call('ZRANGE', key, '-1', '-1', 'WITHSCORES')
  if #last == 0 then return state end
  local total, _, newest = read_entry(last, 1)
  if not total then return nil end
  if newest + window <= now then return state end
  local first = call('ZRANGEBYSCORE', key, to_text(now - window + 1), '+inf', 'WITHSCORES', 'LIMIT', '0', '1')
  local first_total, first_cost = read_entry(first, 1)
  if not first_total then return nil end
  -- never before the newest entry: after a clock was set back, totals would no longer rise with the scores
  state.total, state.newest = total, max(newest, now)
  state.last_use, state.used = newest, total - first_total + first_cost
  return state
end

function sliding_log.left(state)
  return max(0, state.limit - state.used)
end

-- The entry whose leaving makes room: the first, in the order of totals, whose total reaches `target`.
local function time_of_total(key, target)
  local low, high = 0, call('ZCARD', key) - 1
  while low < high do
    local middle = floor((low + high) / 2)
    local total = read_entry(call('ZRANGE', key, to_text(middle), to_text(middle), 'WITHSCORES'), 1)
    if total >= target then high = middle else low = middle + 1 end
  end
  local _, _, time = read_entry(call('ZRANGE', key, to_text(low), to_text(low), 'WITHSCORES'), 1)
  return time
end

function sliding_log.wait(state, cost)
  if state.used + cost <= state.limit then return 0 end
  return time_of_total(state.set, state.total + cost - state.limit) + state.window - now
end

function sliding_log.take(state, units)
  state.total, state.used, state.last_use = state.total + units, state.used + units, state.newest
  call('ZREMRANGEBYSCORE', state.set, '-inf', to_text(now - state.window))
  add_entry(state.set, state.newest, state.total, units)
  save_log(state)
end

-- Takes back from the newest entry on.
function sliding_log.give(state, units)
  local open = min(units, state.used)
  while open > 0 do
    local last = call('ZRANGE', state.set, '-1', '-1', 'WITHSCORES')
    local total, cost, at = read_entry(last, 1)
    if not total then break end
    local part = min(open, cost)
    call('ZREM', state.set, last[1])
    if part < cost then add_entry(state.set, at, total - part, cost - part) end
    open = open - part
  end
  sliding_log.open(state, false)
  save_log(state)
end

-- Takes back from the entries of that moment. All later totals fall: as much work as there were calls since.
function sliding_log.undo(state, units, at)
  local entries = call('ZRANGEBYSCORE', state.set, to_text(at), '+inf', 'WITHSCORES')
  local given = 0
  for first = 1, #entries, 2 do
    local total, cost, time = read_entry(entries, first)
    if not total then return end
    local part = time == at and min(units - given, cost) or 0
    if part == 0 and given == 0 then break end
    given = given + part
    call('ZREM', state.set, entries[first])
    if part < cost then add_entry(state.set, time, total - given, cost - part) end
  end
  sliding_log.open(state, false)
  save_log(state)
end

function sliding_log.used_for(state)
  return state.used > 0 and state.last_use + state.window - now or 0
end

-- concurrency

local concurrency = {}

-- One entry per unit, so that counting is one command; score = when the lease ends by itself, in µs.
function concurrency.open(state, text)
  if text and text ~= '' then return nil end
  state.used = call('ZCOUNT', state.set, to_text(now + 1), '+inf')
  return state
end

function concurrency.left(state)
  return max(0, state.limit - state.used)
end

-- At the latest: a lease that is released makes room before.
function concurrency.wait(state, cost)
  local missing = state.used + cost - state.limit
  if missing <= 0 then return 0 end
  local ends = call('ZRANGEBYSCORE', state.set, to_text(now + 1), '+inf', 'WITHSCORES', 'LIMIT',
    to_text(missing - 1), '1')
  return tonumber(ends[2]) - now
end

function concurrency.take(state, units)
  call('ZREMRANGEBYSCORE', state.set, '-inf', to_text(now))
  for number = 1, units do call('ZADD', state.set, to_text(now + state.window), state.lease .. '#' .. number) end
  state.used = state.used + units
  call('PEXPIRE', state.set, to_ttl(concurrency.used_for(state)))
end

-- Leases are released, not given back.
function concurrency.give() end
function concurrency.undo() end

function concurrency.used_for(state)
  local last = call('ZRANGE', state.set, '-1', '-1', 'WITHSCORES')
  return last[2] and max(0, tonumber(last[2]) - now) or 0
end

-- policies

-- keys: how many an algorithm has; the first is a text.
local algorithms = {
  tb = { keys = 1, api = token_bucket },
  fw = { keys = 1, api = fixed_window },
  fa = { keys = 1, api = fixed_window, aligned = true },
  sw = { keys = 1, api = sliding_window },
  sl = { keys = 2, api = sliding_log },
  cc = { keys = 2, api = concurrency },
}

local function read_block(text)
  local duration, factor, most, forget, extend = text:match('^block=(%d+):(%d+):(%d+):(%d+):([01])$')
  if not duration then return nil end
  return {
    duration = tonumber(duration) * 1000, factor = tonumber(factor), most = tonumber(most) * 1000,
    forget = tonumber(forget) * 1000, extend = extend == '1',
  }
end

-- A policy from its algorithm, limit and window, or an error reply.
local function read_policy(algorithm, limit_text, window_text)
  local code, options = algorithm, nil
  if algorithm and not algorithms[algorithm] then code, options = algorithm:match('^(%a+),(.*)$') end
  local kind = code and algorithms[code]
  if not kind then return nil, invalid_policy('the algorithms are tb, fw, fa, sw, sl and cc') end
  local limit, window = to_whole(limit_text), to_whole(window_text)
  if not limit then return nil, invalid_amount('limit', limit_text) end
  if not window or window * 1000 > LONGEST_US then
    return nil, redis.error_reply('INVALID_AMOUNT window must be 1 ms to 100 years, in whole ms')
  end
  local policy = {
    keys = kind.keys, api = kind.api, aligned = kind.aligned, limit = limit, window = window * 1000,
  }
  -- Redis before 7 (where this runs as a script) cannot say when a key expires
  local says_when = redis.REDIS_VERSION_NUM
  if kind.api == token_bucket and says_when and fmod(window, limit) == 0 then
    policy.api, policy.full, policy.unit = whole_bucket, window, window / limit
  end
  if options == 'shadow' then
    policy.shadow = true
  elseif options then
    policy.block = read_block(options)
    if not policy.block then
      return nil, invalid_policy('the options are shadow and block=MS:FACTOR:MOST:FORGET:0 or 1')
    end
  end
  return policy
end

-- The policies of a call that names them one after the other, with their keys, and `extra` numbers each. Nothing is
-- read before everything is checked.
local function read_charges(keys, first_key, args, first_arg, extra)
  local size = 3 + extra
  local count = (#args - first_arg + 1) / size
  if #keys < first_key then return nil, redis.error_reply('MISSING_KEY give the keys of each policy') end
  if count ~= floor(count) or count < 1 then
    return nil, invalid_policy('give algorithm, limit, window in ms and what else the function asks for, per policy')
  end
  local charges, seen, at = {}, {}, first_key
  for number = 1, count do
    local first = first_arg + size * (number - 1)
    local policy, mistake = read_policy(args[first], args[first + 1], args[first + 2])
    if not policy then return nil, mistake end
    charges[number] = { policy = policy, key = keys[at], set = policy.keys == 2 and keys[at + 1] or nil, first = first }
    at = at + policy.keys
  end
  if at ~= #keys + 1 then return nil, invalid_policy('give one key per policy, and two for sl and cc') end
  for number = first_key, #keys do
    if seen[keys[number]] then return nil, redis.error_reply('DUPLICATE_KEY each policy needs keys of its own') end
    seen[keys[number]] = true
  end
  return charges
end

-- One policy and one key as of now, blocked or not, in a table that is used again for every key; nil where the key
-- holds something else. All fields are set: what the last key left must not be taken for this one's.
local function open(state, policy, key, set, text)
  local api = policy.api
  state.policy, state.api, state.key, state.set = policy, api, key, set
  state.limit, state.window, state.aligned = policy.limit, policy.window, policy.aligned
  state.exists, state.blocked_for, state.memory, state.times = text ~= false, nil, nil, 0
  if text and text:byte() == 33 then
    local until_text, times, forgotten, rest = text:match('^!(%d+):(%d+):(%d+):(.*)$')
    if not until_text then return nil end
    local blocked_for = tonumber(until_text) - now
    state.times, state.forgotten_at = tonumber(times), tonumber(forgotten)
    if blocked_for > 0 then
      state.blocked_for = blocked_for
      return state
    end
    if state.forgotten_at > now then
      state.memory = text:sub(1, #text - #rest)
    else
      state.times = 0
    end
    text = rest ~= '' and rest
  end
  return api.open(state, text)
end

local function left(state)
  if state.blocked_for then return 0 end
  return state.api.left(state)
end

-- A cost above the limit never fits, which only a shadow policy is asked about: as long as it can be.
local function wait(state, cost)
  if cost > state.limit then return state.blocked_for or state.window end
  return state.blocked_for or state.api.wait(state, cost)
end

local function used_for(state)
  return state.blocked_for or state.api.used_for(state)
end

-- blocks

local function write_block(state, us, times, forget)
  local ends_at = now + us
  local text = '!' .. to_text(ends_at) .. ':' .. to_text(times) .. ':' .. to_text(ends_at + forget) .. ':'
  call('SET', state.key, text, 'PX', to_ttl(us + forget))
  -- it starts afresh when the block is over; leases are real work that goes on meanwhile
  if state.set and state.api ~= concurrency then call('DEL', state.set) end
  state.blocked_for = us
end

-- A refusal by a policy that blocks: for how long, is how often it has done so before.
local function block_refused(state)
  local block = state.policy.block
  local times = state.times
  if state.blocked_for then
    if not block.extend then return end
    times = max(0, times - 1)
  end
  local us = min(block.duration * block.factor ^ times, block.most)
  write_block(state, us, min(times + 1, 1000), block.forget)
end

-- decisions

-- How many of n requests of `cost` pass.
local function fitting(state, cost, n)
  if state.blocked_for then return 0 end
  if n == 1 then return wait(state, cost) == 0 and 1 or 0 end
  return min(n, floor(state.api.left(state) / cost))
end

local function append(reply, size, state, cost, refused)
  reply[size + 1] = state.blocked_for and -1 or state.api.left(state)
  reply[size + 2] = refused and to_ms(wait(state, cost)) or 0
  reply[size + 3] = to_ms(used_for(state))
end

-- Opens the policies of a call, or an error reply.
local function open_all(charges)
  local names = {}
  for number, charge in ipairs(charges) do names[number] = charge.key end
  stop_clock()
  local texts = call('MGET', spread(names))
  for number, charge in ipairs(charges) do
    charge.state = open({}, charge.policy, charge.key, charge.set, texts[number])
    if not charge.state then return invalid_state(charge.key) end
  end
end

-- consume and peek: one decision, each policy with a cost of its own.
local function decide_one(keys, args, takes)
  local charges, mistake = read_charges(keys, 1, args, 1, 1)
  if not charges then return mistake end
  for _, charge in ipairs(charges) do
    local cost_text = args[charge.first + 3]
    charge.cost = to_whole(cost_text)
    if not charge.cost then return invalid_amount('cost', cost_text) end
    if charge.cost > charge.policy.limit then return cost_above_capacity(cost_text, args[charge.first + 1]) end
    if takes and charge.policy.api == concurrency then
      return invalid_policy('cc needs a lease: use ratelimiter_decide')
    end
  end
  local fault = open_all(charges)
  if fault then return fault end
  local refused_by, longest = 0, 0
  for number, charge in ipairs(charges) do
    charge.wait = wait(charge.state, charge.cost)
    if charge.wait > longest and not charge.policy.shadow then refused_by, longest = number, charge.wait end
  end
  local reply = { refused_by == 0 and 1 or 0, refused_by }
  for _, charge in ipairs(charges) do
    local state, refuses = charge.state, charge.wait > 0
    if takes and refused_by == 0 and not refuses then state.api.take(state, charge.cost) end
    if takes and refuses and charge.policy.block then block_refused(state) end
    append(reply, #reply, state, charge.cost, refuses)
  end
  if foreign then return invalid_state(foreign) end
  return reply
end

local function consume(keys, args)
  return decide_one(keys, args, true)
end

local function peek(keys, args)
  return decide_one(keys, args, false)
end

-- many decisions

-- Texts that were read before: an application has few sets and few sizes of runs, and sends them in every call.
local known_sets, known_runs, known_count = {}, {}, 0

local function remember(known, text, value)
  if known_count >= 2000 then known_sets, known_runs, known_count = {}, {}, 0 end
  known[text], known_count = value, known_count + 1
  return value
end

-- "tb 100 60000 0 sl 5 1000 1": per policy algorithm, limit, window in ms and cost (0: that of the decision).
local function read_set(text)
  -- is_plain: nothing but buckets that count in whole ms, which decide_plain() can do
  local set = { size = 0, keys = 0, leases = false, costs = {}, is_plain = true }
  for algorithm, limit, window, cost in text:gmatch('(%S+) (%S+) (%S+) (%d+)') do
    local policy, mistake = read_policy(algorithm, limit, window)
    if not policy then return nil, mistake end
    local size = set.size + 1
    set.size, set[size], set.costs[size], set.keys = size, policy, to_number(cost), set.keys + policy.keys
    set.leases = set.leases or policy.api == concurrency
    set.is_plain = set.is_plain and policy.api == whole_bucket and not policy.block and not policy.shadow
  end
  if set.size == 0 then return nil, invalid_policy('a set is algorithm, limit, window in ms and cost per policy') end
  return remember(known_sets, text, set)
end

-- "64 1 1 5": 64 groups of set 1, with 1 request each that costs 5.
local function read_run(text)
  local groups, set, n, cost = text:match('^(%d+) (%d+) (%d+) (%d+)$')
  if not groups or to_number(n) < 1 or to_number(cost) < 1 then return nil end
  return remember(known_runs, text, {
    groups = to_number(groups), set = to_number(set), n = to_number(n), cost = to_number(cost),
  })
end

-- Checks a batch before anything is decided: its sets, its runs, the keys that hold texts; or an error reply.
local function read_batch(keys, args)
  local count = to_number(args[1] or '')
  if not count or #keys == 0 or #keys > MOST_KEYS then
    return nil, redis.error_reply('MISSING_KEY give 1 to ' .. MOST_KEYS .. ' keys, and first the number of sets')
  end
  local sets, names = {}, keys
  for index = 1, count do
    local text = args[index + 2] or ''
    local set, mistake = known_sets[text], nil
    if not set then set, mistake = read_set(text) end
    if not set then return nil, mistake end
    sets[index] = set
    -- of two keys the second is no text
    if set.keys > set.size then names = {} end
  end
  local at, position = count + 3, 1
  while args[at] do
    local run = known_runs[args[at]] or read_run(args[at])
    local set = run and sets[run.set]
    if not set then return nil, invalid_policy('a run is groups, number of the set, requests and cost') end
    if names == keys then
      position = position + run.groups * set.keys
    else
      for _ = 1, run.groups do
        for index = 1, set.size do
          names[#names + 1] = keys[position]
          position = position + set[index].keys
        end
      end
    end
    at = at + 1 + (set.leases and run.groups or 0)
  end
  if position ~= #keys + 1 then return nil, invalid_policy('the runs ask for another number of keys') end
  return sets, names
end

-- One client's key that holds something else must not take the answers of all others away.
local function no_answer(reply, size)
  foreign = nil
  reply[size] = -1
  return size
end

-- One per policy of a set, for all groups of all calls: making a table takes longer than reading a key.
local states = {}

-- n requests of `cost` by one client: all policies are asked, as many pass as fit into all. Returns the size of the
-- reply with the answer: -2 - how many passed, then per policy the three numbers.
local function decide_group(set, keys, key, texts, text, n, cost, lease, reply, size)
  local granted, costs, policies = n, set.costs, set.size
  for index = 1, policies do
    local policy, state, own_cost = set[index], states[index], costs[index]
    if not state then
      state = {}
      states[index] = state
    end
    local value
    if texts then value = texts[text + index - 1] else value = call('MGET', keys[key])[1] end
    if not open(state, policy, keys[key], policy.keys == 2 and keys[key + 1] or nil, value) then
      return no_answer(reply, size + 1)
    end
    key = key + policy.keys
    if own_cost == 0 then own_cost = cost end
    state.lease, state.cost = lease, own_cost
    local fits = fitting(state, own_cost, n)
    state.fits = fits
    if fits < granted and not policy.shadow then granted = fits end
  end
  size = size + 1
  local answer = size
  reply[answer] = -2 - granted
  for index = 1, policies do
    local state = states[index]
    local fits = state.fits
    local taken = fits < granted and fits or granted
    if taken > 0 then state.api.take(state, taken * state.cost) end
    if fits < n and state.policy.block then block_refused(state) end
    append(reply, size, state, state.cost, fits < n)
    size = size + 3
  end
  if not foreign then return size end
  for index = answer + 1, size do reply[index] = nil end
  return no_answer(reply, answer)
end

-- A bucket's first key. MGET said nil for a key of another type too: it is left as it is.
local function begin_plain(name, full_at)
  if not call('SET', name, '1', 'PXAT', full_at, 'NX') then foreign = name end
end

-- When the buckets of one client are full, as decide_plain() goes along.
local debts = {}

-- decide_group() for what nearly every decision is: plain buckets that nobody has blocked. The same steps without their
-- function calls, and a short answer: how many passed, and per policy the ms until its bucket is full. nil where it is
-- not so simple.
local function decide_plain(set, keys, key, texts, n, cost, reply, size)
  local granted, costs, policies = n, set.costs, set.size
  for index = 1, policies do
    local text, policy, debt = texts[key + index - 1], set[index], 0
    local full, own_cost = policy.full, costs[index]
    if text == '1' then
      debt = call('PEXPIRETIME', keys[key + index - 1]) - now_ms
      if debt < 0 then debt = 0 end
    elseif text then
      return nil
    end
    debts[index] = debt
    local fits = (full - debt) / (policy.unit * (own_cost == 0 and cost or own_cost))
    if fits < granted then granted = fits > 0 and fits - fits % 1 or 0 end
  end
  size = size + 1
  reply[size] = granted
  for index = 1, policies do
    local debt = debts[index]
    if granted > 0 then
      local name, own_cost = keys[key + index - 1], costs[index]
      debt = debt + granted * set[index].unit * (own_cost == 0 and cost or own_cost)
      local full_at = now_ms + debt
      if not texts[key + index - 1] or call('PEXPIREAT', name, full_at) == 0 then begin_plain(name, full_at) end
    end
    reply[size + index] = debt
  end
  if foreign then return no_answer(reply, size) end
  return size + policies
end

-- A run of decide_plain() for one policy.
local function decide_plain_run(set, keys, key, texts, groups, n, cost, reply, size)
  local policy, own_cost = set[1], set.costs[1]
  local full, step = policy.full, policy.unit * (own_cost == 0 and cost or own_cost)
  for at = key, key + groups - 1 do
    local name, text, debt, granted = keys[at], texts[at], 0, n
    if text and text ~= '1' then
      size = decide_group(set, keys, at, texts, at, n, cost, nil, reply, size)
    else
      if text then
        debt = call('PEXPIRETIME', name) - now_ms
        if debt < 0 then debt = 0 end
      end
      local fits = (full - debt) / step
      if fits < n then granted = fits > 0 and fits - fits % 1 or 0 end
      if granted > 0 then
        debt = debt + granted * step
        if not text or call('PEXPIREAT', name, now_ms + debt) == 0 then begin_plain(name, now_ms + debt) end
      end
      size = size + 2
      reply[size - 1], reply[size] = granted, debt
      if foreign then
        reply[size] = nil
        size = no_answer(reply, size - 1)
      end
    end
  end
  return size
end

-- args: number of sets; 1 where a key occurs more than once, else 0; the sets; then runs of alike groups, each followed
--       by a lease per group where its set has cc. A group is requests of one client that ask for the same.
-- → now in µs; per group -1 where its key holds something else; or, where all its policies are token buckets that count
--   in whole ms and nobody is blocked, how many passed (the first ones), and per policy the ms until it is full; else
--   -2 - how many passed, and per policy as ratelimiter_consume, after those.
local function decide(keys, args)
  local sets, names = read_batch(keys, args)
  if not sets then return names end
  stop_clock()
  local texts = args[2] == '0' and call('MGET', spread(names))
  local reply, size, key, text, at = { now }, 1, 1, 1, #sets + 3
  while args[at] do
    local run = known_runs[args[at]] or read_run(args[at])
    local set, groups, n, cost = sets[run.set], run.groups, run.n, run.cost
    local is_plain = texts and set.is_plain and names == keys
    if is_plain and set.size == 1 then
      size = decide_plain_run(set, keys, key, texts, groups, n, cost, reply, size)
      key, text = key + groups, text + groups
    else
      for group = 1, groups do
        local answered = is_plain and decide_plain(set, keys, key, texts, n, cost, reply, size)
        if not answered then
          local lease = set.leases and args[at + group]
          answered = decide_group(set, keys, key, texts, text, n, cost, lease, reply, size)
        end
        key, text, size = key + set.keys, text + set.size, answered
      end
    end
    at = at + 1 + (set.leases and groups or 0)
  end
  return reply
end

-- changes

-- Never below empty, whoever takes without asking.
local function take_at_most(state, units)
  local taken = min(units, left(state))
  if taken > 0 and state.api ~= concurrency then state.api.take(state, taken) end
end

local function change(keys, args)
  local operation, units = args[1], args[2] == '0' and 0 or to_whole(args[2])
  if operation ~= 'take' and operation ~= 'give' and operation ~= 'set' then
    return invalid_policy('the changes are take, give and set')
  end
  if not units then return invalid_amount('units', args[2]) end
  local charges, mistake = read_charges(keys, 1, args, 3, 0)
  if not charges then return mistake end
  local fault = open_all(charges)
  if fault then return fault end
  local reply, refused_by, longest = { 1, 0 }, 0, 0
  for number, charge in ipairs(charges) do
    local state = charge.state
    if not state.blocked_for then
      if operation ~= 'take' then state.api.give(state, operation == 'set' and 2 ^ 53 or units) end
      if operation ~= 'give' then take_at_most(state, units) end
    end
    append(reply, #reply, state, 1, true)
    if reply[#reply - 1] > longest and not charge.policy.shadow then
      refused_by, longest = number, reply[#reply - 1]
    end
  end
  if foreign then return invalid_state(foreign) end
  reply[1], reply[2] = refused_by == 0 and 1 or 0, refused_by
  return reply
end

local function settle(keys, args)
  local at = to_whole(args[1])
  if not at then return invalid_amount('when', args[1]) end
  local charges, mistake = read_charges(keys, 2, args, 2, 3)
  if not charges then return mistake end
  local longest = 0
  for _, charge in ipairs(charges) do
    longest = max(longest, charge.policy.window)
    charge.charged, charge.cost = tonumber(args[charge.first + 3]), tonumber(args[charge.first + 4])
    charge.free_ms = tonumber(args[charge.first + 5])
    if not charge.charged or not charge.cost or not charge.free_ms then
      return invalid_amount('charged, cost and ms', args[charge.first + 4])
    end
  end
  local fault = open_all(charges)
  if fault then return fault end
  -- after two windows nothing that was charged then is left to give back
  if not call('SET', keys[1], '1', 'PX', to_ttl(2 * longest), 'NX') then return 0 end
  for _, charge in ipairs(charges) do
    local state, more = charge.state, charge.cost - charge.charged
    if not state.blocked_for then
      if more > 0 then take_at_most(state, more) end
      if more < 0 then state.api.undo(state, -more, at, charge.free_ms * 1000) end
    end
  end
  if foreign then return invalid_state(foreign) end
  return 1
end

local function each_kind(keys, args, first)
  local at, number = 1, first
  return function()
    local kind = algorithms[args[number]]
    if not kind or not keys[at] then return nil end
    local state = { key = keys[at], set = kind.keys == 2 and keys[at + 1] or nil, api = kind.api }
    at, number = at + kind.keys, number + 1
    return state
  end
end

local function block(keys, args)
  local duration, blocked = to_whole(args[1]), 0
  if not duration or duration * 1000 > LONGEST_US then return invalid_amount('ms', args[1]) end
  stop_clock()
  for state in each_kind(keys, args, 2) do
    write_block(state, duration * 1000, 0, 0)
    blocked = blocked + 1
  end
  return blocked
end

local function unblock(keys, args)
  local ended = 0
  for state in each_kind(keys, args, 1) do
    local text = call('GET', state.key)
    if text and text:byte() == 33 then ended = ended + call('DEL', state.key) end
  end
  return ended
end

local function release(keys, args)
  local freed = 0
  for _, key in ipairs(keys) do
    local number = 1
    while call('ZREM', key, (args[1] or '') .. '#' .. number) == 1 do
      freed, number = freed + 1, number + 1
    end
  end
  return freed
end

local function reset(keys)
  if #keys == 0 then return redis.error_reply('MISSING_KEY give the keys to reset') end
  local removed = 0
  for _, key in ipairs(keys) do removed = removed + call('DEL', key) end
  return removed
end

-- the two functions of the guide

-- The bucket that they name by its capacity and refill, or an error reply.
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
  stop_clock()
  local text = call('GET', key)
  local bucket = open_bucket({ key = key, limit = capacity, exists = text }, text, us, tokens)
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
  local delay = token_bucket.wait(bucket, requested)
  if delay == 0 then token_bucket.take(bucket, requested) end
  return { delay == 0 and 1 or 0, token_bucket.left(bucket), to_ms(delay), to_ms(token_bucket.used_for(bucket)) }
end

local function get_rate_limit_status(keys, args)
  local bucket, mistake = read_bucket(keys, args)
  if not bucket then return mistake end
  return { token_bucket.left(bucket), bucket.limit, to_ms(token_bucket.used_for(bucket)) }
end

local function localise()
  call, floor, ceil, fmod = redis.call, math.floor, math.ceil, math.fmod
  min, max, format = math.min, math.max, string.format
  to_number, spread = tonumber, unpack
end

local function register(name, callback, flag)
  redis.register_function{
    function_name = name,
    callback = function(keys, args)
      if not call then localise() end
      foreign = nil
      return callback(keys, args)
    end,
    flags = { flag },
  }
end

register('check_rate_limit', check_rate_limit)
register('get_rate_limit_status', get_rate_limit_status, 'no-writes')
register('ratelimiter_consume', consume)
register('ratelimiter_peek', peek, 'no-writes')
register('ratelimiter_decide', decide)
register('ratelimiter_change', change)
register('ratelimiter_settle', settle)
register('ratelimiter_block', block)
register('ratelimiter_unblock', unblock, 'allow-oom')
register('ratelimiter_release', release, 'allow-oom')
register('ratelimiter_reset', reset, 'allow-oom')

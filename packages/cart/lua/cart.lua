#!lua name=cart
-- @version 2.0.0
--
-- Carts, and the stock and prices they refer to. Every function is one atomic step.
--
-- Of a cart (PLACE is the keys stock, holds, due; [] may be left out):
--   cart_add           cart, stock [, prices [, holds, due]]   product, quantity = 1, POLICY, OPTIONS     → CHANGE
--   cart_set           as cart_add; quantity is what the line has then, 0 removes it                       → CHANGE
--   cart_add_many      cart, stock [, prices [, holds, due]]   atomic | partial, POLICY, OPTIONS, then per item
--                      line, product, quantity, metadata, expected price ("" for none of the last two)
--                      → OK, version, 1 or 0 (changed), then per item six of: code, what CHANGE or the refusal says
--                      | REFUSED, number of the item, what refused it (atomic: nothing was added)
--   cart_add_each      stock, prices [, holds, due], carts   POLICY, number of carts, then six per add: number of its
--                      cart, line, product, quantity, metadata, expected price ("" for none of the last two)
--                      → OK, then five per add: OK, quantity in the line, version, quantity before, held until
--                      | why it was refused, as CHANGE says it. Adds to many carts, one after the other, in one step.
--   cart_remove        cart [, holds, due]                     product, quantity = all, POLICY, OPTIONS   → CHANGE
--                      more than there is removes all; a product that is not there is left alone
--   cart_clear         cart [, holds, due]                     POLICY, OPTIONS  → OK, lines removed, version
--   cart_accept        cart [, prices]                         POLICY, OPTIONS  → OK, prices that moved, version
--                      the prices of now become those at the time of adding, in the policy's currency
--   cart_merge         source, target [, stock [, prices, holds, due]]   strategy = sum, POLICY, OPTIONS
--                      → OK, lines of the source, version of the target, then per line that did not fit:
--                      line, product, wanted, quantity in target, why not
--                      The source is gone afterwards, so a repeat merges nothing. strategy, for a line in both carts:
--                      sum, max, keep-target, keep-source. Nothing of the target is taken away.
--   cart_touch         cart                                    POLICY           → OK, 1 or 0 (there is none)
--   cart_get           cart [, prices [, stock, holds, due]]   no args; no-writes
--                      → OK, version, total, units, currency, checkout, its end (ms), life left (ms), time (ms), then
--                      twelve per line in the order of adding: line, product, quantity, unit price, subtotal, price
--                      when added, added (µs), metadata, available, units held, hold until (ms), hold's checkout.
--                      A line without a price has "" as price and subtotal, and then the total is "". available is what
--                      the cart may hold of the product, "untracked", "unknown", or "" where no stock was given.
--   cart_read          as cart_get → OK, life left (ms), time (ms), v and k ("" where missing), lines, and three texts:
--                      their names, with line breaks between; their q: and their prices (null where missing), with
--                      commas; and, where there are such, s: and m: fields as a JSON object; with stock another text
--                      of three per line, with line breaks: available, units held, hold until. Clients read texts
--                      several times as fast as lists. Nothing is checked: a line break in a name shows in the
--                      number of names, and what is wrong with a value is said by cart_get.
--   cart_count         cart                                    no args; no-writes → OK, units, lines, version
--
-- Checkout (pin → pay → commit):
--   cart_checkout      cart, checkout [, stock, prices, holds, due]   checkout id, ms, POLICY, OPTIONS
--                      → OK, until (ms), total, version, checkout id, then five per line: line, product, quantity,
--                      price, metadata
--   cart_commit        cart, checkout, order [, stock, holds, due]    checkout id, order id, report | refuse, POLICY,
--                      OPTIONS → OK | ALREADY, version, then per product that fell short: product, units
--   cart_cancel        cart, checkout [, holds, due]           checkout id, POLICY
--                      → OK, 1 or 0 (was not open), order id ("" unless it is paid or committed), then product, units
--   cart_opened, cart_paid, cart_journal: the steps of a checkout whose products are in other slots; see there.
--   cart_take, cart_parcel, cart_delivered: those of a merge into a cart in another slot; see there.
--
-- Of stock:
--   cart_stock_set     stock   product, units | untracked, ... (pairs)      → OK, products set
--   cart_stock_drop    stock   product, ...                                 → OK, products dropped
--   cart_stock_adjust  stock, holds, due   product, units (signed), OPTIONS → OK, units, held, backorder
--   cart_stock_get     stock [, holds, due]   product, ...; no-writes
--                      → OK, then units of each, "" where unknown; with holds: units, held, backorder of each
--   cart_backorder     holds   product, limit | unlimited                   → OK
--   cart_price_set     prices  product, minor units | none, ... (pairs)     → OK, products set
--   cart_price_get     prices  product, ...; no-writes       → OK, minor units of each, "" where missing
--   cart_sweep         holds, due   most                     → OK, holds that had expired, 1 if there are more
--   cart_audit         holds, due   product, repair | look   → OK, held, sum of its holds, holds
--   cart_hold, cart_let_go, cart_pin, cart_unpin, cart_sell: what a cart in another slot does to a product; see there.
--
-- Of carts that were left: cart_due, cart_abandon; see there.
--
-- CHANGE   OK, quantity in the line, version, quantity before, held until (ms or ""), line
--          | OUT_OF_STOCK, available, in cart, 1 if holds have expired that were not looked at yet
--          | UNKNOWN_SKU, in cart | LIMIT_EXCEEDED, limit, most, what it would be
--          | PRICE_CHANGED, expected, price or "" | LINE_NOT_FOUND | AMOUNT_OVERFLOW
--          and of everything that changes a cart: VERSION_CONFLICT, version | IDEMPOTENCY_MISMATCH
--          | CURRENCY_MISMATCH, currency of the cart. REPLAYED before an answer: that operation was done before.
--
-- POLICY   one text of name=value, any of: ttl=86400000 (ms that a cart lives after a write), lines=100,
--          per_line=10000, per_sku=10000, per_cart=100000, held_units=1000 (in reserving carts), stock=check,
--          unknown=zero, hold=600000 (ms), hold_most=3600000 (ms from a hold's begin to its latest end), currency=,
--          abandon=0 (ms), op_ttl=86400000, keep=604800000 (ms that a checkout and an order id are remembered).
--          With abandon, the key of the idle carts comes after the others.
--   stock    none: not looked at. check: one cart cannot hold more than there is for it; takes nothing. reserve: holds
--            what is in the cart, until the hold's deadline.
--   unknown  what a product without a level is: zero (has none), refuse (UNKNOWN_SKU), untracked (has no end)
-- OPTIONS  pairs: version (of the cart, 0 for none), op (text that is the same for the same operation; the key of the
--          operation comes last), line, meta, price (expected), given (price when added), short=clamp, exists=1, total,
--          prices (of a cart whose products are in other slots: JSON, per line its name and price, all texts).
--
-- Stock and prices are hashes of product to whole number; HSET may write them too. Negative stock counts as 0.
-- Stock, holds, due and prices have no TTL: a level, a price or a hold that expired or was evicted would end a sale, or
-- leave units held for ever. holds is a hash: h:PRODUCT = units held in all, b:PRODUCT = units that may be sold beyond
-- the stock (b = there are such), c:LENGTH:PRODUCT:CART = units:since:pinned:checkout. due has the ends of the holds. A
-- hold whose end has come counts for nothing; it is swept by whoever writes next, 200 at most in one call.
-- A cart is a hash: v = "version units lines 1-if-a-line-is-not-called-by-its-product currency"; the version rises with
-- each change and is the time of it in µs. k = checkout and its end. Per line q: = "quantity,added(µs),price", the
-- price being that when it was added (null where it had none), s: = product (where it is not the line's name), m: =
-- metadata. HSET of q: alone, with a quantity alone, is understood.
-- Numbers in replies are integers, above 2^52 decimal text: clients round such integers.
-- Errors, before anything is written: INVALID_AMOUNT, INVALID_ARGUMENT, CORRUPT_DATA (key, then what is wrong with it),
-- AMOUNT_OVERFLOW (a subtotal or total above 2^53-1).

-- 2^53-1: Lua and JavaScript keep every whole number up to it
local MAX = 9007199254740991
-- node-redis rounds integer replies of 2^53-48 and above: it adds a digit's code before it subtracts that of 0
local LARGEST_INTEGER_REPLY = 4503599627370496
-- unpack() fails at about 8000 values
local CHUNK = 500
-- holder: the key of a cart, which may name it twice with three bytes for each of its own
local MAX_BYTES = { product = 256, line = 320, holder = 2000 }
-- expired holds that one call takes along: about 0.1 ms
local SWEEP = 200

local STOCK_MODES = { ['none'] = true, ['check'] = true, ['reserve'] = true }
local UNKNOWN = { ['zero'] = true, ['refuse'] = true, ['untracked'] = true }

-- There are no globals while a library is loaded, and looking one up later costs as much as a small command.
local call, pcall_redis, format, min, max, floor, huge, sort, to_number, spread, kind, each, entries
local find, byte, sub, match, join, try

-- what a cart wants of a line that both carts have
local STRATEGIES = {
  ['sum'] = function(source, target)
    return min(source + target, MAX)
  end,
  ['max'] = function(source, target)
    return max(source, target)
  end,
  ['keep-target'] = function(_, target)
    return target
  end,
  ['keep-source'] = function(source)
    return source
  end,
}

-- work: what one call knows. It keeps the first thing that is wrong; readers do nothing once there is one. Nothing is
-- written before all of them have run, because a function does not roll back. And no key is touched again once it may
-- be gone (DEL, or the last field of a hash): while its slot moves to another primary, that fails in the middle.

local function fail(work, code, sentence)
  -- not redis.error_reply: the embedded engine (js-redis-server) takes a code with a _ for none and puts ERR before it
  work.problem = work.problem or { err = code .. ' ' .. sentence }
end

-- text from outside: without line breaks, and not at any length
local function show(value, most)
  return (value:sub(1, most or 80):gsub('%c', '?'))
end

-- numbers

-- the digits of numbers below 10000: quantities and prices come again and again, and to write one costs as much as a
-- field to read
local small = {}

-- Plain digits: Lua itself would write 1e+15. In halves, because %d takes 32 bits in some engines and %.0f is slow.
local function digits(number)
  local text = small[number]
  if text then
    return text
  end
  if number < 0 then
    return '-' .. digits(-number)
  end
  if number >= 1e9 then
    return format('%d%08d', floor(number / 1e8), number % 1e8)
  end
  text = format('%d', number)
  if number < 10000 then
    small[number] = text
  end
  return text
end

local function to_reply(number)
  return number > LARGEST_INTEGER_REPLY and digits(number) or number
end

-- the numbers of texts of up to 4 digits: quantities and prices come again and again, and a pattern costs ten lookups
local wholes = {}

-- tonumber() also takes nan, inf, 1e3, 0x10 and ' 5 '
local function to_whole(text)
  local number = wholes[text]
  if number then
    return number
  end
  if text ~= '0' and not find(text, '^[1-9]%d*$') then
    return nil
  end
  number = to_number(text)
  if #text <= 4 then
    wholes[text] = number
  end
  return number <= MAX and number or nil
end

local function to_integer(text)
  if byte(text) ~= 45 then
    return to_whole(text)
  end
  local number = to_whole(text:sub(2))
  -- not -number: that of 0 is -0
  return number and 0 - number
end

-- arguments

local function read_amount(work, text, least)
  if work.problem then
    return 0
  end
  local number = to_whole(text)
  if number and number >= least then
    return number
  end
  local sentence = '"%s" is not an amount. Give a whole number from %d to 2^53-1, in plain digits.'
  fail(work, 'INVALID_AMOUNT', sentence:format(show(text), least))
  return 0
end

local function read_product(work, product)
  if #product == 0 or #product > MAX_BYTES.product then
    fail(work, 'INVALID_ARGUMENT', 'A product has 1 to ' .. MAX_BYTES.product .. ' bytes.')
  end
  return product
end

local function read_text(work, name, text, most)
  if #text == 0 or #text > most then
    fail(work, 'INVALID_ARGUMENT', format('A %s has 1 to %d bytes.', name, most))
  end
  return text
end

local NUMBERS = {
  ttl = 86400000,
  lines = 100,
  per_line = 10000,
  per_sku = 10000,
  per_cart = 100000,
  held_units = 1000,
  hold = 600000,
  hold_most = 3600000,
  abandon = 0,
  op_ttl = 86400000,
  keep = 604800000,
}

local function parse_policy(work, text)
  local policy = { stock = 'check', unknown = 'zero', currency = '' }
  for name, value in entries(NUMBERS) do
    policy[name] = value
  end
  for word in text:gmatch('%S+') do
    local name, value = word:match('^([a-z_]+)=(.*)$')
    local number = name and NUMBERS[name] and to_whole(value)
    if number and (number > 0 or name == 'abandon') then
      policy[name] = number
    elseif name == 'currency' or (name == 'stock' and STOCK_MODES[value]) or (name == 'unknown' and UNKNOWN[value]) then
      policy[name] = value
    else
      local sentence = '"%s" is not a policy. See POLICY on top of the library; amounts are whole numbers from 1.'
      fail(work, 'INVALID_ARGUMENT', sentence:format(show(word)))
    end
  end
  return policy
end

-- A service sends the same text with every call. The texts of many services do not fill the memory.
local policies, policy_count = {}, 0

local function read_policy(work, text)
  local policy = policies[text or '']
  if policy then
    return policy
  end
  policy = parse_policy(work, text or '')
  if not work.problem then
    if policy_count >= 100 then
      policies, policy_count = {}, 0
    end
    policies[text or ''], policy_count = policy, policy_count + 1
  end
  return policy
end

local function read_options(work, args, first, last)
  local options = {}
  for i = first, last, 2 do
    local name, value = args[i], args[i + 1]
    if not value then
      fail(work, 'INVALID_ARGUMENT', 'OPTIONS are pairs of name and value.')
    elseif name == 'version' or name == 'price' or name == 'given' or name == 'total' then
      options[name] = read_amount(work, value, 0)
    elseif name == 'op' or name == 'meta' or name == 'short' or name == 'exists' or name == 'prices' then
      options[name] = value
    elseif name == 'line' then
      options.line = read_text(work, 'line', value, MAX_BYTES.line)
    else
      fail(work, 'INVALID_ARGUMENT', '"' .. show(name) .. '" is not an option.')
    end
  end
  return options
end

local function localise()
  call, pcall_redis, format, min, max, floor = redis.call, redis.pcall, string.format, math.min, math.max, math.floor
  huge, sort, to_number, spread, kind = math.huge, table.sort, tonumber, unpack, type
  each, entries, find, byte, sub, match, try = ipairs, pairs, string.find, string.byte, string.sub, string.match, pcall
  join = table.concat
end

-- What functions take. keys: how many of them, by count; fixed: arguments before POLICY; items: arguments per item
-- after OPTIONS, whose number is then told before them
local ITEM = 5
local TAKES = {
  change = {
    fixed = 2, least = 1, policy = true, idle = true,
    keys = { [1] = true, [2] = true, [3] = true, [5] = true },
  },
  add_many = {
    fixed = 1, least = 1, policy = true, idle = true, items = ITEM,
    keys = { [1] = true, [2] = true, [3] = true, [5] = true },
  },
  remove = { fixed = 2, least = 1, policy = true, idle = true, keys = { [1] = true, [3] = true } },
  read = { fixed = 0, least = 0, keys = { [1] = true, [2] = true, [5] = true } },
  merge = { fixed = 1, least = 0, policy = true, idle = true, keys = { [2] = true, [3] = true, [6] = true } },
  checkout = { fixed = 2, least = 2, policy = true, idle = true, keys = { [2] = true, [6] = true } },
  commit = { fixed = 3, least = 3, policy = true, idle = true, rest = true, keys = { [3] = true, [6] = true } },
  cancel = { fixed = 1, least = 1, policy = true, idle = true, keys = { [2] = true, [4] = true } },
}

local function begin(name, keys, args, wants)
  if not call then
    localise()
  end
  local work = { count = #keys }
  local fixed = wants.fixed
  if #args < wants.least or (not wants.policy and not wants.many and #args > fixed) then
    local takes = (wants.policy or wants.many or fixed == wants.least) and wants.least or wants.least .. ' to ' .. fixed
    fail(work, 'INVALID_ARGUMENT', format('%s takes %s argument(s), not %d.', name, takes, #args))
    return work
  end
  if wants.policy then
    work.policy = read_policy(work, args[fixed + 1])
    local last = #args
    if wants.items then
      local pairs_given = read_amount(work, args[fixed + 2] or '', 0)
      work.first_item = fixed + 3 + 2 * pairs_given
      last = work.first_item - 1
      if (#args - last) % wants.items ~= 0 or #args <= last then
        fail(work, 'INVALID_ARGUMENT', format('%s takes %d arguments per item.', name, wants.items))
      end
    end
    if wants.rest then
      last = fixed + 1
    end
    work.options = read_options(work, args, wants.items and fixed + 3 or fixed + 2, last)
    if work.options.op then
      work.op_key = keys[work.count]
      work.count = work.count - 1
    end
    if work.policy.abandon > 0 and wants.idle then
      work.idle_key = keys[work.count]
      work.count = work.count - 1
    end
  end
  if wants.keys and not wants.keys[work.count] then
    fail(work, 'INVALID_ARGUMENT', format('%s does not take %d key(s). See the top of the library.', name, #keys))
  end
  local time = call('TIME')
  work.us = time[1] * 1000000 + time[2]
  work.ms = floor(work.us / 1000)
  return work
end

-- keys

local function fail_corrupt(work, key, sentence)
  fail(work, 'CORRUPT_DATA', show(key, 400) .. ' ' .. sentence)
end

-- the first command on a key finds out whether it is what it should be
local function on_key(work, command, key, ...)
  if work.problem then
    return
  end
  local reply = pcall_redis(command, key, ...)
  if kind(reply) ~= 'table' or not reply.err then
    return reply
  end
  if reply.err:find('WRONGTYPE', 1, true) then
    local wanted = command:sub(1, 1) == 'H' and 'a hash' or command:sub(1, 1) == 'Z' and 'a sorted set' or 'text'
    fail_corrupt(work, key, 'is not ' .. wanted .. '. Give the right key, or delete this one.')
  end
  work.problem = work.problem or reply
end

local function read_fields(work, key, fields)
  if #fields == 0 then
    return {}
  end
  if #fields <= CHUNK then
    return on_key(work, 'HMGET', key, spread(fields)) or {}
  end
  local values = {}
  for first = 1, #fields, CHUNK do
    local last = min(first + CHUNK - 1, #fields)
    local part = on_key(work, 'HMGET', key, spread(fields, first, last)) or {}
    for i = 1, #part do
      values[first + i - 1] = part[i]
    end
  end
  return values
end

-- in chunks, however many there are
local function send(command, key, values)
  if #values <= CHUNK then
    call(command, key, spread(values))
    return
  end
  for first = 1, #values, CHUNK do
    call(command, key, spread(values, first, min(first + CHUNK - 1, #values)))
  end
end

-- the numbers of some products in a stock or price hash: a number each, or false where it has none
local function read_numbers(work, key, products, parse)
  local numbers = read_fields(work, key, products)
  for i = 1, #numbers do
    local value = numbers[i]
    local number = value and parse(value)
    if value and not number then
      local sentence = 'has "%s" for "%s". Set a whole number up to 2^53-1.'
      fail_corrupt(work, key, sentence:format(show(value), show(products[i])))
    end
    numbers[i] = number
  end
  return numbers
end

local function to_units(text)
  return text == 'untracked' and text or to_integer(text)
end

-- operations: the answer of one is kept with its fingerprint

-- several texts and numbers as one; a number as text, which cjson would round to 14 digits
local function pack_values(values)
  local texts = {}
  for i = 1, #values do
    local value = values[i]
    texts[i] = kind(value) == 'number' and 'i' .. digits(value) or 's' .. value
  end
  return cjson.encode(texts)
end

local function unpack_values(packed)
  local is_read, texts = try(cjson.decode, packed)
  local values = {}
  for i = 1, is_read and #texts or 0 do
    local text = texts[i]
    values[i] = byte(text) == 105 and to_number(sub(text, 2)) or sub(text, 2)
  end
  return values
end

-- what was answered before to this operation, or nil
local function replay(work)
  if not work.op_key or work.problem then
    return
  end
  local kept = on_key(work, 'GET', work.op_key)
  if not kept then
    return
  end
  local values = unpack_values(kept)
  if values[1] ~= work.options.op then
    return { 'IDEMPOTENCY_MISMATCH' }
  end
  values[1] = 'REPLAYED'
  return values
end

-- a refusal is not kept: it changed nothing, and may be asked again
local function answer(work, reply)
  if work.op_key then
    call('SET', work.op_key, pack_values({ work.options.op, spread(reply) }), 'PX', digits(work.policy.op_ttl))
  end
  return reply
end

-- carts

local function new_line(id, sku)
  return { id = id, sku = sku or id, quantity = 0 }
end

-- quantity, added (text), price; the quantity is 0 where it cannot be read
local function parse_line(value)
  local quantity, added, price = match(value, '^([1-9]%d*),(%d+),([%dnul]+)$')
  quantity = quantity and to_number(quantity)
  if quantity and quantity <= MAX then
    return quantity, added, to_whole(price)
  end
  return to_whole(value) or 0, '0'
end

local function fail_corrupt_line(work, cart, id, value)
  local sentence = 'has "%s" as quantity of "%s". Remove that line, or clear the cart.'
  fail_corrupt(work, cart.key, sentence:format(show(value), show(id)))
end

-- version, units, lines, whether lines have other names than their products, and the currency: one field, because each
-- costs as much to find as to read
local function read_head(work, cart, value)
  local version, units, count, variants, currency = match(value, '^(%d+) (%d+) (%d+) ([01]) ?(.*)$')
  -- one more than the last of them would be the same number
  if not version or to_number(version) >= MAX then
    fail_corrupt(work, cart.key, 'has "' .. show(value) .. '" as version, units and lines. Clear the cart.')
    return
  end
  cart.version, cart.units, cart.count = to_number(version), to_number(units), to_number(count)
  cart.variants, cart.currency = variants == '1', currency ~= '' and currency
end

local function was_added_before(left, right)
  local first, second = left.added, right.added
  if first == second then
    return left.id < right.id
  end
  if #first ~= #second then
    return #first < #second
  end
  return first < second
end

-- the open checkout of a cart: its id and its end in ms
local function read_checkout_field(cart, value)
  local id, till = (value or ''):match('^(.*):(%d+)$')
  if id then
    cart.checkout, cart.checkout_until = id, to_number(till)
  end
end

-- every line; units and lines are counted, so that a cart whose counts are wrong or missing (HSET) is read right
local function load_whole(work, cart)
  local fields = on_key(work, 'HGETALL', cart.key)
  if not fields then
    return cart
  end
  local lines, list, found = {}, {}, {}
  local units, count = 0, 0
  cart.version, cart.currency, cart.exists = 0, false, #fields > 0
  for i = 1, #fields, 2 do
    local field, value = fields[i], fields[i + 1]
    local what, colon = byte(field, 1, 2)
    if colon == 58 then
      local id = sub(field, 3)
      local line = found[id]
      if not line then
        line = { id = id, sku = id, quantity = 0, added = '0', price = nil, meta = nil, exists = false }
        found[id] = line
      end
      if what == 113 then
        local quantity, added, price = parse_line(value)
        if quantity == 0 and work.tolerated ~= id then
          fail_corrupt_line(work, cart, id, value)
        end
        line.quantity, line.added, line.price, line.exists = quantity, added, price, true
        count = count + 1
        units, lines[id], list[count] = units + quantity, line, line
      elseif what == 115 then
        line.sku = value
      elseif what == 109 then
        line.meta = value
      end
    elseif field == 'v' then
      read_head(work, cart, value)
    elseif field == 'k' then
      read_checkout_field(cart, value)
    end
  end
  cart.units, cart.count = units, count
  local sorted = true
  for i = 2, count do
    sorted = sorted and was_added_before(list[i - 1], list[i])
  end
  -- HGETALL has no order of its own, though a small hash comes in that of adding
  if not sorted then
    sort(list, was_added_before)
  end
  if cart.units > MAX then
    fail_corrupt(work, cart.key, 'has more than 2^53-1 units. Clear the cart.')
  end
  cart.lines, cart.list, cart.whole = lines, list, true
  return cart
end

-- of the lines only these (pairs of line and product), where that is enough to count the units of a product
local function load_lines(work, key, wanted)
  local cart = { key = key, lines = {} }
  local fields = { 'v', 'k' }
  for i = 1, #wanted, 2 do
    fields[#fields + 1] = 'q:' .. wanted[i]
  end
  local values = read_fields(work, key, fields)
  if work.problem then
    return cart
  end
  cart.version, cart.units, cart.count, cart.exists = 0, 0, 0, values[1]
  if values[1] then
    read_head(work, cart, values[1])
  end
  if cart.variants or (not values[1] and call('HLEN', key) > 0) then
    return load_whole(work, cart)
  end
  if values[2] then
    read_checkout_field(cart, values[2])
  end
  for i = 1, #wanted / 2 do
    local id, value = wanted[2 * i - 1], values[2 + i]
    local line = cart.lines[id] or new_line(id, wanted[2 * i])
    if value then
      line.quantity, line.added, line.price = parse_line(value)
      line.exists = true
      if line.quantity == 0 then
        if work.tolerated == id then
          return load_whole(work, cart)
        end
        fail_corrupt_line(work, cart, id, value)
      end
    end
    cart.lines[id] = line
  end
  return cart
end

-- A line that somebody wrote with HSET is not in the counts: before a cart is taken for empty, its lines are counted.
local function recount(work, cart)
  local whole = load_whole(work, { key = cart.key })
  work.problem = nil
  for _, line in each(cart.touched or {}) do
    local was = whole.lines[line.id]
    if was then
      whole.units, whole.count = whole.units - was.quantity, whole.count - 1
    end
  end
  cart.units, cart.count, cart.whole = whole.units, whole.count, true
end

local function line_of(cart, id, sku)
  local line = cart.lines[id]
  if not line then
    line = new_line(id, sku)
    cart.lines[id] = line
  end
  return line
end

-- over all lines that were read: two variants of a product are units of the same stock
local function units_of(cart, sku)
  if not cart.by_sku then
    local by_sku = {}
    for _, line in entries(cart.lines) do
      by_sku[line.sku] = (by_sku[line.sku] or 0) + line.quantity
    end
    cart.by_sku = by_sku
  end
  return cart.by_sku[sku] or 0
end

local function touch_line(cart, line)
  if not line.touched then
    line.touched = true
    cart.touched = cart.touched or {}
    cart.touched[#cart.touched + 1] = line
  end
end

local function change_line(cart, line, quantity)
  local delta = quantity - line.quantity
  if cart.by_sku then
    cart.by_sku[line.sku] = (cart.by_sku[line.sku] or 0) + delta
  end
  cart.units = cart.units + delta
  if quantity > 0 and not line.exists then
    cart.count, line.exists, line.is_new = cart.count + 1, true, true
  elseif quantity == 0 and line.exists then
    cart.count, line.exists = cart.count - 1, false
  end
  line.quantity = quantity
  touch_line(cart, line)
end

local function is_in_checkout(work, cart)
  return cart.checkout and cart.checkout_until > work.ms
end

local function set_idle(work, cart)
  if not work.idle_key then
    return
  end
  if cart.count > 0 then
    call('ZADD', work.idle_key, digits(work.ms + work.policy.abandon), cart.key)
  end
  call('PEXPIRE', work.idle_key, digits(work.policy.ttl + work.policy.abandon))
  -- carts that expired and nobody looked for: each write takes two, so they do not pile up where nobody reaps
  local late = digits(work.ms - work.policy.ttl)
  local gone = call('ZRANGEBYSCORE', work.idle_key, '-inf', late, 'LIMIT', 0, 2)
  if cart.count == 0 then
    gone[#gone + 1] = cart.key
  end
  if #gone > 0 then
    call('ZREM', work.idle_key, spread(gone))
  end
end

local function keep_cart(work, cart)
  local life = work.policy.ttl
  if is_in_checkout(work, cart) then
    life = max(life, cart.checkout_until - work.ms)
  end
  call('PEXPIRE', cart.key, digits(life))
  set_idle(work, cart)
end

local function next_version(work, cart)
  cart.version = max(cart.version + 1, work.us)
  return cart.version
end

-- the fields of an empty cart that go; those that stay are its version and its open checkout
local function all_but_head(fields, keeps_checkout)
  local gone = {}
  for _, field in each(fields) do
    if field ~= 'v' and not (keeps_checkout and field == 'k') then
      gone[#gone + 1] = field
    end
  end
  return gone
end

-- Writes what has been changed in memory, and gives the cart its time again. An empty cart keeps its version: one that
-- somebody read before must not be that of a later cart.
local function write_cart(work, cart)
  if not cart.has_version then
    next_version(work, cart)
  end
  if cart.count <= 0 and not cart.whole and call('HLEN', cart.key) > 2 + 3 * #(cart.touched or {}) then
    recount(work, cart)
  end
  local fields, gone = { 'v', '' }, {}
  if cart.count == 0 then
    gone = call('HKEYS', cart.key)
    fields[2] = digits(cart.version) .. ' 0 0 0 '
  else
    cart.currency = cart.currency or (work.policy.currency ~= '' and work.policy.currency)
    for _, line in each(cart.touched or {}) do
      local id, at = line.id, #fields
      if line.exists then
        line.added = line.added or digits(work.us)
        local price = line.price and digits(line.price) or 'null'
        fields[at + 1], fields[at + 2] = 'q:' .. id, digits(line.quantity) .. ',' .. line.added .. ',' .. price
        if line.is_new and line.sku ~= id then
          cart.variants = true
          fields[at + 3], fields[at + 4] = 's:' .. id, line.sku
          if line.meta then
            fields[at + 5], fields[at + 6] = 'm:' .. id, line.meta
          end
        end
      elseif not line.is_new then
        gone[#gone + 1] = 'q:' .. id
        -- without these two a cart has none of the other fields
        if cart.variants or cart.whole then
          gone[#gone + 1], gone[#gone + 2] = 's:' .. id, 'm:' .. id
        end
      end
    end
    local counts = digits(cart.units) .. ' ' .. digits(cart.count) .. (cart.variants and ' 1 ' or ' 0 ')
    fields[2] = digits(cart.version) .. ' ' .. counts .. (cart.currency or '')
  end
  if cart.count == 0 then
    gone = all_but_head(gone, is_in_checkout(work, cart))
  elseif cart.is_paid then
    gone[#gone + 1] = 'k'
  end
  send('HSET', cart.key, fields)
  if #gone > 0 then
    send('HDEL', cart.key, gone)
  end
  keep_cart(work, cart)
end

-- the version that was asked for, and the currency: refusals of everything that changes a cart
local function refuse_cart(work, cart)
  local wanted = work.options.version
  if wanted and wanted ~= cart.version then
    return { 'VERSION_CONFLICT', to_reply(cart.version) }
  end
end

local function refuse_currency(work, cart)
  local currency = work.policy.currency
  if cart.currency and currency ~= '' and cart.currency ~= currency and cart.count > 0 then
    return { 'CURRENCY_MISMATCH', cart.currency }
  end
end

-- stock

local function member_of(sku, holder)
  return digits(#sku) .. ':' .. sku .. ':' .. holder
end

local function sku_of_member(member)
  local length, rest = member:match('^(%d+):(.*)$')
  return rest and rest:sub(1, to_number(length)) or ''
end

local function parse_hold(work, key, member, value)
  local quantity, since, pinned, checkout = match(value, '^(%d+):(%d+):(%d+):(.*)$')
  if not quantity then
    fail_corrupt(work, key, 'has "' .. show(value) .. '" as hold "' .. show(member) .. '". Audit the product.')
    return { quantity = 0, since = '0', pinned = 0, checkout = '' }
  end
  -- since stays text: it is seldom looked at
  return { quantity = to_number(quantity), since = since, pinned = to_number(pinned), checkout = checkout }
end

local function parse_held(work, place, sku, value)
  local held = to_integer(value)
  if not held then
    fail_corrupt(work, place.holds, 'has "' .. show(value) .. '" for "' .. show(sku) .. '". Audit the product.')
  end
  return held or 0
end

-- What is held of the products of expired holds, asked about or not: a writer sweeps them all, and a count that cannot
-- be lowered must be found before anything is written.
local function count_freed(work, place)
  local skus, fields = {}, {}
  for sku in entries(place.freed) do
    local at = #skus + 1
    skus[at], fields[at] = sku, 'h:' .. sku
  end
  local values = read_fields(work, place.holds, fields)
  place.counted = {}
  for i, sku in each(skus) do
    place.counted[sku] = parse_held(work, place, sku, values[i] or '0')
  end
end

-- the holds whose time is over, SWEEP at most
local function find_expired(work, place, most)
  local expired = on_key(work, 'ZRANGEBYSCORE', place.due, '-inf', digits(work.ms), 'LIMIT', 0, most or SWEEP) or {}
  place.expired, place.freed, place.is_expired = expired, {}, {}
  place.has_more = #expired == (most or SWEEP)
  if #expired == 0 then
    return
  end
  local fields = {}
  for i, member in each(expired) do
    fields[i], place.is_expired[member] = 'c:' .. member, true
  end
  local values = read_fields(work, place.holds, fields)
  for i, member in each(expired) do
    if values[i] then
      local sku = sku_of_member(member)
      place.freed[sku] = (place.freed[sku] or 0) + parse_hold(work, place.holds, member, values[i]).quantity
    end
  end
  if not place.is_read then
    count_freed(work, place)
  end
end

-- in a backlog longer than one call looks at, an own hold may be over and not among those found
local function is_over(work, place, member)
  if place.is_expired[member] then
    return true
  end
  local till = place.has_more and call('ZSCORE', place.due, member)
  return till and to_number(till) <= work.ms
end

-- what a holder holds of a product
local function read_own(work, place, entry, holder, member, value)
  local own = parse_hold(work, place.holds, member, value)
  if not is_over(work, place, member) then
    entry.own[holder] = own
  elseif not place.is_expired[member] then
    -- it is swept with those that were found: what is held anew takes its place, and its units must not stay counted
    place.is_expired[member], place.expired[#place.expired + 1] = true, member
    place.freed[entry.sku] = (place.freed[entry.sku] or 0) + own.quantity
    entry.held = max(0, entry.held - own.quantity)
  end
end

-- what is held of a product, from where it stands in what was read
local function read_entry(work, place, entry, values, members, at, holders)
  local held = values[at + 1]
  if held then
    entry.held = parse_held(work, place, entry.sku, held)
  end
  entry.held = max(0, entry.held - (place.freed[entry.sku] or 0))
  for j = 1, #holders do
    local value, member = values[at + 1 + j], members[at + j]
    if value then
      read_own(work, place, entry, holders[j], member, value)
    end
  end
end

local function read_backorders(work, place, stock, list)
  local fields = {}
  for i = 1, #list do
    fields[i] = 'b:' .. list[i]
  end
  local values = read_fields(work, place.holds, fields)
  for i = 1, #list do
    local value = values[i]
    local limit = value == 'unlimited' and huge or to_whole(value or '0')
    if not limit then
      local sentence = 'has "%s" as backorder of "%s". Set it again.'
      fail_corrupt(work, place.holds, sentence:format(show(value), show(list[i])))
    end
    stock[list[i]].backorder = limit or 0
  end
end

-- what each cart holds of the product beside it
local function load_own(work, place, skus, carts)
  local fields, members = {}, {}
  for i = 1, #skus do
    local member = member_of(skus[i], carts[i].key)
    fields[i], members[i] = 'c:' .. member, member
  end
  local values = read_fields(work, place.holds, fields)
  for i = 1, #skus do
    if values[i] then
      read_own(work, place, place.loaded[skus[i]], carts[i].key, members[i], values[i])
    end
  end
end

-- place: the keys stock, holds and due, of which stock or the other two may be missing. Per product what there is, what
-- is held in all, and what each of the holders (carts) holds. A product named twice is read once.
local function load_stock(work, place, skus, holders)
  local stock, list = {}, {}
  for _, sku in each(skus) do
    if not stock[sku] then
      stock[sku] = { sku = sku, held = 0, backorder = 0, own = {} }
      list[#list + 1] = sku
    end
  end
  if place.stock and #list > 0 then
    local units = read_numbers(work, place.stock, list, to_units)
    for i, sku in each(list) do
      stock[sku].units = units[i] or nil
    end
  end
  if place.holds and #list > 0 then
    find_expired(work, place)
    local step, width = 1 + #holders, #list
    local fields, members = {}, {}
    for i = 1, width do
      local sku, at = list[i], (i - 1) * step
      fields[at + 1] = 'h:' .. sku
      for j = 1, #holders do
        local member = member_of(sku, holders[j])
        fields[at + 1 + j], members[at + j] = 'c:' .. member, member
      end
    end
    fields[width * step + 1] = 'b'
    local values = read_fields(work, place.holds, fields)
    for i = 1, width do
      read_entry(work, place, stock[list[i]], values, members, (i - 1) * step, holders)
    end
    -- few shops have any
    if values[width * step + 1] then
      read_backorders(work, place, stock, list)
    end
  end
  place.loaded = stock
  return stock
end

-- what there is for one cart; below 0 where more is held than there is. nil: the product is unknown
local function available_to(work, entry, holder)
  local units = entry.units
  if not units then
    local unknown = work.policy.unknown
    if unknown == 'refuse' then
      return nil
    end
    units = unknown == 'untracked' and 'untracked' or 0
  end
  if units == 'untracked' then
    return huge
  end
  local own = entry.own[holder]
  return units + entry.backorder - entry.held + (own and own.quantity or 0)
end

local function is_tracked(work, entry)
  return entry.units ~= 'untracked' and (entry.units ~= nil or work.policy.unknown ~= 'untracked')
end

-- Brings the hold of a cart to a number of units, in memory. What a checkout has pinned stays.
local function set_hold(work, entry, holder, quantity, deadline)
  local own = entry.own[holder]
  quantity = max(quantity, own and own.pinned or 0)
  if not own then
    if quantity == 0 then
      return
    end
    own = { quantity = 0, since = digits(work.ms), pinned = 0, checkout = '' }
    entry.own[holder] = own
  end
  entry.held = max(0, entry.held + quantity - own.quantity)
  own.quantity, own.deadline = quantity, deadline or own.deadline
  entry.changed = entry.changed or {}
  entry.changed[holder] = own
end

local function hold_deadline(work, own)
  local since = own and to_number(own.since) or work.ms
  return min(work.ms + work.policy.hold, since + work.policy.hold_most)
end

-- Writes the holds that have changed, and removes those whose time was over. A deadline moves only forwards, except
-- where a checkout ends (place.may_shorten).
local function write_stock(place)
  local sets, gone, gone_due, due, units, anew = {}, {}, {}, {}, {}, {}
  for sku, freed in entries(place.freed or {}) do
    local entry = place.loaded[sku]
    if entry then
      entry.changed = entry.changed or {}
    elseif place.counted[sku] > freed then
      sets[#sets + 1], sets[#sets + 2] = 'h:' .. sku, digits(place.counted[sku] - freed)
    else
      gone[#gone + 1] = 'h:' .. sku
    end
  end
  for sku, entry in entries(place.loaded) do
    if entry.changed and place.holds then
      local at = #sets
      if entry.held > 0 then
        sets[at + 1], sets[at + 2] = 'h:' .. sku, digits(entry.held)
      else
        gone[#gone + 1] = 'h:' .. sku
      end
      for holder, own in entries(entry.changed) do
        local member = member_of(sku, holder)
        if own.quantity > 0 then
          at = #sets
          anew[member] = true
          sets[at + 1] = 'c:' .. member
          local part = digits(own.quantity) .. ':' .. own.since
          sets[at + 2] = part .. ':' .. digits(own.pinned) .. ':' .. own.checkout
          if own.deadline then
            due[#due + 1], due[#due + 2] = digits(own.deadline), member
          end
        else
          gone[#gone + 1], gone_due[#gone_due + 1] = 'c:' .. member, member
        end
      end
    end
    if entry.sold and entry.sold > 0 then
      units[#units + 1], units[#units + 2] = sku, digits(entry.units)
    end
  end
  for _, member in each(place.expired or {}) do
    if not anew[member] then
      gone[#gone + 1], gone_due[#gone_due + 1] = 'c:' .. member, member
    end
  end
  if #sets > 0 then
    send('HSET', place.holds, sets)
  end
  for first = 1, #due, CHUNK do
    local last = min(first + CHUNK - 1, #due)
    if place.may_shorten then
      call('ZADD', place.due, spread(due, first, last))
    else
      call('ZADD', place.due, 'GT', spread(due, first, last))
    end
  end
  if #gone > 0 then
    send('HDEL', place.holds, gone)
  end
  if #gone_due > 0 then
    send('ZREM', place.due, gone_due)
  end
  if #units > 0 then
    send('HSET', place.stock, units)
  end
end

-- changes of lines

-- Why a line may not have so many units, or nil. Stock first: what there is of it is what a customer wants to hear.
local function refuse_units(work, cart, line, wanted, entry, place)
  local policy = work.policy
  local of_sku = units_of(cart, line.sku)
  local others = of_sku - line.quantity
  if policy.stock ~= 'none' then
    local available = available_to(work, entry, cart.key)
    if not available then
      return { 'UNKNOWN_SKU', to_reply(of_sku) }
    end
    if others + wanted > available then
      return { 'OUT_OF_STOCK', to_reply(max(0, available)), to_reply(of_sku), place.has_more and 1 or 0 }
    end
  end
  local delta = wanted - line.quantity
  if wanted > policy.per_line then
    return { 'LIMIT_EXCEEDED', 'perLine', to_reply(policy.per_line), to_reply(min(wanted, MAX)) }
  end
  if others + wanted > policy.per_sku then
    return { 'LIMIT_EXCEEDED', 'perSku', to_reply(policy.per_sku), to_reply(min(others + wanted, MAX)) }
  end
  if cart.units + delta > policy.per_cart then
    return { 'LIMIT_EXCEEDED', 'perCart', to_reply(policy.per_cart), to_reply(min(cart.units + delta, MAX)) }
  end
  if policy.stock == 'reserve' and cart.units + delta > policy.held_units then
    return { 'LIMIT_EXCEEDED', 'heldUnits', to_reply(policy.held_units), to_reply(min(cart.units + delta, MAX)) }
  end
  if not line.exists and cart.count >= policy.lines then
    return { 'LIMIT_EXCEEDED', 'lines', to_reply(policy.lines), cart.count + 1 }
  end
  if cart.units + delta > MAX then
    return { 'AMOUNT_OVERFLOW' }
  end
end

-- the most that a line may have, not less than it has, and what is in the way of more
local function most_of(work, cart, line, entry)
  local policy = work.policy
  local others = units_of(cart, line.sku) - line.quantity
  local room = line.quantity - cart.units
  local bounds = {
    { policy.per_line, 'perLine' },
    { policy.per_sku - others, 'perSku' },
    { policy.per_cart + room, 'perCart' },
    { policy.stock == 'reserve' and policy.held_units + room or huge, 'heldUnits' },
    { not line.exists and cart.count >= policy.lines and 0 or huge, 'lines' },
  }
  local most, reason = huge, ''
  if policy.stock ~= 'none' then
    most, reason = max(0, available_to(work, entry, cart.key) or 0) - others, 'stock'
  end
  for _, bound in each(bounds) do
    if bound[1] < most then
      most, reason = bound[1], bound[2]
    end
  end
  return max(most, line.quantity), reason
end

-- In memory: the line has so many units, and the cart holds what it needs.
local function apply(work, cart, line, quantity, entry, place)
  if quantity ~= line.quantity or (quantity == 0 and line.exists) then
    change_line(cart, line, quantity)
  end
  if work.policy.stock == 'reserve' and place.holds and entry and is_tracked(work, entry) then
    local deadline = hold_deadline(work, entry.own[cart.key])
    set_hold(work, entry, cart.key, units_of(cart, line.sku), deadline)
  end
end

local function held_until(entry, holder)
  local own = entry and entry.own[holder]
  return own and own.quantity > 0 and own.deadline and to_reply(own.deadline) or ''
end

-- the price of now, or the one given by a caller who has the prices in another slot
local function read_price(work, prices, sku, options)
  if options.given then
    return options.given
  end
  return prices and read_numbers(work, prices, { sku }, to_whole)[1] or nil
end

-- of every line, where the caller has read them
local function given_prices(work, cart)
  local by_line, prices = {}, {}
  local is_read, packed = try(cjson.decode, work.options.prices or '[]')
  for i = 1, is_read and #packed or 0, 2 do
    by_line[packed[i]] = to_whole(packed[i + 1])
  end
  for i, line in each(cart.list) do
    prices[i] = by_line[line.id] or false
  end
  return prices
end

local function refuse_price(price, expected)
  if expected and expected ~= price then
    return { 'PRICE_CHANGED', to_reply(expected), price and to_reply(price) or '' }
  end
end

local function place_of_cart(work, keys)
  if work.count >= 5 then
    return { stock = keys[2], holds = keys[4], due = keys[5] }
  end
  return { stock = keys[2] }
end

-- product or, in the options, the line: of a line alone the product is what the cart says
local function load_for(work, key, sku)
  local id = work.options.line or sku
  if sku == '' then
    -- a line whose name is no product has metadata, and then the whole cart is loaded
    return load_lines(work, key, { id, id }), id, id
  end
  if id ~= sku then
    return load_lines(work, key, { id, sku, sku, sku }), id, sku
  end
  return load_lines(work, key, { id, sku }), id, sku
end

local function change_one(work, keys, product, to_wanted)
  local cart, id, sku = load_for(work, keys[1], product)
  if work.problem then
    return work.problem
  end
  local refusal = refuse_cart(work, cart) or refuse_currency(work, cart)
  local line = cart.lines[id]
  if not refusal and work.options.exists and not (line and line.exists) then
    refusal = { 'LINE_NOT_FOUND' }
  end
  if refusal then
    return refusal
  end
  line = line_of(cart, id, sku)
  sku = line.sku
  local before = line.quantity
  local wanted = to_wanted(before)
  local place = place_of_cart(work, keys)
  local stock = work.policy.stock ~= 'none' and place.stock and load_stock(work, place, { sku }, { cart.key }) or {}
  local entry = stock[sku]
  local price
  if not line.exists or work.options.price then
    price = read_price(work, keys[3] and work.count >= 3 and keys[3], sku, work.options)
  end
  if work.problem then
    return work.problem
  end
  refusal = refuse_price(price, work.options.price)
  local grows = wanted > before
  local need = work.policy.stock == 'reserve' and entry and units_of(cart, sku) + wanted - before
  local own = entry and entry.own[cart.key]
  if not refusal and (grows or (need and need > (own and own.quantity or 0))) then
    refusal = refuse_units(work, cart, line, wanted, entry, place)
    if refusal and work.options.short == 'clamp' and grows and refusal[1] ~= 'UNKNOWN_SKU' then
      local most = most_of(work, cart, line, entry)
      if most > before then
        refusal, wanted = nil, min(wanted, most)
      end
    end
  end
  if refusal then
    return refusal
  end
  if not line.exists then
    line.price, line.meta = price, work.options.meta
  end
  apply(work, cart, line, wanted, entry, place)
  if place.loaded and place.holds then
    write_stock(place)
  end
  if wanted ~= before then
    write_cart(work, cart)
  elseif cart.exists then
    keep_cart(work, cart)
  end
  local till = held_until(entry, cart.key)
  return answer(work, { 'OK', to_reply(wanted), to_reply(cart.version), to_reply(before), till, id })
end

local function begin_change(name, keys, args, least)
  local work = begin(name, keys, args, TAKES.change)
  if work.problem then
    return work
  end
  work.product = args[1]
  if work.product ~= '' or not work.options.line then
    read_product(work, work.product)
  end
  work.quantity = read_amount(work, args[2] or '1', least)
  if work.policy.stock ~= 'none' and work.count < 2 then
    fail(work, 'INVALID_ARGUMENT', name .. ' looks at the stock. Give its key, or stock=none.')
  end
  if work.policy.stock == 'reserve' and work.count < 5 then
    fail(work, 'INVALID_ARGUMENT', name .. ' reserves. Give the keys stock, prices, holds and due.')
  end
  return work
end

local function cart_add(keys, args)
  local work = begin_change('cart_add', keys, args, 1)
  local before = replay(work)
  if work.problem or before then
    return work.problem or before
  end
  return change_one(work, keys, work.product, function(current)
    return current + work.quantity
  end)
end

local function cart_set(keys, args)
  local work = begin_change('cart_set', keys, args, 0)
  local before = replay(work)
  if work.problem or before then
    return work.problem or before
  end
  return change_one(work, keys, work.product, function()
    return work.quantity
  end)
end

-- A list per argument: a table per item would cost more than all that is done with it.
local function new_items()
  return { ids = {}, skus = {}, quantities = {}, metas = {}, prices = {} }
end

-- what is to be added, from the line on
local function read_item(work, items, i, args, at)
  local id, sku, meta, price = args[at], args[at + 1], args[at + 3], args[at + 4]
  items.ids[i] = read_text(work, 'line', id, MAX_BYTES.line)
  items.skus[i] = read_product(work, sku)
  items.quantities[i] = read_amount(work, args[at + 2], 1)
  items.metas[i] = meta ~= '' and meta
  items.prices[i] = price ~= '' and read_amount(work, price, 0)
  return id, sku
end

-- what a cart must know to add to a line: the line, and other units of the product
local function want(wanted, id, sku)
  local n = #wanted
  wanted[n + 1], wanted[n + 2] = id, sku
  if id ~= sku then
    wanted[n + 3], wanted[n + 4] = sku, sku
  end
end

local function append(reply, values, width)
  local n = #reply
  for i = 1, width do
    reply[n + i] = values[i] or ''
  end
end

-- In memory. Nil, and the reply goes on with OK, the quantity, room for a version, the quantity before and the end of
-- the hold; or why not, and nothing was done.
local function add_item(work, cart, items, i, price, entry, place, reply)
  local line = line_of(cart, items.ids[i], items.skus[i])
  local before = line.quantity
  local wanted = before + items.quantities[i]
  local refusal = refuse_price(price, items.prices[i]) or refuse_units(work, cart, line, wanted, entry, place)
  if refusal then
    return refusal
  end
  if not line.exists then
    line.price, line.meta = price, items.metas[i] or nil
    -- in the order of the items
    line.added = digits(work.us)
    work.us = work.us + 1
  end
  apply(work, cart, line, wanted, entry, place)
  local at = #reply
  reply[at + 1], reply[at + 2], reply[at + 3] = 'OK', to_reply(wanted), ''
  reply[at + 4], reply[at + 5] = to_reply(before), held_until(entry, cart.key)
end

local function cart_add_many(keys, args)
  local work = begin('cart_add_many', keys, args, TAKES.add_many)
  local mode = args[1]
  if not work.problem and mode ~= 'atomic' and mode ~= 'partial' then
    fail(work, 'INVALID_ARGUMENT', 'The mode is neither atomic nor partial.')
  end
  local before = replay(work)
  if work.problem or before then
    return work.problem or before
  end
  local items, wanted = new_items(), {}
  for i = 1, (#args - work.first_item + 1) / ITEM do
    want(wanted, read_item(work, items, i, args, work.first_item + (i - 1) * ITEM))
  end
  local skus = items.skus
  local cart = load_lines(work, keys[1], wanted)
  local place = place_of_cart(work, keys)
  local looks = work.policy.stock ~= 'none' and place.stock
  local stock = looks and load_stock(work, place, skus, { keys[1] }) or {}
  local prices = work.count >= 3 and read_numbers(work, keys[3], skus, to_whole) or {}
  if work.problem then
    return work.problem
  end
  local refusal = refuse_cart(work, cart) or refuse_currency(work, cart)
  if refusal then
    return refusal
  end
  local reply = { 'OK', '', 0 }
  for i = 1, #skus do
    local price = (work.count >= 3 and prices[i] or items.prices[i]) or nil
    local refused = add_item(work, cart, items, i, price, stock[skus[i]], place, reply)
    if refused and mode == 'atomic' then
      return { 'REFUSED', i, spread(refused) }
    elseif refused then
      append(reply, refused, 6)
    else
      reply[#reply + 1] = items.ids[i]
    end
  end
  if cart.touched then
    reply[3] = 1
    if looks and place.holds then
      write_stock(place)
    end
    write_cart(work, cart)
  end
  reply[2] = to_reply(cart.version)
  return answer(work, reply)
end

-- the number of its cart, then the item
local EACH = ITEM + 1

-- in memory: the items, and for each the cart that it is for
local function read_each(work, keys, args, first_cart)
  local items, carts, cart_of = new_items(), {}, {}
  for i = 1, (#args - 2) / EACH do
    local at = 3 + (i - 1) * EACH
    local number = read_amount(work, args[at], 1)
    local key = keys[first_cart - 1 + number]
    if first_cart - 1 + number > work.count then
      fail(work, 'INVALID_ARGUMENT', 'There are not so many carts. Number them from 1, as the keys.')
    end
    local id, sku = read_item(work, items, i, args, at + 1)
    local cart = carts[number]
    if not cart then
      cart = { key = key, wanted = {}, asked = {} }
      carts[number] = cart
    end
    if cart.asked[id] ~= sku then
      cart.asked[id] = sku
      want(cart.wanted, id, sku)
    end
    cart_of[i] = cart
  end
  return items, cart_of
end

-- by product
local function read_prices(work, key, skus)
  local list, prices = {}, {}
  for i = 1, #skus do
    if prices[skus[i]] == nil then
      list[#list + 1], prices[skus[i]] = skus[i], false
    end
  end
  local numbers = read_numbers(work, key, list, to_whole)
  for i = 1, #list do
    prices[list[i]] = numbers[i]
  end
  return prices
end

local function cart_add_each(keys, args)
  local work = begin('cart_add_each', keys, args, { fixed = 0, least = 2, policy = true, rest = true, idle = true })
  if work.problem then
    return work.problem
  end
  local count = read_amount(work, args[2], 1)
  local first_cart = work.count - count + 1
  if (first_cart ~= 3 and first_cart ~= 5) or (#args - 2) % EACH ~= 0 then
    fail(work, 'INVALID_ARGUMENT', 'cart_add_each takes 2 or 4 keys, then carts; and 6 arguments per add.')
  elseif work.policy.stock == 'reserve' and first_cart ~= 5 then
    fail(work, 'INVALID_ARGUMENT', 'cart_add_each reserves. Give the keys stock, prices, holds and due.')
  end
  if work.problem then
    return work.problem
  end
  local items, cart_of = read_each(work, keys, args, first_cart)
  local skus = items.skus
  local place = { stock = keys[1], holds = first_cart == 5 and keys[3] or nil, due = keys[4] }
  local looks = work.policy.stock ~= 'none'
  local stock = looks and not work.problem and load_stock(work, place, skus, {}) or {}
  local prices = not work.problem and read_prices(work, keys[2], skus) or {}
  local loaded = {}
  for i = 1, work.problem and 0 or #skus do
    local asked = cart_of[i]
    loaded[asked] = loaded[asked] or load_lines(work, asked.key, asked.wanted)
    cart_of[i] = loaded[asked]
  end
  if looks and place.holds and not work.problem then
    load_own(work, place, skus, cart_of)
  end
  if work.problem then
    return work.problem
  end
  local reply, changed = { 'OK' }, {}
  for i = 1, #skus do
    local cart, sku, at = cart_of[i], skus[i], #reply
    local refused = refuse_currency(work, cart)
      or add_item(work, cart, items, i, prices[sku] or nil, stock[sku], place, reply)
    if refused then
      append(reply, refused, 5)
    else
      reply[at + 3] = to_reply(next_version(work, cart))
      if not cart.has_version then
        cart.has_version, changed[#changed + 1] = true, cart
      end
    end
  end
  if looks and place.holds then
    write_stock(place)
  end
  for i = 1, #changed do
    write_cart(work, changed[i])
  end
  return reply
end

-- Lets go of the units that the lines of a cart do not need any more. The stock itself is not looked at.
local function release(work, keys, cart, skus)
  local place = { holds = keys[2], due = keys[3] }
  local stock = load_stock(work, place, skus, { cart.key })
  return place, function()
    for sku, entry in entries(stock) do
      local own = entry.own[cart.key]
      if own then
        local wanted = min(own.quantity, units_of(cart, sku))
        if wanted ~= own.quantity then
          set_hold(work, entry, cart.key, wanted)
        end
      end
    end
    write_stock(place)
  end
end

local function cart_remove(keys, args)
  local work = begin('cart_remove', keys, args, TAKES.remove)
  if work.problem then
    return work.problem
  end
  local before = replay(work)
  local product = args[1]
  if product ~= '' or not work.options.line then
    read_product(work, product)
  end
  local all = (args[2] or 'all') == 'all'
  local quantity = all or read_amount(work, args[2], 1)
  if work.problem or before then
    return work.problem or before
  end
  -- removing all does not need the quantity: this is how a corrupt line goes
  work.tolerated = all and (work.options.line or product)
  local cart, id, sku = load_for(work, keys[1], product)
  if work.problem then
    return work.problem
  end
  local refusal = refuse_cart(work, cart)
  local line = line_of(cart, id, sku)
  if not refusal and work.options.exists and not line.exists then
    refusal = { 'LINE_NOT_FOUND' }
  end
  if refusal then
    return refusal
  end
  if not line.exists then
    return answer(work, { 'OK', 0, to_reply(cart.version), 0, '', id })
  end
  local current = line.quantity
  local left = all and 0 or max(0, current - quantity)
  local let_go
  if work.count == 3 then
    local _
    _, let_go = release(work, keys, cart, { line.sku })
  end
  if work.problem then
    return work.problem
  end
  change_line(cart, line, left)
  if let_go then
    let_go()
  end
  write_cart(work, cart)
  return answer(work, { 'OK', to_reply(left), to_reply(cart.version), to_reply(current), '', id })
end

local function skus_of(list)
  local skus = {}
  for i, line in each(list) do
    skus[i] = line.sku
  end
  return skus
end

local function cart_clear(keys, args)
  local wants = { fixed = 0, least = 0, policy = true, idle = true, keys = TAKES.remove.keys }
  local work = begin('cart_clear', keys, args, wants)
  local before = replay(work)
  if work.problem or before then
    return work.problem or before
  end
  -- a corrupt quantity is no reason to keep a cart
  local cart = load_whole(work, { key = keys[1] })
  if work.problem and cart.list then
    work.problem = nil
  end
  if work.problem then
    return work.problem
  end
  local refusal = refuse_cart(work, cart)
  if refusal then
    return refusal
  end
  local count = cart.count
  if count == 0 then
    return answer(work, { 'OK', 0, to_reply(cart.version) })
  end
  local let_go
  if work.count == 3 then
    local _
    _, let_go = release(work, keys, cart, skus_of(cart.list))
    if work.problem then
      return work.problem
    end
  end
  for _, line in each(cart.list) do
    change_line(cart, line, 0)
  end
  if let_go then
    let_go()
  end
  write_cart(work, cart)
  return answer(work, { 'OK', count, to_reply(cart.version) })
end

local function cart_touch(keys, args)
  local wants = { fixed = 0, least = 0, policy = true, idle = true, keys = { [1] = true } }
  local work = begin('cart_touch', keys, args, wants)
  if work.problem then
    return work.problem
  end
  local cart = load_lines(work, keys[1], {})
  if work.problem then
    return work.problem
  end
  if not cart.exists then
    return { 'OK', 0 }
  end
  keep_cart(work, cart)
  return { 'OK', 1 }
end

local function cart_accept(keys, args)
  local wants = { fixed = 0, least = 0, policy = true, idle = true, keys = { [1] = true, [2] = true } }
  local work = begin('cart_accept', keys, args, wants)
  local before = replay(work)
  if work.problem or before then
    return work.problem or before
  end
  local cart = load_whole(work, { key = keys[1] })
  if work.problem then
    return work.problem
  end
  local is_local = work.count == 2
  local prices = is_local and read_numbers(work, keys[2], skus_of(cart.list), to_whole) or given_prices(work, cart)
  if work.problem then
    return work.problem
  end
  local refusal = refuse_cart(work, cart)
  if refusal then
    return refusal
  end
  local currency = work.policy.currency
  local moves = currency ~= '' and cart.currency ~= currency
  local moved = 0
  for i, line in each(cart.list) do
    local price = prices[i] or nil
    if price ~= line.price or moves then
      line.price, moved = price, moved + 1
      touch_line(cart, line)
    end
  end
  if moved > 0 then
    if moves then
      cart.currency = nil
    end
    write_cart(work, cart)
  end
  return answer(work, { 'OK', moved, to_reply(cart.version) })
end

-- reading

-- what a cart may hold of a product, for its reader
local function show_available(entry, holder)
  if not entry.units or entry.units == 'untracked' then
    return entry.units or 'unknown'
  end
  local own = entry.own[holder]
  local units = max(0, entry.units + entry.backorder - entry.held + (own and own.quantity or 0))
  return units > MAX and 'untracked' or to_reply(units)
end

local function cart_get(keys, args)
  local work = begin('cart_get', keys, args, TAKES.read)
  if work.problem then
    return work.problem
  end
  local cart = load_whole(work, { key = keys[1] })
  if work.problem then
    return work.problem
  end
  local skus = skus_of(cart.list)
  local prices = work.count >= 2 and #skus > 0 and read_numbers(work, keys[2], skus, to_whole) or {}
  local place = work.count == 5 and { stock = keys[3], holds = keys[4], due = keys[5], is_read = true }
  local stock = place and load_stock(work, place, skus, { cart.key })
  if work.problem then
    return work.problem
  end
  local life = call('PTTL', cart.key)
  local reply = {
    'OK', to_reply(cart.version), '', to_reply(cart.units), cart.currency or '', cart.checkout or '',
    cart.checkout and to_reply(cart.checkout_until) or '', life, work.ms,
  }
  local total, complete, at = 0, true, #reply
  for i, line in each(cart.list) do
    local price = prices[i] or nil
    local subtotal = price and price * line.quantity
    if price then
      total = total + subtotal
    else
      complete = false
    end
    reply[at + 1], reply[at + 2], reply[at + 3] = line.id, line.sku, to_reply(line.quantity)
    reply[at + 4], reply[at + 5] = price and to_reply(price) or '', price and to_reply(subtotal) or ''
    reply[at + 6], reply[at + 7] = line.price and to_reply(line.price) or '', to_reply(to_number(line.added))
    reply[at + 8], reply[at + 9], reply[at + 10], reply[at + 11], reply[at + 12] = line.meta or '', '', 0, '', ''
    if stock then
      local entry = stock[line.sku]
      local own = entry.own[cart.key]
      reply[at + 9] = show_available(entry, cart.key)
      if own then
        reply[at + 10], reply[at + 12] = to_reply(own.quantity), own.checkout
        reply[at + 11] = call('ZSCORE', place.due, member_of(line.sku, cart.key)) or ''
      end
    end
    at = at + 12
  end
  if total > MAX then
    fail(work, 'AMOUNT_OVERFLOW', 'The total of the cart is above 2^53-1. Lower a quantity or a price.')
  end
  if complete then
    reply[3] = to_reply(total)
  end
  return work.problem or reply
end

-- numbers as text: .. writes 1e+15
local function plain(value)
  return kind(value) == 'number' and digits(value) or value
end

local function join_stock(work, place, skus, holder)
  local stock, texts = load_stock(work, place, skus, { holder }), {}
  if work.problem then
    return ''
  end
  for i = 1, #skus do
    local entry, at = stock[skus[i]], #texts
    local own = entry.own[holder]
    texts[at + 1], texts[at + 2], texts[at + 3] = plain(show_available(entry, holder)), '0', ''
    if own then
      texts[at + 2] = digits(own.quantity)
      texts[at + 3] = call('ZSCORE', place.due, member_of(skus[i], holder)) or ''
    end
  end
  return join(texts, '\n')
end

-- The line of a q: field, false of another field. Carts have the same products: to look one up costs a fraction of
-- cutting it anew. The names of many shops do not fill the memory.
local line_names, name_count = {}, 0

local function line_name(field)
  local what, colon = byte(field, 1, 2)
  local name = colon == 58 and what == 113 and sub(field, 3)
  if name_count >= 10000 then
    line_names, name_count = {}, 0
  end
  line_names[field], name_count = name, name_count + 1
  return name
end

-- The prices as they are, "null" where there is none. Of a hash that is hardly larger than the cart all is read: in a
-- hash of this size Redis looks for each field from the first on.
local function read_price_texts(work, key, skus, count)
  if count < 8 or (on_key(work, 'HLEN', key) or huge) > 2 * count then
    local prices = read_fields(work, key, skus)
    for i = 1, #prices do
      prices[i] = prices[i] or 'null'
    end
    return prices
  end
  local fields, by_sku, prices = call('HGETALL', key), {}, {}
  for i = 1, #fields, 2 do
    by_sku[fields[i]] = fields[i + 1]
  end
  for i = 1, count do
    prices[i] = by_sku[skus[i]] or 'null'
  end
  return prices
end

local function cart_read(keys, args)
  local work = begin('cart_read', keys, args, TAKES.read)
  local fields = on_key(work, 'HGETALL', keys[1])
  if work.problem then
    return work.problem
  end
  local ids, values, count, named, head, checkout = {}, {}, 0, nil, '', ''
  local known = line_names
  for i = 1, #fields, 2 do
    local field, value = fields[i], fields[i + 1]
    local id = known[field]
    if id == nil then
      id = line_name(field)
    end
    if id then
      count = count + 1
      ids[count], values[count] = id, value
    elseif field == 'v' then
      head = value
    elseif field == 'k' then
      checkout = value
    elseif byte(field, 2) == 58 then
      named = named or {}
      named[field] = value
    end
  end
  local skus = ids
  if named then
    skus = {}
    for i = 1, count do
      skus[i] = named['s:' .. ids[i]] or ids[i]
    end
  end
  local prices = work.count >= 2 and read_price_texts(work, keys[2], skus, count) or {}
  local reply = {
    'OK', call('PTTL', keys[1]), work.ms, head, checkout, count,
    join(ids, '\n'), join(values, ','), join(prices, ','), named and cjson.encode(named) or '',
  }
  if work.count == 5 then
    reply[11] = join_stock(work, { stock = keys[3], holds = keys[4], due = keys[5], is_read = true }, skus, keys[1])
  end
  return work.problem or reply
end

local function cart_count(keys, args)
  local work = begin('cart_count', keys, args, { fixed = 0, least = 0, keys = { [1] = true } })
  local cart = not work.problem and load_lines(work, keys[1], {})
  return work.problem or { 'OK', to_reply(cart.units), to_reply(cart.count), to_reply(cart.version) }
end

-- merge

-- in memory; nil, or why the line of the source did not fit whole
local function merge_line(work, target, line, strategy, entry)
  local own = line_of(target, line.id, line.sku)
  local has = own.quantity
  local wanted = own.exists and strategy(line.quantity, has) or line.quantity
  local most, reason = most_of(work, target, own, entry)
  local quantity = min(wanted, most)
  if quantity > 0 and not own.exists then
    own.added, own.price, own.meta = line.added, line.price, line.meta
  end
  if quantity ~= has then
    change_line(target, own, quantity)
  end
  if quantity < wanted then
    return { line.id, line.sku, to_reply(wanted), to_reply(quantity), reason }
  end
end

-- The source lets go first: what it held is there for the target, in the same step.
local function move_holds(work, source, target, stock)
  for sku, entry in entries(stock) do
    local units = units_of(target, sku)
    if work.policy.stock == 'reserve' and is_tracked(work, entry) and units > 0 then
      local own = entry.own[target.key] or entry.own[source.key]
      local deadline = hold_deadline(work, own)
      -- below what it wants only where the stock has shrunk below what is held
      set_hold(work, entry, target.key, min(units, max(0, available_to(work, entry, target.key))), deadline)
    end
  end
end

local function cart_merge(keys, args)
  local work = begin('cart_merge', keys, args, TAKES.merge)
  local strategy = STRATEGIES[args[1] or 'sum']
  if not work.problem and not strategy then
    fail(work, 'INVALID_ARGUMENT', 'The strategy is none of sum, max, keep-target, keep-source.')
  end
  if not work.problem and keys[1] == keys[2] then
    fail(work, 'INVALID_ARGUMENT', 'Source and target are the same cart.')
  end
  if not work.problem and ((work.policy.stock ~= 'none' and work.count < 3)
    or (work.policy.stock == 'reserve' and work.count < 6)) then
    fail(work, 'INVALID_ARGUMENT', 'cart_merge looks at the stock. Give its keys, or stock=none.')
  end
  local before = replay(work)
  if work.problem or before then
    return work.problem or before
  end
  local source = load_whole(work, { key = keys[1] })
  local target = load_whole(work, { key = keys[2] })
  if work.problem then
    return work.problem
  end
  local place = work.count == 6 and { stock = keys[3], holds = keys[5], due = keys[6] } or { stock = keys[3] }
  local looks = work.policy.stock ~= 'none'
  local skus = skus_of(source.list)
  local stock = looks and load_stock(work, place, skus, { source.key, target.key }) or {}
  if work.problem then
    return work.problem
  end
  local refusal = refuse_cart(work, target)
  if not refusal and #source.list > 0 then
    refusal = refuse_currency(work, target) or refuse_currency(work, source)
  end
  if not refusal and #source.list > 0 and is_in_checkout(work, source) then
    refusal = { 'IN_CHECKOUT', source.checkout, to_reply(source.checkout_until) }
  end
  if refusal then
    return refusal
  end
  for _, entry in entries(stock) do
    local own = entry.own[source.key]
    -- its checkout, if there was one, is over
    if own then
      own.pinned, own.checkout = 0, ''
      set_hold(work, entry, source.key, 0)
    end
  end
  local reply = { 'OK', #source.list, '' }
  for _, line in each(source.list) do
    local short = merge_line(work, target, line, strategy, stock[line.sku])
    if short then
      append(reply, short, 5)
    end
  end
  if place.holds and looks then
    move_holds(work, source, target, stock)
    write_stock(place)
  end
  if target.touched then
    write_cart(work, target)
  end
  if source.exists then
    call('DEL', source.key)
    if work.idle_key then
      call('ZREM', work.idle_key, source.key)
    end
  end
  reply[3] = to_reply(target.version)
  return answer(work, reply)
end

-- checkout

local RECORD = { 'id', 'state', 'till', 'lines', 'order' }

-- the checkout of a cart; id is false where there is none
local function read_record(work, key)
  local values = read_fields(work, key, RECORD)
  local record = { id = values[1], state = values[2], till = 0, lines = {}, order = values[5] or '' }
  if record.id then
    record.till = to_whole(values[3] or '') or 0
    local is_read, packed = try(cjson.decode, values[4] or '')
    if not is_read then
      fail_corrupt(work, key, 'has lines that cannot be read. Begin a new checkout.')
      packed = {}
    end
    for i = 1, #packed, 3 do
      record.lines[(i + 2) / 3] = { id = packed[i], sku = packed[i + 1], quantity = to_number(packed[i + 2]) }
    end
  end
  return record
end

-- what was ordered of each product, over its lines
local function units_by_sku(lines)
  local units, skus = {}, {}
  for _, line in each(lines) do
    if not units[line.sku] then
      skus[#skus + 1] = line.sku
    end
    units[line.sku] = (units[line.sku] or 0) + line.quantity
  end
  return units, skus
end

local function append_pairs(reply, lines)
  local units, skus = units_by_sku(lines)
  for _, sku in each(skus) do
    reply[#reply + 1], reply[#reply + 2] = sku, to_reply(units[sku])
  end
  return reply
end

local function pin(work, entry, holder, units, checkout, deadline)
  if not is_tracked(work, entry) then
    return
  end
  local own = entry.own[holder]
  if own then
    own.pinned = 0
  end
  set_hold(work, entry, holder, max(units, own and own.quantity or 0), deadline)
  own = entry.own[holder]
  own.pinned, own.checkout = units, checkout
end

local function refuse_prices(cart, prices, options)
  local total = 0
  for i, line in each(cart.list) do
    if not prices[i] then
      return { 'PRICE_MISSING', line.sku }
    end
    total = total + prices[i] * line.quantity
  end
  if total > MAX then
    return { 'AMOUNT_OVERFLOW' }
  end
  if options.total and options.total ~= total then
    return { 'TOTAL_CHANGED', to_reply(options.total), to_reply(total) }
  end
  return nil, total
end

local function refuse_stock(work, cart, stock, place)
  if work.policy.stock == 'reserve' and cart.units > work.policy.held_units then
    return { 'LIMIT_EXCEEDED', 'heldUnits', to_reply(work.policy.held_units), to_reply(cart.units) }
  end
  for _, line in each(cart.list) do
    local units, entry = units_of(cart, line.sku), stock[line.sku]
    local available = entry and available_to(work, entry, cart.key)
    if entry and not available then
      return { 'UNKNOWN_SKU', to_reply(units), line.sku }
    end
    if entry and units > available then
      local more = place.has_more and 1 or 0
      return { 'OUT_OF_STOCK', to_reply(max(0, available)), to_reply(units), more, line.sku }
    end
  end
end

local function cart_checkout(keys, args)
  local work = begin('cart_checkout', keys, args, TAKES.checkout)
  local id = not work.problem and read_text(work, 'checkout id', args[1], 400)
  local window = not work.problem and read_amount(work, args[2], 1)
  local before = replay(work)
  if work.problem or before then
    return work.problem or before
  end
  local cart = load_whole(work, { key = keys[1] })
  local record = read_record(work, keys[2])
  if work.problem then
    return work.problem
  end
  local refusal = refuse_cart(work, cart) or refuse_currency(work, cart)
  local is_open = record.state and record.state ~= 'done' and record.till > work.ms
  if not refusal and (record.state == 'paid' or is_open) then
    refusal = { 'IN_CHECKOUT', record.id, to_reply(record.till) }
  end
  if not refusal and #cart.list == 0 then
    refusal = { 'EMPTY_CART' }
  end
  if refusal then
    return refusal
  end
  local is_local = work.count == 6
  local skus = skus_of(cart.list)
  local prices = is_local and read_numbers(work, keys[4], skus, to_whole) or given_prices(work, cart)
  local place = { stock = keys[3], holds = keys[5], due = keys[6] }
  local looks = is_local and work.policy.stock ~= 'none'
  local stock = looks and load_stock(work, place, skus, { cart.key }) or {}
  if work.problem then
    return work.problem
  end
  local total
  refusal, total = refuse_prices(cart, prices, work.options)
  refusal = refusal or refuse_stock(work, cart, stock, place)
  if refusal then
    return refusal
  end
  local till = work.ms + window
  if looks then
    if work.policy.stock == 'reserve' then
      for sku, entry in entries(stock) do
        pin(work, entry, cart.key, units_of(cart, sku), id, till)
      end
    end
    write_stock(place)
  end
  local reply, lines = { 'OK', to_reply(till), to_reply(total), to_reply(cart.version), id }, {}
  for i, line in each(cart.list) do
    local price = prices[i] and to_reply(prices[i]) or ''
    append(reply, { line.id, line.sku, to_reply(line.quantity), price, line.meta or '' }, 5)
    local at = #lines
    lines[at + 1], lines[at + 2], lines[at + 3] = line.id, line.sku, digits(line.quantity)
  end
  call('HSET', keys[2], 'id', id, 'state', is_local and 'open' or 'pinning', 'till', digits(till),
    'lines', cjson.encode(lines), 'total', digits(total))
  call('HDEL', keys[2], 'order')
  call('PEXPIRE', keys[2], digits(window + work.policy.keep))
  cart.checkout, cart.checkout_until = id, till
  call('HSET', cart.key, 'k', id .. ':' .. digits(till))
  keep_cart(work, cart)
  return answer(work, reply)
end

-- Takes what was ordered out of the stock, in memory: first what is held for it, then what nobody holds. Never more
-- than there is, also where the stock has been lowered below what is held. Of the hold that is left, keep units go on.
local function sell(work, entry, holder, units, checkout, keep)
  local own = entry.own[holder]
  local covered = 0
  if own then
    local is_mine = own.checkout == checkout
    covered = min(units, (is_mine and own.pinned or 0) + own.quantity - own.pinned)
    if is_mine then
      own.pinned, own.checkout = 0, ''
    end
    set_hold(work, entry, holder, min(own.quantity - covered, keep))
  end
  if not is_tracked(work, entry) then
    return units
  end
  local there = (entry.units or 0) + entry.backorder
  local free = there - entry.held
  local sold = max(0, min(units, max(min(covered, there), free)))
  entry.units, entry.sold = (entry.units or 0) - sold, sold
  return sold
end

-- what the cart keeps: what was ordered leaves it, and nothing that was added since
local function take_ordered(work, cart, record)
  for _, ordered in each(record.lines) do
    local line = cart.lines[ordered.id]
    if line and line.exists then
      change_line(cart, line, max(0, line.quantity - ordered.quantity))
    end
  end
  cart.checkout, cart.is_paid = nil, true
  if cart.touched then
    write_cart(work, cart)
  elseif cart.exists then
    call('HDEL', cart.key, 'k')
  end
end

-- the answer of an earlier commit with this order id, or why it cannot be one
local function find_order(work, key, checkout)
  local kept = on_key(work, 'GET', key)
  if not kept then
    return
  end
  local values = unpack_values(kept)
  if values[1] ~= checkout then
    return { 'ORDER_CONFLICT', '' }
  end
  if values[2] == 'OK' then
    return { 'ALREADY', spread(values, 3) }
  end
end

local function refuse_record(record, checkout, order)
  if record.id ~= checkout then
    return { 'CHECKOUT_NOT_FOUND' }
  end
  if record.order ~= '' and record.order ~= order then
    return { 'ORDER_CONFLICT', record.order }
  end
  -- the record may outlive the order, which answers a repeat
  if record.state == 'done' then
    return { 'CHECKOUT_NOT_FOUND' }
  end
end

local function wanted_lines(record)
  local wanted = {}
  for _, line in each(record.lines) do
    wanted[#wanted + 1], wanted[#wanted + 2] = line.id, line.sku
  end
  return wanted
end

-- For a checkout whose products are in other slots (no stock, holds, due) this is the last step: it must have been
-- paid, and what fell short is told by pairs of product and units after POLICY.
local function cart_commit(keys, args)
  local work = begin('cart_commit', keys, args, TAKES.commit)
  local checkout = not work.problem and read_text(work, 'checkout id', args[1], 400)
  local order = not work.problem and read_text(work, 'order id', args[2], 256)
  if not work.problem and args[3] ~= 'report' and args[3] ~= 'refuse' then
    fail(work, 'INVALID_ARGUMENT', 'What falls short is neither to report nor to refuse.')
  end
  local before = not work.problem and find_order(work, keys[3], checkout)
  if work.problem or before then
    return work.problem or before
  end
  local record = read_record(work, keys[2])
  local refusal = not work.problem and refuse_record(record, checkout, order)
  local is_local = work.count == 6
  if not refusal and not is_local and record.state ~= 'paid' then
    refusal = { 'CHECKOUT_NOT_FOUND' }
  end
  if work.problem or refusal then
    return work.problem or refusal
  end
  local cart = load_lines(work, keys[1], wanted_lines(record))
  local units, skus = units_by_sku(record.lines)
  local place = { stock = keys[4], holds = keys[5], due = keys[6] }
  local looks = is_local and work.policy.stock ~= 'none'
  local stock = looks and load_stock(work, place, skus, { cart.key }) or {}
  if work.problem then
    return work.problem
  end
  local short = {}
  for _, sku in each(skus) do
    local keep = work.policy.stock == 'reserve' and huge or 0
    local sold = looks and sell(work, stock[sku], cart.key, units[sku], checkout, keep) or units[sku]
    if sold < units[sku] then
      short[#short + 1], short[#short + 2] = sku, to_reply(units[sku] - sold)
    end
  end
  if not is_local then
    for i = 5, #args do
      short[#short + 1] = i % 2 == 1 and args[i] or to_reply(read_amount(work, args[i], 1))
    end
  end
  if work.problem then
    return work.problem
  end
  if #short > 0 and args[3] == 'refuse' then
    return { 'HOLD_EXPIRED', spread(short) }
  end
  if looks then
    write_stock(place)
  end
  take_ordered(work, cart, record)
  call('HSET', keys[2], 'state', 'done', 'order', order)
  local version = to_reply(cart.version)
  local kept = pack_values({ checkout, 'OK', version, spread(short) })
  call('SET', keys[3], kept, 'PX', digits(work.policy.keep))
  return { 'OK', version, spread(short) }
end

local function unpin(work, entry, holder, checkout, keep)
  local own = entry.own[holder]
  if not own or own.checkout ~= checkout then
    return false
  end
  own.pinned, own.checkout = 0, ''
  set_hold(work, entry, holder, min(own.quantity, keep), work.ms + work.policy.hold)
  return true
end

local function cart_cancel(keys, args)
  local work = begin('cart_cancel', keys, args, TAKES.cancel)
  local checkout = not work.problem and read_text(work, 'checkout id', args[1], 400)
  local record = not work.problem and read_record(work, keys[2])
  if work.problem then
    return work.problem
  end
  if record.id ~= checkout then
    return { 'OK', 0, '' }
  end
  if record.order ~= '' then
    return { 'OK', 0, record.order }
  end
  local cart = load_whole(work, { key = keys[1] })
  local place = { holds = keys[3], due = keys[4], may_shorten = true }
  local _, skus = units_by_sku(record.lines)
  local stock = work.count == 4 and load_stock(work, place, skus, { cart.key }) or {}
  if work.problem then
    return work.problem
  end
  for sku, entry in entries(stock) do
    unpin(work, entry, cart.key, checkout, work.policy.stock == 'reserve' and units_of(cart, sku) or 0)
  end
  if work.count == 4 then
    write_stock(place)
  end
  call('DEL', keys[2])
  if cart.checkout == checkout then
    call('HDEL', cart.key, 'k')
  end
  return append_pairs({ 'OK', 1, '' }, record.lines)
end

-- keys checkout, args checkout id → OK, 1 or 0. All products are pinned: it may be paid.
local function cart_opened(keys, args)
  local work = begin('cart_opened', keys, args, { fixed = 1, least = 1, keys = { [1] = true } })
  local record = not work.problem and read_record(work, keys[1])
  if work.problem then
    return work.problem
  end
  if record.id ~= args[1] or record.state ~= 'pinning' then
    return { 'OK', 0 }
  end
  call('HSET', keys[1], 'state', 'open')
  return { 'OK', 1 }
end

-- keys checkout, order, args checkout id, order id, POLICY → OK, then product, units of what is to be sold | ALREADY
-- as cart_commit. From here on there is no way back: whoever finds it, sells it.
local function cart_paid(keys, args)
  local work = begin('cart_paid', keys, args, { fixed = 2, least = 2, policy = true, keys = { [2] = true } })
  local checkout = not work.problem and read_text(work, 'checkout id', args[1], 400)
  local order = not work.problem and read_text(work, 'order id', args[2], 256)
  local before = not work.problem and find_order(work, keys[2], checkout)
  if work.problem or before then
    return work.problem or before
  end
  local record = read_record(work, keys[1])
  local refusal = not work.problem and refuse_record(record, checkout, order)
  if not refusal and record.state == 'pinning' then
    refusal = { 'CHECKOUT_NOT_FOUND' }
  end
  if work.problem or refusal then
    return work.problem or refusal
  end
  if record.state == 'open' then
    call('HSET', keys[1], 'state', 'paid', 'order', order)
    call('PEXPIRE', keys[1], digits(work.policy.keep))
    call('SET', keys[2], pack_values({ checkout, 'PAID' }), 'PX', digits(work.policy.keep))
  end
  return append_pairs({ 'OK' }, record.lines)
end

-- keys checkout → NONE | checkout id, pinning | open | paid | done, ms that are left of its window, order id, then
-- product, units
local function cart_journal(keys, args)
  local work = begin('cart_journal', keys, args, { fixed = 0, least = 0, keys = { [1] = true } })
  local record = not work.problem and read_record(work, keys[1])
  if work.problem then
    return work.problem
  end
  if not record.id then
    return { 'NONE' }
  end
  return append_pairs({ record.id, record.state, max(0, record.till - work.ms), record.order }, record.lines)
end

-- merges into a cart in another slot: what is on its way is in a parcel

local function parcel_reply(values)
  local reply = { 'OK', values[1], values[2], values[3] }
  local lines = unpack_values(values[4] or '')
  for i = 1, #lines do
    reply[4 + i] = lines[i]
  end
  return reply
end

-- keys cart, parcel, args parcel id, target, strategy, POLICY → OK, parcel id, target, strategy, then five per line:
-- line, product, quantity, price when added, metadata | NONE (nothing to merge) | IN_CHECKOUT | CURRENCY_MISMATCH.
-- Takes all that is in the cart, or answers with the parcel that somebody took before and has not delivered.
local function cart_take(keys, args)
  local work = begin('cart_take', keys, args, { fixed = 3, least = 3, policy = true, keys = { [2] = true } })
  local pending = not work.problem and read_fields(work, keys[2], { 'id', 'target', 'strategy', 'lines' })
  local cart = not work.problem and load_whole(work, { key = keys[1] })
  if work.problem then
    return work.problem
  end
  if pending[1] then
    return parcel_reply(pending)
  end
  if #cart.list == 0 then
    return { 'NONE' }
  end
  if is_in_checkout(work, cart) then
    return { 'IN_CHECKOUT', cart.checkout, to_reply(cart.checkout_until) }
  end
  local refusal = refuse_currency(work, cart)
  if refusal then
    return refusal
  end
  local lines = {}
  for _, line in each(cart.list) do
    local price = line.price and digits(line.price) or ''
    append(lines, { line.id, line.sku, digits(line.quantity), price, line.meta or '' }, 5)
  end
  local packed = pack_values(lines)
  call('HSET', keys[2], 'id', args[1], 'target', args[2], 'strategy', args[3], 'lines', packed)
  call('PEXPIRE', keys[2], digits(work.policy.keep))
  call('DEL', keys[1])
  return parcel_reply({ args[1], args[2], args[3], packed })
end

-- keys parcel → as cart_take, of a parcel that was taken before; no-writes
local function cart_parcel(keys, args)
  local work = begin('cart_parcel', keys, args, { fixed = 0, least = 0, keys = { [1] = true } })
  local pending = not work.problem and read_fields(work, keys[1], { 'id', 'target', 'strategy', 'lines' })
  if work.problem then
    return work.problem
  end
  return pending[1] and parcel_reply(pending) or { 'NONE' }
end

-- keys parcel, args parcel id → OK, 1 or 0
local function cart_delivered(keys, args)
  local work = begin('cart_delivered', keys, args, { fixed = 1, least = 1, keys = { [1] = true } })
  local id = not work.problem and on_key(work, 'HGET', keys[1], 'id')
  if work.problem then
    return work.problem
  end
  return { 'OK', id == args[1] and call('DEL', keys[1]) or 0 }
end

-- products of a cart in another slot: keys stock, holds, due [, prices | sale]; the holder is the key of the cart

local function begin_product(name, keys, args, wants)
  local work = begin(name, keys, args, wants)
  if work.problem then
    return work
  end
  work.sku, work.holder = read_product(work, args[1]), read_text(work, 'holder', args[2], MAX_BYTES.holder)
  work.place = { stock = keys[1], holds = keys[2], due = keys[3] }
  return work
end

local function load_product(work)
  local stock = load_stock(work, work.place, { work.sku }, { work.holder })
  return stock[work.sku]
end

local function refuse_product(work, entry, units)
  local own = entry.own[work.holder]
  local available = available_to(work, entry, work.holder)
  if not available then
    return { 'UNKNOWN_SKU', 0 }
  end
  if units > available then
    local held = own and own.quantity or 0
    return { 'OUT_OF_STOCK', to_reply(max(0, available)), to_reply(held), work.place.has_more and 1 or 0 }
  end
end

local function until_of(work)
  local till = call('ZSCORE', work.place.due, member_of(work.sku, work.holder))
  return till and to_reply(to_number(till)) or ''
end

-- keys + prices, args product, holder; no-writes → OK, what is there for it (or untracked, unknown), price or "", units
-- it holds, until, checkout, 1 if more has expired
local function cart_offer(keys, args)
  local work = begin_product('cart_offer', keys, args, { fixed = 2, least = 2, keys = { [4] = true } })
  if not work.problem then
    work.place.is_read = true
  end
  local entry = not work.problem and load_product(work)
  local price = not work.problem and read_numbers(work, keys[4], { work.sku }, to_whole)[1]
  if work.problem then
    return work.problem
  end
  local own = entry.own[work.holder]
  local shown = show_available(entry, work.holder)
  local held = own and { to_reply(own.quantity), until_of(work), own.checkout } or { 0, '', '' }
  local more = work.place.has_more and 1 or 0
  return { 'OK', shown, price and to_reply(price) or '', held[1], held[2], held[3], more }
end

-- args product, holder, units, POLICY, OPTIONS → OK, units held, until | OUT_OF_STOCK, available, held, 1 if more has
-- expired | UNKNOWN_SKU
local function cart_hold(keys, args)
  local work = begin_product('cart_hold', keys, args, { fixed = 3, least = 3, policy = true, keys = { [3] = true } })
  local before = replay(work)
  if work.problem or before then
    return work.problem or before
  end
  local by = read_amount(work, args[3], 1)
  local entry = not work.problem and load_product(work)
  if work.problem then
    return work.problem
  end
  local own = entry.own[work.holder]
  local units = (own and own.quantity or 0) + by
  local refusal = refuse_product(work, entry, units)
  if refusal then
    return refusal
  end
  if is_tracked(work, entry) then
    set_hold(work, entry, work.holder, units, hold_deadline(work, own))
  end
  write_stock(work.place)
  own = entry.own[work.holder]
  return answer(work, { 'OK', own and to_reply(own.quantity) or 0, own and until_of(work) or '' })
end

-- args product, holder, units → OK, units still held. Never below what a checkout has pinned.
local function cart_let_go(keys, args)
  local work = begin_product('cart_let_go', keys, args, { fixed = 3, least = 3, keys = { [3] = true } })
  local units = not work.problem and read_amount(work, args[3], 1)
  local entry = not work.problem and load_product(work)
  if work.problem then
    return work.problem
  end
  local own = entry.own[work.holder]
  if own then
    set_hold(work, entry, work.holder, max(0, own.quantity - units))
  end
  write_stock(work.place)
  return { 'OK', own and to_reply(own.quantity) or 0 }
end

-- args product, holder, units, checkout id, ms, POLICY → OK, until | as cart_hold. Again it does the same.
local function cart_pin(keys, args)
  local work = begin_product('cart_pin', keys, args, { fixed = 5, least = 5, policy = true, keys = { [3] = true } })
  local units, window = 0, 1
  if not work.problem then
    units, window = read_amount(work, args[3], 1), read_amount(work, args[5], 1)
  end
  local entry = not work.problem and load_product(work)
  if work.problem then
    return work.problem
  end
  local refusal = refuse_product(work, entry, units)
  if refusal then
    return refusal
  end
  pin(work, entry, work.holder, units, args[4], work.ms + window)
  write_stock(work.place)
  return { 'OK', to_reply(work.ms + window) }
end

-- args product, holder, checkout id, units that stay held, POLICY → OK, 1 or 0 (it was not pinned for this checkout)
local function cart_unpin(keys, args)
  local work = begin_product('cart_unpin', keys, args, { fixed = 4, least = 4, policy = true, keys = { [3] = true } })
  local keep = not work.problem and read_amount(work, args[4], 0)
  local entry = not work.problem and load_product(work)
  if work.problem then
    return work.problem
  end
  work.place.may_shorten = true
  local done = unpin(work, entry, work.holder, args[3], keep)
  write_stock(work.place)
  return { 'OK', done and 1 or 0 }
end

-- keys + sale, args product, holder, units, checkout id, POLICY → OK | ALREADY, units sold. The sale is remembered as
-- long as the checkout that could ask again.
local function cart_sell(keys, args)
  local work = begin_product('cart_sell', keys, args, { fixed = 4, least = 4, policy = true, keys = { [4] = true } })
  local units = not work.problem and read_amount(work, args[3], 1)
  local sold = not work.problem and on_key(work, 'GET', keys[4])
  if work.problem then
    return work.problem
  end
  if sold then
    return { 'ALREADY', to_number(sold) }
  end
  local entry = load_product(work)
  if work.problem then
    return work.problem
  end
  local keep = work.policy.stock == 'reserve' and huge or 0
  sold = sell(work, entry, work.holder, units, args[4], keep)
  write_stock(work.place)
  call('SET', keys[4], digits(sold), 'PX', digits(work.policy.keep))
  return { 'OK', to_reply(sold) }
end

-- stock and prices

local function begin_many(name, keys, args, keys_wanted, least, most)
  local work = begin(name, keys, args, { fixed = 0, least = least, many = true, keys = keys_wanted })
  if not work.problem and #args > most then
    fail(work, 'INVALID_ARGUMENT', format('%s takes %d to %d argument(s), not %d.', name, least, most, #args))
  end
  return work
end

-- word: what may stand in place of a number
local function set_numbers(name, keys, args, word)
  local key = keys[1]
  local work = begin_many(name, keys, args, { [1] = true }, 2, 2 * CHUNK)
  if not work.problem and #args % 2 == 1 then
    fail(work, 'INVALID_ARGUMENT', 'The arguments are pairs of product and number.')
  end
  if work.problem then
    return work.problem
  end
  local sets, gone = {}, {}
  for i = 1, #args, 2 do
    read_product(work, args[i])
    if args[i + 1] ~= word then
      read_amount(work, args[i + 1], 0)
    end
    if args[i + 1] == 'none' and word == 'none' then
      gone[#gone + 1] = args[i]
    else
      sets[#sets + 1], sets[#sets + 2] = args[i], args[i + 1]
    end
  end
  on_key(work, 'HLEN', key)
  if work.problem then
    return work.problem
  end
  if #sets > 0 then
    call('HSET', key, spread(sets))
  end
  if #gone > 0 then
    send('HDEL', key, gone)
  end
  return { 'OK', #args / 2 }
end

local function cart_stock_set(keys, args)
  return set_numbers('cart_stock_set', keys, args, 'untracked')
end

local function cart_price_set(keys, args)
  return set_numbers('cart_price_set', keys, args, 'none')
end

local function cart_stock_drop(keys, args)
  local work = begin_many('cart_stock_drop', keys, args, { [1] = true }, 1, CHUNK)
  local dropped = on_key(work, 'HDEL', keys[1], spread(args))
  return work.problem or { 'OK', dropped }
end

local function cart_stock_adjust(keys, args)
  local wants = { fixed = 2, least = 2, policy = true, keys = { [3] = true } }
  local work = begin('cart_stock_adjust', keys, args, wants)
  local before = replay(work)
  if work.problem or before then
    return work.problem or before
  end
  local sku, by = read_product(work, args[1]), to_integer(args[2])
  if not by then
    fail(work, 'INVALID_AMOUNT', '"' .. show(args[2]) .. '" is not an amount. Give a whole number, in plain digits.')
  end
  local place = { stock = keys[1], holds = keys[2], due = keys[3] }
  local entry = load_stock(work, place, { sku }, {})[sku]
  if work.problem then
    return work.problem
  end
  if entry.units == 'untracked' then
    return { 'NOT_TRACKED' }
  end
  if not entry.units and by < 0 then
    return { 'UNKNOWN_SKU', 0 }
  end
  local units = (entry.units or 0) + by
  if by < 0 and units < 0 then
    return { 'OUT_OF_STOCK', to_reply(max(0, entry.units)), 0, 0 }
  end
  if units > MAX then
    return { 'AMOUNT_OVERFLOW' }
  end
  write_stock(place)
  call('HSET', keys[1], sku, digits(units))
  local backorder = entry.backorder == huge and 'unlimited' or to_reply(entry.backorder)
  return answer(work, { 'OK', to_reply(units), to_reply(entry.held), backorder })
end

local function show_units(units)
  return not units and '' or units == 'untracked' and units or to_reply(units)
end

local function cart_stock_get(keys, args)
  local work = begin_many('cart_stock_get', keys, args, { [1] = true, [3] = true }, 1, CHUNK)
  for _, sku in each(args) do
    read_product(work, sku)
  end
  if work.problem then
    return work.problem
  end
  local place = { stock = keys[1], holds = keys[2], due = keys[3], is_read = true }
  local stock = load_stock(work, place, args, {})
  if work.problem then
    return work.problem
  end
  local reply = { 'OK' }
  for _, sku in each(args) do
    local entry = stock[sku]
    reply[#reply + 1] = show_units(entry.units)
    if place.holds then
      local backorder = entry.backorder == huge and 'unlimited' or to_reply(entry.backorder)
      reply[#reply + 1], reply[#reply + 2] = to_reply(entry.held), backorder
    end
  end
  return reply
end

local function cart_price_get(keys, args)
  local work = begin_many('cart_price_get', keys, args, { [1] = true }, 1, CHUNK)
  for _, sku in each(args) do
    read_product(work, sku)
  end
  local reply = { 'OK' }
  for i, price in each(read_numbers(work, keys[1], args, to_whole)) do
    reply[i + 1] = price and to_reply(price) or ''
  end
  return work.problem or reply
end

local function cart_backorder(keys, args)
  local work = begin('cart_backorder', keys, args, { fixed = 2, least = 2, keys = { [1] = true } })
  if work.problem then
    return work.problem
  end
  local sku = read_product(work, args[1])
  local limit = args[2] == 'unlimited' and args[2] or read_amount(work, args[2], 0)
  on_key(work, 'HLEN', keys[1])
  if work.problem then
    return work.problem
  end
  if limit == 0 then
    call('HDEL', keys[1], 'b:' .. sku)
  else
    call('HSET', keys[1], 'b', '1', 'b:' .. sku, args[2])
  end
  return { 'OK' }
end

local function cart_sweep(keys, args)
  local work = begin('cart_sweep', keys, args, { fixed = 1, least = 1, keys = { [2] = true } })
  local most = not work.problem and min(1000, read_amount(work, args[1], 1))
  local place = { holds = keys[1], due = keys[2], loaded = {} }
  if not work.problem then
    find_expired(work, place, most)
  end
  if work.problem then
    return work.problem
  end
  write_stock(place)
  return { 'OK', #place.expired, place.has_more and 1 or 0 }
end

-- Looks at every hold, in the server: about 10 ms per 100,000 of them.
local function find_holds(holds, sku)
  local start = 'c:' .. #sku .. ':' .. sku .. ':'
  local pattern = start:gsub('[%*%?%[%]%^%-\\]', '\\%0') .. '*'
  local found, cursor = {}, '0'
  repeat
    local reply = call('HSCAN', holds, cursor, 'MATCH', pattern, 'COUNT', 10000)
    cursor = reply[1]
    for i = 1, #reply[2], 2 do
      found[reply[2][i]:sub(3)] = reply[2][i + 1]
    end
  until cursor == '0'
  return found
end

local function cart_audit(keys, args)
  local work = begin('cart_audit', keys, args, { fixed = 2, least = 2, keys = { [2] = true } })
  local sku = not work.problem and read_product(work, args[1])
  local held = on_key(work, 'HGET', keys[1], 'h:' .. (sku or ''))
  on_key(work, 'ZCARD', keys[2])
  if work.problem then
    return work.problem
  end
  local sum, count, broken = 0, 0, {}
  for member, value in entries(find_holds(keys[1], sku)) do
    local hold = parse_hold(work, keys[1], member, value)
    -- a hold that cannot be read, or that has no end, would stay for ever
    if work.problem or hold.quantity == 0 or not call('ZSCORE', keys[2], member) then
      work.problem, broken[#broken + 1] = nil, member
    else
      sum, count = sum + hold.quantity, count + 1
    end
  end
  local shown = held and to_integer(held) or 0
  if args[2] == 'repair' then
    local gone = {}
    for i, member in each(broken) do
      gone[i] = 'c:' .. member
    end
    if sum > 0 then
      call('HSET', keys[1], 'h:' .. sku, digits(sum))
    else
      gone[#gone + 1] = 'h:' .. sku
    end
    if #gone > 0 then
      send('HDEL', keys[1], gone)
    end
    if #broken > 0 then
      send('ZREM', keys[2], broken)
    end
  end
  return { 'OK', to_reply(shown), to_reply(sum), count, #broken }
end

-- carts that were left, and checkouts that are under way: sorted sets of texts by the time in ms to look at them

-- keys index, args most; no-writes → OK, then those whose time has come
local function cart_due(keys, args)
  local work = begin('cart_due', keys, args, { fixed = 1, least = 1, keys = { [1] = true } })
  local most = not work.problem and read_amount(work, args[1], 1)
  local due = not work.problem
    and on_key(work, 'ZRANGEBYSCORE', keys[1], '-inf', digits(work.ms), 'LIMIT', 0, digits(min(most, 1000)))
  return work.problem or { 'OK', spread(due) }
end

-- keys index, args text, ms until it is to be looked at, ms that the index lives → OK. Also where memory is full: it is
-- the first step of a commit.
local function cart_note(keys, args)
  local work = begin('cart_note', keys, args, { fixed = 3, least = 3, keys = { [1] = true } })
  local after, life = 0, 1
  if not work.problem then
    after, life = read_amount(work, args[2], 0), read_amount(work, args[3], 1)
  end
  on_key(work, 'ZCARD', keys[1])
  if work.problem then
    return work.problem
  end
  call('ZADD', keys[1], digits(work.ms + after), args[1])
  call('PEXPIRE', keys[1], digits(after + life))
  return { 'OK' }
end

-- keys index, args text → OK, 1 or 0
local function cart_forget(keys, args)
  local work = begin('cart_forget', keys, args, { fixed = 1, least = 1, keys = { [1] = true } })
  local gone = not work.problem and on_key(work, 'ZREM', keys[1], args[1])
  return work.problem or { 'OK', gone }
end

-- keys index, events, args text, cart id, version, currency, units, lines, events kept, ms they are kept → OK, 1 or 0
-- (it is not in the index any more). As cart_abandon, of a cart in another slot.
local function cart_tell(keys, args)
  local work = begin('cart_tell', keys, args, { fixed = 8, least = 8, keys = { [2] = true } })
  local most, life = 0, 0
  if not work.problem then
    most, life = read_amount(work, args[7], 1), read_amount(work, args[8], 1)
  end
  on_key(work, 'XLEN', keys[2])
  local gone = on_key(work, 'ZREM', keys[1], args[1])
  if work.problem then
    return work.problem
  end
  if gone == 1 then
    call('XADD', keys[2], 'MAXLEN', '~', digits(most), '*', 'event', 'cart.abandoned', 'cart', args[2],
      'version', args[3], 'currency', args[4], 'units', args[5], 'lines', args[6])
    call('PEXPIRE', keys[2], digits(life))
  end
  return { 'OK', gone }
end

-- keys cart, idle carts, events, args cart id, events kept, ms they are kept → OK, 1 or 0 (it has been written since,
-- or is gone). Tells of a cart that nobody has written for a while, once, with what is in it.
local function cart_abandon(keys, args)
  local work = begin('cart_abandon', keys, args, { fixed = 3, least = 3, keys = { [3] = true } })
  local most, life = 0, 0
  if not work.problem then
    most, life = read_amount(work, args[2], 1), read_amount(work, args[3], 1)
  end
  local at = on_key(work, 'ZSCORE', keys[2], keys[1])
  on_key(work, 'XLEN', keys[3])
  local cart = load_whole(work, { key = keys[1] })
  if work.problem then
    return work.problem
  end
  if not at or to_number(at) > work.ms then
    return { 'OK', 0 }
  end
  call('ZREM', keys[2], keys[1])
  if cart.count == 0 then
    return { 'OK', 0 }
  end
  local lines = {}
  for i, line in each(cart.list) do
    lines[i] = { line.id, line.sku, digits(line.quantity), line.price and digits(line.price) or '', line.meta or '' }
  end
  call('XADD', keys[3], 'MAXLEN', '~', digits(most), '*', 'event', 'cart.abandoned', 'cart', args[1],
    'version', digits(cart.version), 'currency', cart.currency or '', 'units', digits(cart.units),
    'lines', cjson.encode(lines))
  call('PEXPIRE', keys[3], digits(life))
  return { 'OK', 1 }
end

redis.register_function('cart_add', cart_add)
redis.register_function('cart_set', cart_set)
redis.register_function('cart_add_many', cart_add_many)
redis.register_function('cart_add_each', cart_add_each)
redis.register_function('cart_accept', cart_accept)
redis.register_function('cart_merge', cart_merge)
redis.register_function('cart_checkout', cart_checkout)
redis.register_function('cart_stock_set', cart_stock_set)
redis.register_function('cart_stock_adjust', cart_stock_adjust)
redis.register_function('cart_backorder', cart_backorder)
redis.register_function('cart_price_set', cart_price_set)
redis.register_function('cart_take', cart_take)
redis.register_function({ function_name = 'cart_delivered', callback = cart_delivered, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_parcel', callback = cart_parcel, flags = { 'no-writes' } })
redis.register_function('cart_hold', cart_hold)
redis.register_function('cart_pin', cart_pin)
redis.register_function('cart_abandon', cart_abandon)
redis.register_function('cart_tell', cart_tell)
redis.register_function({ function_name = 'cart_remove', callback = cart_remove, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_clear', callback = cart_clear, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_touch', callback = cart_touch, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_commit', callback = cart_commit, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_cancel', callback = cart_cancel, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_opened', callback = cart_opened, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_paid', callback = cart_paid, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_let_go', callback = cart_let_go, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_unpin', callback = cart_unpin, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_sell', callback = cart_sell, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_stock_drop', callback = cart_stock_drop, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_sweep', callback = cart_sweep, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_audit', callback = cart_audit, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_note', callback = cart_note, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_forget', callback = cart_forget, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_get', callback = cart_get, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cart_read', callback = cart_read, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cart_count', callback = cart_count, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cart_journal', callback = cart_journal, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cart_offer', callback = cart_offer, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cart_stock_get', callback = cart_stock_get, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cart_price_get', callback = cart_price_get, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cart_due', callback = cart_due, flags = { 'no-writes' } })

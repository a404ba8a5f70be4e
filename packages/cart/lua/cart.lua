#!lua name=cart
-- @version 1.0.0
--
-- Carts, and the stock and prices they refer to. Every function is one atomic step.
--
--   cart_add        keys cart, stock          args product, quantity = 1, POLICY
--                   OK, quantity in cart | OUT_OF_STOCK, available, in cart | UNKNOWN_SKU, in cart
--                   | LIMIT_EXCEEDED, perLine, limit, in cart | LIMIT_EXCEEDED, lines, limit, lines in cart
--   cart_set        keys cart, stock          args product, quantity (0 removes the line), POLICY
--                   replies as cart_add
--   cart_remove     keys cart                 args product, quantity = all, ttl
--                   OK, quantity left (more than there is removes all; a product that is not there is left alone)
--   cart_get        keys cart, prices         no args; no-writes
--                   OK, total, then per line in the order of adding: product, quantity, unit price, subtotal
--                   A line without a price has "" as unit price and subtotal, and then the total is "".
--   cart_clear      keys cart                 no args
--                   OK, lines removed
--   cart_merge      keys source, target, stock    args strategy = sum, POLICY
--                   OK, lines in source, then per line that did not fit: product, wanted, quantity in target, why not
--                   (stock, perLine or lines). The source is gone afterwards, so a repeat merges nothing.
--                   strategy, for a product in both carts: sum, max, keep-target, keep-source.
--                   A merge does not take away from the target what does not fit any more.
--   cart_stock_set  keys stock     args product, units, ... (pairs)         OK, products set
--   cart_stock_get  keys stock     args product, ...; no-writes             OK, units of each, "" where unknown
--   cart_price_set  keys prices    args product, minor units, ... (pairs)   OK, products set
--   cart_price_get  keys prices    args product, ...; no-writes             OK, minor units of each, "" where missing
--
-- POLICY, optional: ttl = 86400000, units per line = 10000, lines = 100, stock = check
--   ttl    milliseconds that the cart lives after this write. Stock and prices have none: they are the shop's records,
--          and a price or a level that expired would end the sale of its product.
--   stock  check: one cart cannot hold more than the stock; a product that the stock does not list has 0 units.
--          check-known: the same, but such a product answers UNKNOWN_SKU. none: the stock is not read.
--          A check takes nothing from the stock: many carts can hold the same last unit.
--
-- Stock and prices are hashes of product to whole number; HSET may write them too. Negative stock counts as 0.
-- Numbers in replies are integers, above 2^52 decimal text: clients round such integers.
-- Errors, before anything is written: INVALID_AMOUNT, INVALID_ARGUMENT, CORRUPT_DATA (key, then what is wrong with it),
-- AMOUNT_OVERFLOW (a subtotal or total above 2^53-1).
--
-- A cart is a hash: q:PRODUCT = quantity, a:PRODUCT = when it was added, in microseconds.

-- 2^53-1: Lua and JavaScript keep every whole number up to it
local MAX = 9007199254740991
-- node-redis rounds integer replies of 2^53-48 and above: it adds a digit's code before it subtracts that of 0
local LARGEST_INTEGER_REPLY = 4503599627370496
-- unpack() fails at about 8000 values
local CHUNK = 500
local MAX_PRODUCT_BYTES = 256

local STOCK_MODES = { ['check'] = true, ['check-known'] = true, ['none'] = true }

-- what a cart wants of a product that both carts have
local STRATEGIES = {
  ['sum'] = function(source, target)
    return math.min(source + target, MAX)
  end,
  ['max'] = function(source, target)
    return math.max(source, target)
  end,
  ['keep-target'] = function(_, target)
    return target
  end,
  ['keep-source'] = function(source)
    return source
  end,
}

-- A call keeps the first thing that is wrong with it; the readers below do nothing once there is one. Nothing is
-- written before all of them have run, because a function does not roll back.
local function fail(call, code, sentence)
  -- not redis.error_reply: the embedded engine (js-redis-server) takes a code with a _ for none and puts ERR before it
  call.problem = call.problem or { err = code .. ' ' .. sentence }
end

local function begin(name, keys, wanted_keys, args, least, most)
  local call = {}
  if #keys ~= wanted_keys then
    fail(call, 'INVALID_ARGUMENT', string.format('%s takes %d key(s), not %d.', name, wanted_keys, #keys))
  elseif #args < least or #args > most then
    local takes = least == most and least or least .. ' to ' .. most
    fail(call, 'INVALID_ARGUMENT', string.format('%s takes %s argument(s), not %d.', name, takes, #args))
  end
  return call
end

-- text from outside: without line breaks, and not at any length
local function show(value, most)
  return (value:sub(1, most or 80):gsub('%c', '?'))
end

-- plain digits: Lua itself would write 1e+15
local function digits(number)
  return string.format('%.0f', number)
end

local function to_reply(number)
  return number > LARGEST_INTEGER_REPLY and digits(number) or number
end

-- tonumber() also takes nan, inf, 1e3, 0x10 and ' 5 '
local function to_whole(text)
  if text ~= '0' and not text:find('^[1-9]%d*$') then
    return nil
  end
  local number = tonumber(text)
  return number <= MAX and number or nil
end

local function to_integer(text)
  if text:sub(1, 1) ~= '-' then
    return to_whole(text)
  end
  local number = to_whole(text:sub(2))
  return number and 0 - number
end

local function read_amount(call, text, least)
  if call.problem then
    return
  end
  local number = to_whole(text)
  if number and number >= least then
    return number
  end
  local sentence = '"%s" is not an amount. Give a whole number from %d to 2^53-1, in plain digits.'
  fail(call, 'INVALID_AMOUNT', sentence:format(show(text), least))
end

local function read_product(call, product)
  if not call.problem and (#product == 0 or #product > MAX_PRODUCT_BYTES) then
    fail(call, 'INVALID_ARGUMENT', 'A product has 1 to ' .. MAX_PRODUCT_BYTES .. ' bytes.')
  end
  return product
end

local function read_option(call, name, text)
  if call.problem then
    return
  end
  local number = to_whole(text)
  if number and number > 0 then
    return number
  end
  fail(call, 'INVALID_ARGUMENT', '"' .. show(text) .. '" is not a ' .. name .. '. Give a whole number from 1.')
end

local function read_ttl(call, text)
  return read_option(call, 'ttl in milliseconds', text or '86400000')
end

local function read_policy(call, args, first)
  local policy = {
    ttl = read_ttl(call, args[first]),
    per_line = read_option(call, 'limit of units per line', args[first + 1] or '10000'),
    lines = read_option(call, 'limit of lines', args[first + 2] or '100'),
    stock = args[first + 3] or 'check',
  }
  if not STOCK_MODES[policy.stock] then
    fail(call, 'INVALID_ARGUMENT', '"' .. show(policy.stock) .. '" is no stock mode. Give check, check-known or none.')
  end
  return policy
end

local function fail_corrupt(call, key, sentence)
  fail(call, 'CORRUPT_DATA', show(key, 400) .. ' ' .. sentence)
end

local function fail_corrupt_line(call, cart, product, value)
  local sentence = 'has "%s" as quantity of "%s". Remove that line, or clear the cart.'
  fail_corrupt(call, cart, sentence:format(show(value), show(product)))
end

-- the first command on a key finds out whether it is a hash
local function on_hash(call, command, key, ...)
  if call.problem then
    return
  end
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then
    return reply
  end
  if reply.err:find('WRONGTYPE', 1, true) then
    fail_corrupt(call, key, 'is not a hash. Give the right key, or delete this one.')
  end
  call.problem = call.problem or reply
end

-- the numbers of some products in the stock or price hash: a number each, or false where it has none
local function read_numbers(call, key, products, parse)
  local numbers = {}
  for first = 1, #products, CHUNK do
    local last = math.min(first + CHUNK - 1, #products)
    local values = on_hash(call, 'HMGET', key, unpack(products, first, last)) or {}
    for i, value in ipairs(values) do
      local product = products[first + i - 1]
      local number = value and parse(value)
      if value and not number then
        local sentence = 'has "%s" for "%s". Set a whole number up to 2^53-1.'
        fail_corrupt(call, key, sentence:format(show(value), show(product)))
      end
      numbers[first + i - 1] = number
    end
  end
  return numbers
end

-- how many units of each product one cart may hold; false for a product that the stock does not list, where that counts
local function read_available(call, stock, products, mode)
  local units = mode == 'none' and {} or read_numbers(call, stock, products, to_integer)
  for i = 1, #products do
    if mode == 'none' then
      units[i] = math.huge
    elseif units[i] or mode == 'check' then
      units[i] = math.max(0, units[i] or 0)
    end
  end
  return units
end

-- 0 where the product is not in the cart
local function read_quantity(call, cart, product)
  local value = on_hash(call, 'HGET', cart, 'q:' .. product)
  if not value then
    return 0
  end
  local quantity = to_whole(value) or 0
  if quantity == 0 then
    fail_corrupt_line(call, cart, product, value)
  end
  return quantity
end

local function was_added_before(left, right)
  if left.added ~= right.added then
    return left.added < right.added
  end
  return left.product < right.product
end

-- in the order of adding: HGETALL has no order of its own, though a small hash comes in it and needs no sorting
local function read_lines(call, cart)
  local fields = on_hash(call, 'HGETALL', cart) or {}
  local lines, added = {}, {}
  for i = 1, #fields, 2 do
    local field, value = fields[i], fields[i + 1]
    local product = field:sub(3)
    if field:find('q:', 1, true) == 1 then
      local quantity = to_whole(value) or 0
      if quantity == 0 then
        fail_corrupt_line(call, cart, product, value)
      end
      lines[#lines + 1] = { product = product, quantity = quantity }
    elseif field:find('a:', 1, true) == 1 then
      added[product] = to_whole(value)
    end
  end
  local sorted = true
  for i, line in ipairs(lines) do
    -- only the order depends on it: a cart is not refused for it
    line.added = added[line.product] or 0
    sorted = sorted and (i == 1 or was_added_before(lines[i - 1], line))
  end
  if not sorted then
    table.sort(lines, was_added_before)
  end
  return lines
end

local function count_lines(call, cart)
  local count = 0
  for _, field in ipairs(on_hash(call, 'HKEYS', cart) or {}) do
    if field:sub(1, 2) == 'q:' then
      count = count + 1
    end
  end
  return count
end

local function now_in_microseconds()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function write_line(cart, product, quantity, added)
  redis.call('HSET', cart, 'q:' .. product, digits(quantity))
  if added then
    redis.call('HSET', cart, 'a:' .. product, digits(added))
  end
end

local function remove_line(cart, product)
  redis.call('HDEL', cart, 'q:' .. product, 'a:' .. product)
end

local function append(reply, a, b, c, d)
  local n = #reply
  reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = a, b, c, d
end

local function expire(cart, ttl)
  redis.call('PEXPIRE', cart, digits(ttl))
end

-- brings a line to a quantity, where stock and limits allow
local function change_line(call, cart, stock, product, current, wanted, policy)
  local available = read_available(call, stock, { product }, policy.stock)[1]
  if call.problem then
    return call.problem
  end
  if not available then
    return { 'UNKNOWN_SKU', to_reply(current) }
  end
  if wanted > available then
    return { 'OUT_OF_STOCK', to_reply(available), to_reply(current) }
  end
  if wanted > policy.per_line then
    return { 'LIMIT_EXCEEDED', 'perLine', to_reply(policy.per_line), to_reply(current) }
  end
  -- a cart with fewer fields than lines allowed has room: no need to look at them
  if current == 0 and redis.call('HLEN', cart) >= policy.lines then
    local lines = count_lines(call, cart)
    if lines >= policy.lines then
      return { 'LIMIT_EXCEEDED', 'lines', to_reply(policy.lines), lines }
    end
  end
  write_line(cart, product, wanted, current == 0 and now_in_microseconds())
  expire(cart, policy.ttl)
  return { 'OK', to_reply(wanted) }
end

local function cart_add(keys, args)
  local cart, stock = keys[1], keys[2]
  local call = begin('cart_add', keys, 2, args, 1, 6)
  local product = read_product(call, args[1])
  local quantity = read_amount(call, args[2] or '1', 1)
  local policy = read_policy(call, args, 3)
  local current = not call.problem and read_quantity(call, cart, product)
  if call.problem then
    return call.problem
  end
  return change_line(call, cart, stock, product, current, current + quantity, policy)
end

local function cart_set(keys, args)
  local cart, stock = keys[1], keys[2]
  local call = begin('cart_set', keys, 2, args, 2, 6)
  local product = read_product(call, args[1])
  local quantity = read_amount(call, args[2], 0)
  local policy = read_policy(call, args, 3)
  local current = not call.problem and read_quantity(call, cart, product)
  if call.problem then
    return call.problem
  end
  if quantity > 0 then
    return change_line(call, cart, stock, product, current, quantity, policy)
  end
  if current > 0 then
    remove_line(cart, product)
    expire(cart, policy.ttl)
  end
  return { 'OK', 0 }
end

local function cart_remove(keys, args)
  local cart = keys[1]
  local call = begin('cart_remove', keys, 1, args, 1, 3)
  local product = read_product(call, args[1])
  local all = (args[2] or 'all') == 'all'
  local quantity = all or read_amount(call, args[2], 1)
  local ttl = read_ttl(call, args[3])
  if call.problem then
    return call.problem
  end
  -- removing all does not read the quantity: this is how a corrupt line goes
  local current = all and on_hash(call, 'HEXISTS', cart, 'q:' .. product) or read_quantity(call, cart, product)
  if call.problem then
    return call.problem
  end
  if current == 0 then
    return { 'OK', 0 }
  end
  local left = all and 0 or math.max(0, current - quantity)
  if left > 0 then
    write_line(cart, product, left)
  else
    remove_line(cart, product)
  end
  expire(cart, ttl)
  return { 'OK', to_reply(left) }
end

local function cart_get(keys, args)
  local cart, prices = keys[1], keys[2]
  local call = begin('cart_get', keys, 2, args, 0, 0)
  local lines = read_lines(call, cart)
  local products = {}
  for i, line in ipairs(lines) do
    products[i] = line.product
  end
  local unit_prices = read_numbers(call, prices, products, to_whole)
  local total, complete, reply = 0, true, { 'OK', '' }
  for i, line in ipairs(lines) do
    local price = unit_prices[i]
    if price then
      local subtotal = price * line.quantity
      total = total + subtotal
      append(reply, line.product, to_reply(line.quantity), to_reply(price), to_reply(subtotal))
    else
      complete = false
      append(reply, line.product, to_reply(line.quantity), '', '')
    end
  end
  if total > MAX then
    fail(call, 'AMOUNT_OVERFLOW', 'The total of the cart is above 2^53-1. Lower a quantity or a price.')
  end
  if complete then
    reply[2] = to_reply(total)
  end
  return call.problem or reply
end

local function cart_clear(keys, args)
  local cart = keys[1]
  local call = begin('cart_clear', keys, 1, args, 0, 0)
  local lines = count_lines(call, cart)
  if call.problem then
    return call.problem
  end
  redis.call('DEL', cart)
  return { 'OK', lines }
end

-- how much of what is wanted fits, and what is in the way of the rest
local function fit(wanted, held, available, policy, room)
  local most, reason = available, 'stock'
  if policy.per_line < available then
    most, reason = policy.per_line, 'perLine'
  end
  local quantity = math.min(wanted, math.max(most, held))
  if held == 0 and quantity > 0 and room == 0 then
    return 0, 'lines'
  end
  return quantity, quantity < wanted and reason
end

local function cart_merge(keys, args)
  local source, target, stock = keys[1], keys[2], keys[3]
  local call = begin('cart_merge', keys, 3, args, 0, 5)
  local strategy = STRATEGIES[args[1] or 'sum']
  if not strategy then
    fail(call, 'INVALID_ARGUMENT', 'The strategy is none of sum, max, keep-target, keep-source.')
  end
  if source == target then
    fail(call, 'INVALID_ARGUMENT', 'Source and target are the same cart.')
  end
  local policy = read_policy(call, args, 2)
  local guest_lines = read_lines(call, source)
  local held = {}
  local target_lines = read_lines(call, target)
  for _, line in ipairs(target_lines) do
    held[line.product] = line.quantity
  end
  local products = {}
  for i, line in ipairs(guest_lines) do
    products[i] = line.product
  end
  local available = read_available(call, stock, products, policy.stock)
  if call.problem then
    return call.problem
  end
  local room = math.max(0, policy.lines - #target_lines)
  local reply = { 'OK', #guest_lines }
  for i, line in ipairs(guest_lines) do
    local has = held[line.product] or 0
    local wanted = has > 0 and strategy(line.quantity, has) or line.quantity
    local quantity, reason = fit(wanted, has, available[i] or 0, policy, room)
    if quantity > 0 and quantity ~= has then
      write_line(target, line.product, quantity, has == 0 and line.added)
    end
    if has == 0 and quantity > 0 then
      room = room - 1
    end
    if reason then
      append(reply, line.product, to_reply(wanted), to_reply(quantity), reason)
    end
  end
  if #guest_lines > 0 then
    expire(target, policy.ttl)
    redis.call('DEL', source)
  end
  return reply
end

local function number_setter(name)
  return function(keys, args)
    local key = keys[1]
    local call = begin(name, keys, 1, args, 2, 2 * CHUNK)
    if #args % 2 == 1 then
      fail(call, 'INVALID_ARGUMENT', 'The arguments are pairs of product and number.')
    end
    for i = 1, #args, 2 do
      read_product(call, args[i])
      read_amount(call, args[i + 1], 0)
    end
    on_hash(call, 'HLEN', key)
    if call.problem then
      return call.problem
    end
    redis.call('HSET', key, unpack(args))
    return { 'OK', #args / 2 }
  end
end

local function number_getter(name, parse)
  return function(keys, args)
    local key = keys[1]
    local call = begin(name, keys, 1, args, 1, CHUNK)
    for _, product in ipairs(args) do
      read_product(call, product)
    end
    local reply = { 'OK' }
    for i, number in ipairs(read_numbers(call, key, args, parse)) do
      reply[i + 1] = number and to_reply(number) or ''
    end
    return call.problem or reply
  end
end

redis.register_function('cart_add', cart_add)
redis.register_function('cart_set', cart_set)
redis.register_function({ function_name = 'cart_remove', callback = cart_remove, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'cart_get', callback = cart_get, flags = { 'no-writes' } })
redis.register_function({ function_name = 'cart_clear', callback = cart_clear, flags = { 'allow-oom' } })
redis.register_function('cart_merge', cart_merge)
redis.register_function('cart_stock_set', number_setter('cart_stock_set'))
redis.register_function({
  function_name = 'cart_stock_get',
  callback = number_getter('cart_stock_get', to_integer),
  flags = { 'no-writes' },
})
redis.register_function('cart_price_set', number_setter('cart_price_set'))
redis.register_function({
  function_name = 'cart_price_get',
  callback = number_getter('cart_price_get', to_whole),
  flags = { 'no-writes' },
})

#!lua name=permissions
-- @version 1.0.0
-- Bits and numbers in hexadecimal, defaults by "or", and several results of a local function that go into a list.

local READ, WRITE, SHARE = 0x1, 0x2, 0x4
local ALL = 0x7

local function yes(mask, right)
  return bit.band(mask, right) ~= 0 and 1 or 0
end

local function spread(mask)
  return yes(mask, READ), yes(mask, WRITE), yes(mask, SHARE)
end

local function masked(text)
  return bit.band(tonumber(text or ALL) or 0, 0xff)
end

local function grant(keys, args)
  local user, more = args[1], masked(args[2])
  local before = redis.call('HGET', keys[1], user) or 0
  local mask = bit.bor(before, more)
  redis.call('HSET', keys[1], user, mask)
  return mask
end

local function rights(keys, args)
  local mask = redis.call('HGET', keys[1], args[1])
  if mask == false then return nil end
  return { spread(mask) }
end

redis.register_function('permissions_grant', grant)
redis.register_function{
  function_name = 'permissions_of',
  callback = rights,
  flags = { 'no-writes' },
  description = 'read, write, share: 1 or 0',
}

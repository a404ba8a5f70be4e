#!lua name=mailbox
-- @version 1.0.0
-- Letters are JSON with an envelope in MessagePack, what cannot be read is said by a second result, a loop ends by
-- "break", and whoever waits is told by PUBLISH.

local function opened(text)
  local isRead, letter = pcall(cjson.decode, text)
  if isRead and type(letter) == 'table' then return letter end
  return nil, 'UNREADABLE this letter is no JSON'
end

local function send(keys, args)
  local letter, fault = opened(args[1])
  if fault then return redis.error_reply(fault) end
  letter.sent = redis.call('TIME')[1]
  local length = redis.call('RPUSH', keys[1], cjson.encode(letter))
  redis.call('SET', keys[2], cmsgpack.pack({ letter.from or '', length }))
  redis.call('PUBLISH', args[2], length)
  return true
end

local function collect(keys, args)
  local letters, most = {}, tonumber(args[1]) or 10
  repeat
    local text = redis.call('LPOP', keys[1])
    if not text then break end
    local letter = opened(text)
    letters[#letters + 1] = letter and tostring(letter.subject) or text
  until #letters >= most
  return letters
end

local function envelope(keys)
  local packed = redis.call('GET', keys[1])
  if not packed then return { err = 'EMPTY nobody has written' } end
  local known = cmsgpack.unpack(packed)
  return { known[1], known[2] }
end

redis.register_function('mailbox_send', send)
redis.register_function('mailbox_collect', collect)
redis.register_function{ function_name = 'mailbox_envelope', callback = envelope, flags = { 'no-writes', 'allow-stale' } }

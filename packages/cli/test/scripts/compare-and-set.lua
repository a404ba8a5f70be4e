local current = redis.call('GET', KEYS[1])
if current == ARGV[1] or (current == false and ARGV[1] == '') then
  redis.call('SET', KEYS[1], ARGV[2])
  return redis.status_reply('SWAPPED')
end
return redis.error_reply('CONFLICT the value is another one')

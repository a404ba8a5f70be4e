local moved = redis.call('RPOPLPUSH', KEYS[1], KEYS[2])
if not moved then return nil end
redis.call('HINCRBY', KEYS[3], moved, 1)
return { moved, redis.call('HGET', KEYS[3], moved) }

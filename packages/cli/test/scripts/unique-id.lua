local sequence = redis.call('INCRBY', KEYS[1], 1)
return string.format('%s-%08d-%s', ARGV[1], sequence, redis.sha1hex(ARGV[1] .. sequence):sub(1, 6))

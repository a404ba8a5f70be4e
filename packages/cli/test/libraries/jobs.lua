#!lua name=jobs
-- @version 1.0.0
-- Records are JSON or MessagePack, loops end by "break", keys are given one by one, and what happened is published.

local function read(key, id)
  local text = redis.call('HGET', key, id)
  if not text then return nil, 'NOT_FOUND no such job' end
  local isRead, job = pcall(cjson.decode, text)
  if not isRead or type(job) ~= 'table' then return nil, 'BROKEN the job cannot be read' end
  return job
end

local function run_waiting(keys, args)
  local waiting, running, channel = keys[1], keys[2], args[1]
  local count = tonumber(redis.call('SCARD', running)) or 0
  local limit = tonumber(args[2]) or 10
  while count < limit do
    local id = redis.call('LPOP', waiting)
    if not id then break end
    redis.call('SADD', running, id)
    redis.call('PUBLISH', channel, id)
    count = count + 1
  end
end

local function add(keys, args)
  local job = { id = args[3], at = redis.call('TIME')[1], tries = 0 }
  if redis.call('HSETNX', keys[3], job.id, cjson.encode(job)) == 0 then return false end
  redis.call('RPUSH', keys[1], job.id)
  run_waiting(keys, args)
  return true
end

local function finish(keys, args)
  local job, why = read(keys[3], args[3])
  if not job then return redis.error_reply(why) end
  job.result = cmsgpack.pack({ args[4], true })
  redis.call('HSET', keys[3], job.id, cjson.encode({ id = job.id, tries = job.tries + 1 }))
  if redis.call('SREM', keys[2], job.id) == 0 then redis.call('LREM', keys[1], 1, job.id) end
  run_waiting(keys, args)
end

local function find(keys, args)
  local job, why = read(keys[1], args[1])
  return job and { job.id, tostring(job.tries) } or { err = why }
end

redis.register_function('jobs_add', add)
redis.register_function('jobs_finish', finish)
redis.register_function{ function_name = 'jobs_find', callback = find, flags = { 'no-writes', 'allow-stale' } }

#!lua name=lights
local function switch(keys, args)
  if args[1] == 'on' then
    return 1
  end
  return 0
end
redis.register_function('switch', switch)

// Generated from ../../lua/feed.lua by "redis-functions generate". Do not edit.

/** The text of feed.lua, byte for byte. */
export const code = [
  "#!lua name=feed",
  "-- @version 1.1.0",
  "--",
  "-- What has changed in the shop, told by one process and read by all of them: each has pages open that show it.",
  "--",
  "--   feed_tell    feed   topic …       → \"OK\"",
  "--   feed_since   feed   [after]       → last, topic, …                                               no-writes",
  "--   feed_report  reports   process, report   → \"OK\"",
  "--   feed_reports reports                     → report, …                                             no-writes",
  "--",
  "-- A reader begins without \"after\" and is told where the feed is; from then on it gives the last that it was told.",
  "-- The feed is a sorted set of the last thousand changes, and lives for an hour after the last of them: a reader that",
  "-- was away for longer reads everything anew anyway. Scores are the server's time in microseconds, so that they rise",
  "-- also after the feed was lost; of two in one microsecond the second is one later.",
  "",
  "-- Reports are what each process has counted: one text of each, until none has reported for an hour.",
  "",
  "local KEEP = 1000",
  "local LIFE_MS = 3600000",
  "",
  "local function last_of(feed)",
  "  return tonumber(redis.call('ZREVRANGE', feed, 0, 0, 'WITHSCORES')[2]) or 0",
  "end",
  "",
  "redis.register_function('feed_tell', function(keys, topics)",
  "  local feed = keys[1]",
  "  local time = redis.call('TIME')",
  "  local at = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), last_of(feed) + 1)",
  "  for i, topic in ipairs(topics) do",
  "    local score = ('%.0f'):format(at + i - 1)",
  "    redis.call('ZADD', feed, score, score .. ' ' .. topic)",
  "  end",
  "  redis.call('ZREMRANGEBYRANK', feed, 0, -KEEP - 1)",
  "  redis.call('PEXPIRE', feed, LIFE_MS)",
  "  return 'OK'",
  "end)",
  "",
  "redis.register_function{",
  "  function_name = 'feed_since',",
  "  callback = function(keys, args)",
  "    local feed, after = keys[1], args[1]",
  "    if not after then return { ('%.0f'):format(last_of(feed)) } end",
  "    local told = { after }",
  "    for _, entry in ipairs(redis.call('ZRANGEBYSCORE', feed, '(' .. after, '+inf')) do",
  "      local score, topic = entry:match('^(%d+) (.*)$')",
  "      told[1] = score",
  "      told[#told + 1] = topic",
  "    end",
  "    return told",
  "  end,",
  "  flags = { 'no-writes' },",
  "}",
  "",
  "redis.register_function('feed_report', function(keys, args)",
  "  local reports, process, report = keys[1], args[1], args[2]",
  "  redis.call('HSET', reports, process, report)",
  "  redis.call('PEXPIRE', reports, LIFE_MS)",
  "  return 'OK'",
  "end)",
  "",
  "redis.register_function{",
  "  function_name = 'feed_reports',",
  "  callback = function(keys) return redis.call('HVALS', keys[1]) end,",
  "  flags = { 'no-writes' },",
  "}",
  "",
].join('\n');

/** What the library calls itself. */
export const name = "feed";

/** Of its header. */
export const version = "1.1.0";

/** The functions that it registers, with their flags. */
export const registered = {
  feed_tell: [],
  feed_since: ["no-writes"],
  feed_report: [],
  feed_reports: ["no-writes"],
} as const;

/** A function that the library has. */
export type FunctionName = keyof typeof registered;

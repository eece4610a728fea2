-- How many worker processes said lately that Redis and Postgres answer them.
--
-- KEYS  1 va:alive
-- ARGV  1 how many milliseconds ago still counts

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZCOUNT', KEYS[1], now - ARGV[1], '+inf')

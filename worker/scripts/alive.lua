-- A worker process says that Redis and Postgres answer it.
--
-- KEYS  1 va:alive    2 va:alive:<worker>
-- ARGV  1 the worker, then field and value of each thing to tell

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 60000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('HSET', KEYS[2], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[2], 15)
return 1

-- The job shall run again. It keeps its serial, so that the next of that serial still
-- comes after it.
--
-- KEYS  1 the queue's prefix
-- ARGV  1 id    2 token    3 how many jobs of a lane may run
--       4 delay in ms, 0 for as soon as can be
--       5 1 when this attempt counts, 0 when it never really ran
--       6 why
--
-- 'OK', or 'LOST' when the token is not the lease's: nothing changed.

--@include lib/queue.lua

local q, id, cap, delay = KEYS[1], ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local hash = q .. 'job:' .. id
local job = redis.call('HMGET', hash, 'token', 'lane')
if job[1] ~= ARGV[2] then
    return 'LOST'
end
let_go(q, id, job[2], cap)
redis.call('HDEL', hash, 'token')
redis.call('HSET', hash, 'reason', ARGV[6])
if ARGV[5] == '0' then
    redis.call('HINCRBY', hash, 'attempt', -1)
else
    redis.call('HDEL', hash, 'stalls') -- it came to an end by itself: it kills no worker
end
if delay > 0 then
    redis.call('ZADD', q .. 'later', now_ms() + delay, id)
else
    ready_first(q, id, cap)
end
return 'OK'

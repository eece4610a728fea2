-- A dead job runs again, as if it were new.
--
-- KEYS  1 the queue's prefix
-- ARGV  1 id
--
-- 1, or 0 when no such job is dead.

--@include lib/queue.lua

local q, id = KEYS[1], ARGV[1]
local hash = q .. 'job:' .. id
if redis.call('ZREM', q .. 'dead', id) == 0 then
    return 0
end
local job = redis.call('HMGET', hash, 'job', 'dedup')
redis.call('DEL', hash)
if not job[1] then
    return 0
end
redis.call('DEL', q .. 'res:' .. id)
mark_seen(q, job[2], '=' .. id, id)
redis.call('LPUSH', q .. 'in', job[1])
ring_bell(q)
return 1

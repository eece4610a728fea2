-- Puts a job into a queue unless the last one of its key has not ended yet: of periodic work
-- there is one job at a time, however far behind the queue is.
--
-- KEYS  1 the queue's prefix
-- ARGV  1 id of the job    2 its document    3 its deduplication key
--       4 the key's life in seconds: after it another is pushed in any case
--
-- 1 when it was pushed, 0 when the last one has not ended.

--@include lib/queue.lua

local q = KEYS[1]
local seen = q .. 'seen:' .. ARGV[3]
local last = redis.call('GET', seen)

if last and string.sub(last, 1, 1) ~= '=' then
    return 0
end
-- A full Redis refuses this write, and with it the rest.
redis.call('SET', seen, ARGV[1], 'EX', ARGV[4])
redis.call('LPUSH', q .. 'in', ARGV[2])
ring_bell(q)
return 1

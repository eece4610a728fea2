-- The job is given up: to the dead, where an operator finds it.
--
-- KEYS  1 the queue's prefix
-- ARGV  1 id    2 token    3 how many jobs of a lane may run
--       4 why   5 a reply for who waits, empty for none
--
-- 'OK', or 'LOST' when the token is not the lease's: nothing changed.

--@include lib/queue.lua

local q, id, cap = KEYS[1], ARGV[1], tonumber(ARGV[3])
local job = redis.call('HMGET', q .. 'job:' .. id, 'token', 'lane', 'serial', 'reply', 'dedup')
if job[1] ~= ARGV[2] then
    return 'LOST'
end
let_go(q, id, job[2], cap)
die(q, id, now_ms(), ARGV[4])
answer(q, id, job[4], job[5], ARGV[5])
hand_over(q, job[3], cap)
return 'OK'

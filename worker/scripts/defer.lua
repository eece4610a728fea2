-- Not for this worker: the job is put aside, as one of a newer version is, until it is taken
-- in anew, by another worker perhaps. Nobody waits behind it: its serial goes on.
--
-- KEYS  1 the queue's prefix
-- ARGV  1 id    2 token    3 how many jobs of a lane may run
--       4 delay in ms    5 the job's version
--
-- 'OK', or 'LOST' when the token is not the lease's: nothing changed.

--@include lib/queue.lua

local q, id, cap = KEYS[1], ARGV[1], tonumber(ARGV[3])
local hash = q .. 'job:' .. id
local job = redis.call('HMGET', hash, 'token', 'lane', 'serial', 'job')
if job[1] ~= ARGV[2] then
    return 'LOST'
end
let_go(q, id, job[2], cap)
redis.call('DEL', hash)
put_aside(q, id, job[4], ARGV[5], now_ms(), tonumber(ARGV[4]))
hand_over(q, job[3], cap)
return 'OK'

-- A call has ended; its state is kept for a day.
--
-- KEYS  1 va:call:{<CallSid>}
-- ARGV  1 why
--
-- 1 when it was live, else 0

--@include lib/time.lua
--@include lib/call.lua

local key = KEYS[1]
if redis.call('HGET', key, 'status') ~= 'live' then
    return 0
end
write_when_full(key)
redis.call('HSET', key, 'status', 'ended', 'ended', now_ms(), 'end_reason', ARGV[1])
redis.call('HINCRBY', key, 'epoch', 1)
keep(key, true)
return 1

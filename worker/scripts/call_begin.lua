-- A call begins; when its state is there already, that is left as it is.
--
-- KEYS  1 va:call:{<CallSid>}
-- ARGV  field and value of each thing known
--
-- {1 begun now or 0, all fields and values}

--@include lib/time.lua
--@include lib/call.lua

local key, begun = KEYS[1], 0
if redis.call('EXISTS', key) == 0 then
    redis.call('HSET', key, 'status', 'live', 'epoch', 0, 'turn', 0, 'resumes', 0,
               'began', now_ms(), unpack(ARGV))
    keep(key)
    begun = 1
end
return {begun, redis.call('HGETALL', key)}

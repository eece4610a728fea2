-- Writes what is known of a live call. With an epoch: only while that is the call's, so
-- that who was overtaken changes nothing.
--
-- KEYS  1 va:call:{<CallSid>}
-- ARGV  1 epoch, empty: in any case    then field and value of each thing
--
-- 'OK', 'GONE' no such call is known, 'STALE' the epoch is another

--@include lib/call.lua

local key, epoch = KEYS[1], ARGV[1]
local current, status = unpack(redis.call('HMGET', key, 'epoch', 'status'))
if not current then
    return 'GONE'
end
if epoch ~= '' and epoch ~= current then
    return 'STALE'
end
write_when_full(key)
redis.call('HSET', key, unpack(ARGV, 2))
keep(key, status == 'ended')
return 'OK'

-- A voice process takes a call. Its epoch rises, so that whoever had the call before
-- changes nothing more, and a stream token opens one stream.
--
-- KEYS  1 va:call:{<CallSid>}
-- ARGV  1 the process    2 epoch of its token, empty: it has none
--
-- {'OK', the new epoch, all fields and values}; or {'GONE'}, {'ENDED'}, {'STALE'}, or
-- {'HELD'}: a person has it

--@include lib/call.lua

local key, epoch = KEYS[1], ARGV[2]
local current, status, human = unpack(redis.call('HMGET', key, 'epoch', 'status', 'human'))
if not current then
    return {'GONE'}
end
if status == 'ended' then
    return {'ENDED'}
end
if human == '1' then
    return {'HELD'}
end
if epoch ~= '' and epoch ~= current then
    return {'STALE'}
end
write_when_full(key)
redis.call('HDEL', key, 'tries')
redis.call('HSET', key, 'owner', ARGV[1], 'epoch', current + 1)
keep(key)
return {'OK', current + 1, redis.call('HGETALL', key)}

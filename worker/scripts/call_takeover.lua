-- A person takes a call from the agent, or gives it back. Its epoch rises, nobody owns it any
-- more, and while a person has it nobody can claim it. The voice process that owned it is told
-- at once, on its own channel, that it has to be silent.
--
-- KEYS  1 va:call:{<CallSid>}
-- ARGV  1 CallSid    2 '1' a person has it, '0' the agent again
--
-- {'OK', the new epoch, the owner it had (empty: none), how many processes heard of it};
-- or {'GONE'}, {'ENDED'}

--@include lib/call.lua

local key = KEYS[1]
local status, owner = unpack(redis.call('HMGET', key, 'status', 'owner'))
if not status then
    return {'GONE'}
end
if status == 'ended' then
    return {'ENDED'}
end
write_when_full(key)
local epoch = redis.call('HINCRBY', key, 'epoch', 1)
redis.call('HSET', key, 'human', ARGV[2], 'owner', '', 'next',
           ARGV[2] == '1' and 'resume' or 'returned')
redis.call('HDEL', key, 'due') -- to be said by nobody but that person
keep(key)
owner = owner or ''
if owner == '' then
    return {'OK', epoch, '', 0}
end
return {'OK', epoch, owner,
        redis.call('PUBLISH', 'va:voice:control:' .. owner, 'yield ' .. ARGV[1] .. ' ' .. epoch)}

-- A call is over: its slots are free.
--
-- KEYS  1 va:voice:org:{<organization>}    2 va:voice:media    3 va:call:{<CallSid>}
--       4 va:voice:live
-- ARGV  1 CallSid
--
-- How many slots it had.

local call = ARGV[1]
local owner = redis.call('HGET', KEYS[3], 'owner')
redis.call('ZREM', KEYS[4], call) -- counts calls, not slots
local freed = redis.call('ZREM', KEYS[1], call) + redis.call('ZREM', KEYS[2], call)
if owner and owner ~= '' then
    freed = freed + redis.call('ZREM', 'va:voice:calls:' .. owner, call)
end
return freed

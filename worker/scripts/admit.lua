-- Reserves a call's slot in its organization, and one among the voice processes when it
-- is to have media. The same call is the same slot, which is prolonged and never made
-- shorter. What ran out is nobody's: nothing has to be given back by who died.
--
-- KEYS  1 va:voice:org:{<organization>}    2 va:voice:media    3 va:voice:processes
--       4 va:call:{<CallSid>}    5 va:voice:live
-- ARGV  1 CallSid    2 most calls of the organization at once, 0: the call goes on already
--       3 for how many ms    4 '1' with media
--
-- 'OK'    reserved; a call that has ended meanwhile takes no slot any more
-- 'FULL'  the organization has as many calls as it may
-- 'BUSY'  reserved, but no living voice process has room: no media slot

--@include lib/time.lua

local org, media = KEYS[1], KEYS[2]
local call, limit, hold = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = now_ms()

local function reserve(slots)
    redis.call('ZADD', slots, 'GT', now + hold, call)
    local last = redis.call('ZREVRANGE', slots, 0, 0, 'WITHSCORES')[2]
    redis.call('PEXPIREAT', slots, last)
end

-- How many streams all living voice processes together may carry.
local function capacity()
    local room = 0
    for _, process in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. now, '+inf')) do
        room = room + (redis.call('HGET', 'va:voice:process:' .. process, 'capacity') or 0)
    end
    return room
end

local function full(slots, most)
    redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
    return not redis.call('ZSCORE', slots, call) and redis.call('ZCARD', slots) >= most
end

if redis.call('HGET', KEYS[4], 'status') == 'ended' then
    return 'OK'
end
if limit > 0 and full(org, limit) then
    return 'FULL'
end
reserve(org)
reserve(KEYS[5])
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now)
if ARGV[4] ~= '1' then
    return 'OK'
end
if full(media, capacity()) then
    return 'BUSY'
end
reserve(media)
return 'OK'

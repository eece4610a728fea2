-- A call comes back through the re-entry door: takes what it is to go on with, counts
-- it, and raises the epoch. The same door again, after a worker that died behind it, takes
-- and changes nothing more. While a person has the call, nothing is taken or changed: 'held'.
-- A call whose stream nobody has claimed since the last door fell out of nothing: that is tried
-- again, and not counted.
--
-- KEYS  1 va:call:{<CallSid>}
-- ARGV  1 window in ms within which resumes are counted as recent
--       2 the door: each document that leads to one numbers it anew
--       3 what comes next where the state names nothing: 'resume' behind an engine
--
-- {'OK', next, resumes within the window and in all, this one included, the new epoch,
--  all fields and values}; or {'GONE'}

--@include lib/time.lua
--@include lib/call.lua

local key, now = KEYS[1], now_ms()
local next_step, resumed, door, taken, human, streams =
    unpack(redis.call('HMGET', key, 'next', 'resumed', 'door', 'taken', 'human', 'streams'))
if redis.call('EXISTS', key) == 0 then
    return {'GONE'}
end
if not next_step or next_step == '' or next_step == 'resume' then
    next_step = ARGV[3]
end
-- The moments of the recent ones, oldest first. A call that was told where to go on did
-- not fall out of anything: only resumes count.
local recent = {}
for moment in string.gmatch(resumed or '', '%d+') do
    if now - moment < tonumber(ARGV[1]) then
        recent[#recent + 1] = moment
    end
end
local total = tonumber(redis.call('HGET', key, 'resumes') or 0)
if human == '1' or door == ARGV[2] then
    local epoch = tonumber(redis.call('HGET', key, 'epoch') or 0)
    return {'OK', human == '1' and 'held' or taken, #recent, total, epoch, redis.call('HGETALL', key)}
end
write_when_full(key)
if next_step == 'resume' then
    local tries = redis.call('HINCRBY', key, 'tries', 1)
    if tries == 1 or streams ~= '1' then
        recent[#recent + 1] = string.format('%.0f', now)
        total = redis.call('HINCRBY', key, 'resumes', 1)
    end
end
local epoch = redis.call('HINCRBY', key, 'epoch', 1)
redis.call('HSET', key, 'next', 'resume', 'owner', '', 'resumed', table.concat(recent, ' '),
    'door', ARGV[2], 'taken', next_step)
keep(key)
return {'OK', next_step, #recent, total, epoch, redis.call('HGETALL', key)}

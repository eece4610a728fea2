-- Gives a media stream to a voice process: of those that live and have room, to the one with
-- the fewest calls. The place is kept for the stream until it comes, and then by the process.
-- A call that has a place already has fallen out of it, and that process may have died without
-- anybody's knowing yet: another one is better.
--
-- KEYS  1 va:voice:processes
-- ARGV  1 CallSid, or another name of the stream    2 for how many ms
--
-- {process, where it listens}, or 'BUSY'

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local best, where, least, fallen

for _, process in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
    local calls = 'va:voice:calls:' .. process
    redis.call('ZREMRANGEBYSCORE', calls, '-inf', now)
    local capacity, listen = unpack(redis.call('HMGET', 'va:voice:process:' .. process,
                                               'capacity', 'listen'))
    local count = redis.call('ZCARD', calls)
    local left = redis.call('ZSCORE', calls, ARGV[1]) and true or false
    local better = not best or (fallen and not left) or (fallen == left and count < least)
    if listen and count < (tonumber(capacity) or 0) and better then
        best, where, least, fallen = process, listen, count, left
    end
end
if not best then
    return 'BUSY'
end
redis.call('ZADD', 'va:voice:calls:' .. best, now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', 'va:voice:calls:' .. best, 86400000)
return {best, where}

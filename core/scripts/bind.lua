-- Gives a media stream to a voice process: of those that live and have room, to the one with
-- the fewest calls. The place is kept for the stream until it comes, and then by the process.
--
-- KEYS  1 va:voice:processes
-- ARGV  1 CallSid, or another name of the stream    2 for how many ms
--
-- {process, where it listens}, or 'BUSY'

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local best, where, least

for _, process in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
    local calls = 'va:voice:calls:' .. process
    redis.call('ZREMRANGEBYSCORE', calls, '-inf', now)
    local capacity, listen = unpack(redis.call('HMGET', 'va:voice:process:' .. process,
                                               'capacity', 'listen'))
    local count = redis.call('ZCARD', calls)
    if listen and count < (tonumber(capacity) or 0) and (not least or count < least) then
        best, where, least = process, listen, count
    end
end
if not best then
    return 'BUSY'
end
redis.call('ZADD', 'va:voice:calls:' .. best, now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', 'va:voice:calls:' .. best, 86400000)
return {best, where}

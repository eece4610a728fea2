-- What stands in the queues.
--
-- KEYS  the queues' prefixes, va:{Q}:
--
-- One list a queue, of integers: in, ready, parked, held, later, dead, lanes (that
-- may give a job now), and the age in milliseconds of the oldest job nobody works
-- on yet and that waits for no retry (0 when there is none).

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function enqueued_of_oldest_pushed(q)
    local document = redis.call('LINDEX', q .. 'in', -1)
    if not document then
        return now
    end
    local readable, job = pcall(cjson.decode, document)
    return readable and type(job) == 'table' and tonumber(job.enqueued_ms) or now
end

-- Of a set that is scored by when its jobs were enqueued.
local function enqueued_of_oldest(set)
    return tonumber(redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')[2] or now)
end

local result = {}
for i, q in ipairs(KEYS) do
    local oldest = math.min(enqueued_of_oldest_pushed(q), enqueued_of_oldest(q .. 'ready'),
                            enqueued_of_oldest(q .. 'parked'))
    result[i] = {
        redis.call('LLEN', q .. 'in'),
        redis.call('ZCARD', q .. 'ready'),
        redis.call('ZCARD', q .. 'parked'),
        redis.call('ZCARD', q .. 'held'),
        redis.call('ZCARD', q .. 'later'),
        redis.call('ZCARD', q .. 'dead'),
        redis.call('ZCARD', q .. 'lanes'),
        math.max(0, now - oldest),
    }
end
return result

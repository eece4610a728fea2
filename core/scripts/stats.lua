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

local function enqueued_of_oldest_parked(q)
    return tonumber(redis.call('ZRANGE', q .. 'parked', 0, 0, 'WITHSCORES')[2] or now)
end

-- Every lane with ready jobs stands in the ring, or has its share running.
local function ready(q)
    local count, oldest, seen = 0, now, {}
    for _, key in ipairs({redis.call('ZRANGE', q .. 'lanes', 0, -1),
                          redis.call('HKEYS', q .. 'running')}) do
        for _, lane in ipairs(key) do
            if not seen[lane] then
                seen[lane] = true
                local list = q .. 'ready:' .. lane
                local first = redis.call('LINDEX', list, -1)
                if first then
                    count = count + redis.call('LLEN', list)
                    local enqueued = redis.call('HGET', q .. 'job:' .. first, 'enqueued')
                    oldest = math.min(oldest, tonumber(enqueued or now))
                end
            end
        end
    end
    return count, oldest
end

local result = {}
for i, q in ipairs(KEYS) do
    local ready_count, ready_oldest = ready(q)
    local oldest = math.min(enqueued_of_oldest_pushed(q), ready_oldest,
                            enqueued_of_oldest_parked(q))
    result[i] = {
        redis.call('LLEN', q .. 'in'),
        ready_count,
        redis.call('ZCARD', q .. 'parked'),
        redis.call('ZCARD', q .. 'held'),
        redis.call('ZCARD', q .. 'later'),
        redis.call('ZCARD', q .. 'dead'),
        redis.call('ZCARD', q .. 'lanes'),
        math.max(0, now - oldest),
    }
end
return result

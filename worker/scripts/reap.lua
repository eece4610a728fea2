-- Ends leases that ran out, lets due retries run, drops old dead: at most 64 of each.
-- Every host's scheduler calls it again and again; one of them does it per interval.
--
-- KEYS  1 the queue's prefix
-- ARGV  1 how many jobs of a lane may run    2 stalls that bury a job
--       3 the newest job version known       4 interval in ms, 0 to do it in any case
--       5 life of a lease in ms
--
-- {put back after a stall, ids of the buried, retries promoted, dead dropped}

--@include lib/queue.lua

local BATCH = 64
local q, cap, max_stalls, version = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local interval, lease = tonumber(ARGV[4]), tonumber(ARGV[5])
local now = now_ms()
local requeued, promoted, buried = 0, 0, {}

if interval > 0 then
    local done = q .. 'reaped'
    if redis.call('EXISTS', done) == 1 then
        return {0, {}, 0, 0}
    end
    -- DEL is allowed when Redis is full, and after a first write so is every other: a
    -- full Redis is emptied by finishing jobs, so they must go on.
    redis.call('DEL', done)
    redis.call('SET', done, '1', 'PX', interval)
end

local function due(key)
    return redis.call('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', 0, BATCH)
end

-- A job that killed its worker took the jobs beside it down. Each comes back at a time
-- of its own, so that those are not beside it again until it is buried.
local function apart_ms(id, stalls)
    local spread = stalls == 1 and lease / 3 or lease * 2
    return tonumber(string.sub(redis.sha1hex(id .. ' ' .. stalls), 1, 8), 16) % spread
end

-- A stalled attempt is no attempt: the two have their own limits.
local function end_lease(id)
    local hash = q .. 'job:' .. id
    local job = redis.call('HMGET', hash, 'lane', 'serial', 'dedup')
    if not job[1] then
        redis.call('ZREM', q .. 'held', id) -- whatever it held is known to nobody any more
        return
    end
    let_go(q, id, job[1], cap)
    redis.call('HDEL', hash, 'token')
    redis.call('HINCRBY', hash, 'attempt', -1)
    local stalls = redis.call('HINCRBY', hash, 'stalls', 1)
    if stalls < max_stalls then
        redis.call('ZADD', q .. 'later', now + apart_ms(id, stalls), id)
        requeued = requeued + 1
        return
    end
    die(q, id, now, 'stalled: its worker died or hung each time')
    answer(q, id, nil, job[3], '')
    hand_over(q, job[2], cap)
    buried[#buried + 1] = id
end

-- Who waits for one that nobody could read is told no more than that it has ended. Its key
-- stands in the document alone, which may be laid out in another way.
local function dedup_of(document)
    local readable, job = pcall(cjson.decode, document)
    local dedup = readable and type(job) == 'table' and job.dedup
    return type(dedup) == 'string' and dedup ~= '' and dedup or nil
end

-- What workers took that know nothing of the set of ready jobs is found at its head, where
-- the oldest are.
local function is_ready(id)
    local job = redis.call('HMGET', q .. 'job:' .. id, 'job', 'token', 'died')
    return job[1] and not job[2] and not job[3] and not redis.call('ZSCORE', q .. 'later', id)
end

local function forget_taken()
    for _, id in ipairs(redis.call('ZRANGE', q .. 'ready', 0, BATCH - 1)) do
        if is_ready(id) then
            return
        end
        redis.call('ZREM', q .. 'ready', id)
    end
end

-- A job newer than its worker is taken in by a worker that can read it, within a day.
local function try_newer(id, job_version)
    local hash = q .. 'job:' .. id
    if tonumber(job_version) <= version then
        redis.call('RPUSH', q .. 'in', redis.call('HGET', hash, 'job'))
        redis.call('DEL', hash)
        ring_bell(q)
        promoted = promoted + 1
    elseif now - redis.call('HGET', hash, 'since') > DAY * 1000 then
        die(q, id, now, 'version ' .. job_version .. ' is newer than any worker')
        answer(q, id, nil, dedup_of(redis.call('HGET', hash, 'job')), '')
        buried[#buried + 1] = id
    else
        redis.call('ZADD', q .. 'later', now + 10000, id)
    end
end

forget_taken()
for _, id in ipairs(due(q .. 'held')) do
    end_lease(id)
end
for _, id in ipairs(due(q .. 'later')) do
    redis.call('ZREM', q .. 'later', id)
    local job_version = redis.call('HGET', q .. 'job:' .. id, 'version')
    if job_version then
        try_newer(id, job_version)
    elseif ready_first(q, id, cap) then
        promoted = promoted + 1
    end
end
local old = redis.call('ZRANGEBYSCORE', q .. 'dead', '-inf', now - 14 * DAY * 1000,
                       'LIMIT', 0, BATCH)
for _, id in ipairs(old) do
    redis.call('ZREM', q .. 'dead', id)
    redis.call('DEL', q .. 'job:' .. id)
end
return {requeued, buried, promoted, #old}

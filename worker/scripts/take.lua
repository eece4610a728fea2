-- Gives the next job, with a lease, of the first queue that has one.
--
-- KEYS  the queues' prefixes, the preferred first
-- ARGV  1 token of the lease    2 its life in ms
--       3 how many jobs of a lane may run, 0 for any    4 the newest job version known
--
-- false, or {which of KEYS, id, document, attempt, 1 when it never ran before}

--@include lib/queue.lua

local MAX_INTAKE, MAX_INTAKE_BYTES = 32, 1048576
local token, lease, cap, version = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local now = now_ms()

local function text_or_nil(value)
    return type(value) == 'string' and value ~= '' and value or nil
end

local function bury_unreadable(q, document)
    local id = 'unreadable-' .. redis.sha1hex(document)
    redis.call('HSET', q .. 'job:' .. id, 'job', document)
    die(q, id, now, 'unreadable')
end

local function store(q, job, document, lane, serial, enqueued)
    local fields = {'job', document, 'lane', lane, 'enqueued', enqueued,
                    'type', text_or_nil(job.type) or ''}
    local function add(name, value)
        if value then
            fields[#fields + 1] = name
            fields[#fields + 1] = value
        end
    end
    add('serial', serial)
    add('reply', text_or_nil(job.reply))
    add('dedup', text_or_nil(job.dedup))
    redis.call('HSET', q .. 'job:' .. job.id, unpack(fields))
end

local function ready_last(q, id, lane, enqueued)
    redis.call('LPUSH', q .. 'ready:' .. lane, id)
    note_ready(q, id, enqueued)
    if not redis.call('ZSCORE', q .. 'lanes', lane) then
        offer(q, lane, running_in(q, lane), cap)
    end
end

-- A serial belongs to one job at a time, the first that came; it is taken here and
-- not when a job is picked, so that whatever stands in a ready list can run.
local function take_in(q, document)
    local readable, job = pcall(cjson.decode, document)
    if not readable or type(job) ~= 'table' or not text_or_nil(job.id)
       or type(job.v) ~= 'number' then
        return bury_unreadable(q, document)
    end
    if redis.call('EXISTS', q .. 'job:' .. job.id) == 1 then
        return -- pushed again by somebody who did not hear that it was
    end
    if job.v > version then
        return put_aside(q, job.id, document, job.v, now, 1000)
    end
    local lane, serial = text_or_nil(job.lane) or '-', text_or_nil(job.serial)
    local enqueued = tonumber(job.enqueued_ms) or now
    store(q, job, document, lane, serial, enqueued)
    if serial and not redis.call('SET', q .. 'serial:' .. serial, job.id, 'NX') then
        redis.call('ZADD', q .. 'parked', enqueued, job.id)
        redis.call('LPUSH', q .. 'parked:' .. serial, job.id)
    else
        ready_last(q, job.id, lane, enqueued)
    end
end

-- How many came in; then true when nothing is left to.
local function intake(q)
    local bytes, count = 0, 0
    while count < MAX_INTAKE and bytes <= MAX_INTAKE_BYTES do
        local document = redis.call('RPOP', q .. 'in')
        if not document then
            return count, true
        end
        take_in(q, document)
        bytes = bytes + #document
        count = count + 1
    end
    return count, redis.call('LLEN', q .. 'in') == 0
end

-- The next job of the lane that has a document (without, it is gone by nothing of ours);
-- nil when the lane has its share running, its cap lowered since it came into the
-- ring. Then whether the lane stands in the ring again.
local function next_of(q, lane)
    local running = redis.call('HINCRBY', q .. 'running', lane, 1)
    local id, job
    while cap == 0 or running <= cap do
        id = redis.call('RPOP', q .. 'ready:' .. lane)
        if not id then
            break
        end
        redis.call('ZREM', q .. 'ready', id)
        job = redis.call('HMGET', q .. 'job:' .. id, 'job', 'attempt', 'reason', 'stalls')
        if job[1] then
            break
        end
    end
    if not id then
        not_running(q, lane)
        return nil, nil, false
    end
    return id, job, offer(q, lane, running, cap)
end

-- Goes round the ring. Then whether it may hold more.
local function pick(q)
    local lane = redis.call('ZPOPMIN', q .. 'lanes')[1]
    while lane do
        local id, job, again = next_of(q, lane)
        if id then
            return id, job, again or redis.call('EXISTS', q .. 'lanes') == 1
        end
        lane = redis.call('ZPOPMIN', q .. 'lanes')[1]
    end
    return nil, nil, false
end

local function hold(q, id, attempt)
    redis.call('HSET', q .. 'job:' .. id, 'token', token, 'attempt', attempt)
    redis.call('ZADD', q .. 'held', now + lease, id)
end

for i, q in ipairs(KEYS) do
    local came, all_in = intake(q)
    local id, job, more = pick(q)
    if all_in and not more then
        redis.call('DEL', q .. 'bell')
    elseif came > 0 then
        ring_bell(q, came)
    end
    if id then
        local attempt = (job[2] or 0) + 1
        local ran = attempt > 1 or job[3] or job[4] -- a stall counts no attempt
        hold(q, id, attempt)
        return {i, id, job[1], attempt, ran and 0 or 1}
    end
end
return false

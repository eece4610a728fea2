-- What the queue's scripts share. q is the queue's prefix, va:{Q}:

local MAX_BELLS = 64
local DAY = 86400

local clock

-- Microseconds, and never the same twice within a script.
local function now_us()
    if not clock then
        local time = redis.call('TIME')
        clock = time[1] * 1000000 + time[2]
    end
    clock = clock + 1
    return clock
end

local function now_ms()
    return math.floor(now_us() / 1000)
end

-- Wakes as many idle workers as there are jobs for them, one when not said.
local function ring_bell(q, jobs)
    local tokens = {}
    for i = 1, math.min(jobs or 1, MAX_BELLS - redis.call('LLEN', q .. 'bell')) do
        tokens[i] = '1'
    end
    if tokens[1] then
        redis.call('RPUSH', q .. 'bell', unpack(tokens))
    end
end

-- Puts the lane at the end of the ring, unless it stands there, when it may give a job:
-- one is ready, and fewer than cap (0: any number) are running. True when it was put
-- there. Every change of what is ready or running calls this.
local function offer(q, lane, running, cap)
    return (cap == 0 or running < cap)
           and redis.call('LLEN', q .. 'ready:' .. lane) > 0
           and redis.call('ZADD', q .. 'lanes', 'NX', now_us(), lane) == 1
end

local function running_in(q, lane)
    return tonumber(redis.call('HGET', q .. 'running', lane) or 0)
end

-- What stands in ready lists is also in one set, so that nobody has to walk the lanes.
local function note_ready(q, id, enqueued)
    redis.call('ZADD', q .. 'ready', enqueued, id)
end

-- For a job that was in the queue before: it waited already. False when its hash is
-- gone, which it is by nothing of ours: then it must not stop those behind it.
local function ready_first(q, id, cap)
    local job = redis.call('HMGET', q .. 'job:' .. id, 'lane', 'enqueued')
    local lane = job[1]
    if not lane then
        return false
    end
    redis.call('RPUSH', q .. 'ready:' .. lane, id)
    note_ready(q, id, job[2])
    if offer(q, lane, running_in(q, lane), cap) then
        ring_bell(q)
    end
    return true
end

-- One job less is running in the lane; how many are.
local function not_running(q, lane)
    local running = redis.call('HINCRBY', q .. 'running', lane, -1)
    if running == 0 then
        redis.call('HDEL', q .. 'running', lane)
    end
    return running
end

-- The job is held no more: its lane has room for another. Its token goes with its
-- hash, or by the caller.
local function let_go(q, id, lane, cap)
    redis.call('ZREM', q .. 'held', id)
    if offer(q, lane, not_running(q, lane), cap) then
        ring_bell(q)
    end
end

-- Looked at again by reap, which lets a worker take it in when that can read its version.
local function put_aside(q, id, document, version, now, delay)
    redis.call('HSET', q .. 'job:' .. id, 'job', document, 'version', version, 'since', now)
    redis.call('ZADD', q .. 'later', now + delay, id)
end

-- The job has ended: the next of its serial, reserved for it from now on, may run.
local function hand_over(q, serial, cap)
    if not serial then
        return
    end
    local next_id
    repeat
        next_id = redis.call('RPOP', q .. 'parked:' .. serial)
        if not next_id then
            redis.call('DEL', q .. 'serial:' .. serial)
            return
        end
        redis.call('ZREM', q .. 'parked', next_id)
    until ready_first(q, next_id, cap)
    redis.call('SET', q .. 'serial:' .. serial, next_id)
end

-- The key may have expired, and be another job's by now.
local function mark_seen(q, dedup, from, to)
    if dedup and redis.call('GET', q .. 'seen:' .. dedup) == from then
        redis.call('SET', q .. 'seen:' .. dedup, to, 'KEEPTTL')
    end
end

-- Stores the reply and tells everybody who waits, each channel once.
local function tell(q, id, reply, channels)
    redis.call('SET', q .. 'res:' .. id, reply, 'EX', 600)
    if #reply > 65536 then
        reply = cjson.encode({v = 1, id = id, stored = true})
    end
    local told = {}
    for _, name in ipairs(channels) do
        if not told[name] then
            told[name] = true
            redis.call('PUBLISH', name, reply)
        end
    end
end

-- The end of a job that somebody may wait for: at its own channel, or, having pushed the
-- same key, at one of `wait`.
local function answer(q, id, channel, dedup, reply)
    local channels = {}
    if dedup then
        mark_seen(q, dedup, id, '=' .. id)
        channels = redis.call('LRANGE', q .. 'wait:' .. id, 0, -1)
        redis.call('DEL', q .. 'wait:' .. id)
    end
    if reply ~= '' then
        channels[#channels + 1] = channel or nil
        tell(q, id, reply, channels)
    end
end

-- Types whose bodies may hold a password.
local SECRET = {['auth.login'] = true, ['auth.register'] = true, ['team.handle'] = true}

-- A password is not kept with the dead: replayed, the job is refused for want of a body.
local function drop_secret(hash)
    local of = redis.call('HMGET', hash, 'type', 'job')
    if SECRET[of[1]] then
        local job = cjson.decode(of[2])
        if type(job.http) == 'table' then
            job.http.body, job.http.body_b64 = nil, nil
        end
        redis.call('HSET', hash, 'job', cjson.encode(job))
    end
end

-- To the dead, for 14 days. The hash exists already.
local function die(q, id, now, reason)
    drop_secret(q .. 'job:' .. id)
    redis.call('ZADD', q .. 'dead', now, id)
    redis.call('HDEL', q .. 'job:' .. id, 'token')
    redis.call('HSET', q .. 'job:' .. id, 'reason', reason, 'died', now)
    redis.call('EXPIRE', q .. 'job:' .. id, 14 * DAY)
end

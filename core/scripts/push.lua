-- Puts a job into a queue, unless its deduplication key is known already.
--
-- KEYS  1 the queue's prefix, va:{Q}:
-- ARGV  1 id of the job      2 its document
--       3 deduplication key, empty for none      4 the key's life in seconds
--       5 channel that waits for the reply, empty for none
--
-- 'NEW'                    pushed; the reply goes to the channel its document names
-- {'RUNNING', id}          that key's job has not ended; channel 5 hears its reply
-- {'DONE', id, reply}      that key's job has ended; the reply is empty when there
--                          was none, or when it is older than its key res:<id>
--
-- Under `noeviction` a full Redis refuses the first write of a script or none, so
-- each way below begins with a write that can be refused: all of it or nothing.

local q, id = KEYS[1], ARGV[1]
local WAIT_SECONDS, MAX_WAITERS, MAX_BELLS = 600, 64, 64

local function known(first)
    local ended = string.sub(first, 1, 1) == '='
    local job = ended and string.sub(first, 2) or first
    local reply = redis.call('GET', q .. 'res:' .. job)
    if ended or reply then
        return {'DONE', job, reply or ''}
    end
    local wait, channel = q .. 'wait:' .. job, ARGV[5]
    if channel ~= '' and not redis.call('LPOS', wait, channel)
       and redis.call('LLEN', wait) < MAX_WAITERS then
        redis.call('RPUSH', wait, channel)
        redis.call('EXPIRE', wait, WAIT_SECONDS)
    end
    return {'RUNNING', job}
end

if ARGV[3] ~= '' then
    local seen = q .. 'seen:' .. ARGV[3]
    if not redis.call('SET', seen, id, 'NX', 'EX', ARGV[4]) then
        return known(redis.call('GET', seen))
    end
end
-- Where others wait already, the bell was rung for them; whoever takes them in rings
-- for those he leaves.
if redis.call('LPUSH', q .. 'in', ARGV[2]) == 1 and redis.call('LLEN', q .. 'bell') < MAX_BELLS then
    redis.call('RPUSH', q .. 'bell', '1')
end
return 'NEW'

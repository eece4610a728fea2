-- Puts jobs into a queue, each unless its deduplication key is known already.
--
-- KEYS  1 the queue's prefix, va:{Q}:
-- ARGV  of each job: its id, its document, its deduplication key (empty for none);
--       then, for all of them:
--       last but one  the keys' life in seconds
--       last          channel that waits for the replies, empty for none
--
-- Of one job:
-- 'NEW'                    pushed; the reply goes to the channel its document names
-- {'RUNNING', id}          that key's job has not ended; the channel hears its reply
-- {'DONE', id, reply}      that key's job has ended; the reply is empty when there
--                          was none, or when it is older than its key res:<id>
-- {'DONE', id}             the same, and who wants the reply looks for it himself: those
--                          before him in the list got all that one script should carry
-- an error                 that one changes nothing
--
-- Of several: 'NEW' when each is, else a list of such answers, one a job, in their order.
--
-- Under `noeviction` a full Redis refuses the first write of a script or none, so
-- each way below begins with a write that can be refused: all of it or nothing.

local WAIT_SECONDS, MAX_WAITERS, MAX_BELLS = 600, 64, 64
local room = 256 * 1024 -- as long as there is any, one more reply goes along
local call, try = redis.call, redis.pcall
local q, last = KEYS[1], #ARGV - 2
local ttl, channel = ARGV[last + 1], ARGV[last + 2]
local seen = q .. 'seen:'

-- Before Redis 7 an error that is raised is a text and not a table, and one that Redis
-- makes itself (OOM, READONLY, MISCONF) has the script's line in front of its word.
local function refusal(problem)
    local text = type(problem) == 'table' and problem.err or problem
    return {err = (string.gsub(text, '^@user_script: ?%d+: %-?', ''))}
end

local function known(key)
    local first = call('GET', seen .. key)
    local ended = string.sub(first, 1, 1) == '='
    local job = ended and string.sub(first, 2) or first
    if ended and room <= 0 then
        return {'DONE', job}
    end
    local reply = room > 0 and call('GET', q .. 'res:' .. job)
    room = room - #(reply or '')
    if ended or reply then
        return {'DONE', job, reply or ''}
    end
    local wait = q .. 'wait:' .. job
    if channel ~= '' and not call('LPOS', wait, channel) and call('LLEN', wait) < MAX_WAITERS then
        call('RPUSH', wait, channel)
        call('EXPIRE', wait, WAIT_SECONDS)
    end
    return {'RUNNING', job}
end

local answers, documents, pushed = {}, {}, 0
for i = 1, last, 3 do
    local key, answer = ARGV[i + 2], 'NEW'
    local first = key == '' or try('SET', seen .. key, ARGV[i], 'NX', 'EX', ttl)
    if not first then
        local fine
        fine, answer = pcall(known, key)
        answer = fine and answer or refusal(answer)
    elseif first ~= true and first.err then
        answer = refusal(first)
    else
        pushed = pushed + 1
        documents[pushed] = ARGV[i + 1]
    end
    answers[#answers + 1] = answer
end
if pushed > 0 then
    local length = try('LPUSH', q .. 'in', unpack(documents))
    if length == pushed then
        -- Where others wait already, the bell was rung for them; whoever takes them in
        -- rings for those he leaves. Pushed they are without it as well.
        local bells = try('LLEN', q .. 'bell')
        if type(bells) == 'number' and bells < MAX_BELLS then
            call('RPUSH', q .. 'bell', '1')
        end
    elseif type(length) == 'table' then
        -- The keys are free again, by EXPIRE since nginx' user of Redis may not DEL; and
        -- one that is RUNNING may be of this list.
        for i, answer in ipairs(answers) do
            local key = ARGV[3 * i]
            if answer == 'NEW' and key ~= '' then
                call('EXPIRE', seen .. key, 0)
            end
            answers[i] = refusal(length)
        end
        pushed = 0
    end
end
if pushed == #answers then
    return 'NEW'
end
return #answers == 1 and answers[1] or answers

-- Voice processes whose lease ran out without a word: the calls they owned are nobody's from
-- now on, whatever the processes still think. Each waits to be taken to the re-entry door by a
-- job; it is given again and again until somebody says that the job stands in its queue.
--
-- KEYS  1 va:voice:leases    2 va:voice:processes    3 va:voice:lost
-- ARGV  CallSid and epoch of each whose job stands in its queue
--
-- CallSid, organization and epoch of each call that waits

--@include lib/time.lua
--@include lib/call.lua

local leases, processes, lost = KEYS[1], KEYS[2], KEYS[3]

local function lose(call, process)
    local key = 'va:call:{' .. call .. '}'
    local owner, status, organization = unpack(redis.call('HMGET', key, 'owner', 'status', 'organization'))
    if owner ~= process or status ~= 'live' then
        return
    end
    write_when_full(key)
    redis.call('HSET', key, 'owner', '')
    redis.call('HSET', lost, call, redis.call('HINCRBY', key, 'epoch', 1) .. ' ' .. organization)
    keep(key)
end

for i = 1, #ARGV, 2 do
    local epoch = string.match(redis.call('HGET', lost, ARGV[i]) or '', '^%d+')
    if epoch == ARGV[i + 1] then
        redis.call('HDEL', lost, ARGV[i])
    end
end
for _, process in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now_ms())) do
    local calls = 'va:voice:calls:' .. process
    for _, call in ipairs(redis.call('ZRANGE', calls, 0, -1)) do
        lose(call, process)
    end
    redis.call('DEL', calls, 'va:voice:process:' .. process)
    redis.call('ZREM', processes, process)
    redis.call('ZREM', leases, process)
end
local waiting, fields = {}, redis.call('HGETALL', lost)
for i = 1, #fields, 2 do
    local epoch, organization = string.match(fields[i + 1], '^(%d+) (.*)$')
    for _, value in ipairs({fields[i], organization, epoch}) do
        waiting[#waiting + 1] = value
    end
end
return waiting

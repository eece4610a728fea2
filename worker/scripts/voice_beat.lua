-- A voice process lives, and so do its calls.
--
-- KEYS  1 va:voice:processes    2 va:voice:process:<process>    3 va:voice:calls:<process>
--       4 va:voice:media    5 va:voice:leases    6 va:voice:live
-- ARGV  1 the process    2 its lease in ms, 0: it ends    3 where it listens
--       4 how many streams it may carry, 0: it takes no new calls
--       5 for how many ms a call's slots are kept
--       then CallSid, organization and epoch of each call
--
-- CallSid and epoch of those whose epoch is another by now: they are somebody else's, be it a
-- newer stream of the same process.

--@include lib/time.lua

local now, lease, slot = now_ms(), tonumber(ARGV[2]), now_ms() + ARGV[5]
local held, of_org, orgs, lost = {}, {}, {}, {}

-- Told at once: a call a command would be thousands of commands with hundreds of calls, and all
-- that speak to Redis wait for the end of a script.
local function keep(slots, calls)
    redis.call('ZADD', slots, 'GT', unpack(calls))
    redis.call('PEXPIREAT', slots, redis.call('ZREVRANGE', slots, 0, 0, 'WITHSCORES')[2])
end

local function add(calls, call)
    calls[#calls + 1] = slot
    calls[#calls + 1] = call
end

-- Removed first: unlike ZADD, that is allowed when Redis is full, and after a first write
-- so is every other. A full Redis must not end the calls.
redis.call('ZREM', KEYS[5], ARGV[1])
if lease > 0 then
    redis.call('ZADD', KEYS[5], now + lease, ARGV[1])
end
if lease > 0 and ARGV[4] ~= '0' then
    redis.call('ZADD', KEYS[1], now + lease, ARGV[1])
    redis.call('HSET', KEYS[2], 'listen', ARGV[3], 'capacity', ARGV[4])
    redis.call('PEXPIRE', KEYS[2], 60000)
else
    redis.call('ZREM', KEYS[1], ARGV[1])
    redis.call('DEL', KEYS[2])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 60000)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
for i = 6, #ARGV, 3 do
    local call, org, epoch = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local known, owner = unpack(redis.call('HMGET', 'va:call:{' .. call .. '}', 'epoch', 'owner'))
    if known == epoch then
        if of_org[org] == nil then
            of_org[org] = {}
            orgs[#orgs + 1] = org
        end
        add(held, call)
        add(of_org[org], call)
    else
        if owner ~= ARGV[1] then
            redis.call('ZREM', KEYS[3], call)
        end
        lost[#lost + 1] = call
        lost[#lost + 1] = epoch
    end
end
if #held > 0 then
    redis.call('ZADD', KEYS[3], unpack(held))
    keep(KEYS[4], held)
    keep(KEYS[6], held)
end
for _, org in ipairs(orgs) do
    keep('va:voice:org:{' .. org .. '}', of_org[org])
end
redis.call('PEXPIRE', KEYS[3], 86400000)
return lost

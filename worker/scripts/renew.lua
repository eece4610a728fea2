-- Prolongs leases.
--
-- KEYS  1 the queue's prefix
-- ARGV  1 life in ms from now, then id and token of each
--
-- One integer each: 1 prolonged, 0 lost.

--@include lib/queue.lua

local q, expires = KEYS[1], now_ms() + ARGV[1]
local result = {}
for i = 2, #ARGV, 2 do
    local id = ARGV[i]
    local ours = redis.call('HGET', q .. 'job:' .. id, 'token') == ARGV[i + 1]
    if ours then
        -- Removed first: unlike ZADD, that is allowed when Redis is full, and after a
        -- first write so is every other. A full Redis must not end the leases.
        redis.call('ZREM', q .. 'held', id)
        redis.call('ZADD', q .. 'held', expires, id)
    end
    result[#result + 1] = ours and 1 or 0
end
return result

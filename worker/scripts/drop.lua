-- A dead job is thrown away.
--
-- KEYS  1 the queue's prefix
-- ARGV  1 id
--
-- 1, or 0 when no such job is dead.

if redis.call('ZREM', KEYS[1] .. 'dead', ARGV[1]) == 0 then
    return 0
end
redis.call('DEL', KEYS[1] .. 'job:' .. ARGV[1])
return 1

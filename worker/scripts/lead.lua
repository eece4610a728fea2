-- Takes or prolongs the leadership of something there is one of in the fleet.
--
-- KEYS  1 va:leader:<what>
-- ARGV  1 who asks    2 for how many ms, 0 to step down
--
-- 1 when it is the asker's now, 0 when it is another's.

local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then
    return 0
end
-- Also the write that a full Redis allows first.
redis.call('DEL', KEYS[1])
if ARGV[2] ~= '0' then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1

-- A WebSocket of a chat is to be sent what people write there from now on. One that is known
-- stays where it is.
--
-- KEYS  1 va:chat:{<session>}
-- ARGV  1 connection    2 the number of the last message it has
--       3 seconds after which the chat is over

local MANY = 32

local key = KEYS[1]
redis.call('HDEL', key, '')  -- unlike HSET allowed when Redis is full, and after it all is
if redis.call('HLEN', key) >= MANY then
    for _, connection in ipairs(redis.call('HKEYS', key)) do
        if redis.call('PUBSUB', 'NUMSUB', 'va:ws:' .. connection)[2] == 0 then
            redis.call('HDEL', key, connection)
        end
    end
end
redis.call('HSETNX', key, ARGV[1], ARGV[2])
redis.call('EXPIRE', key, ARGV[3])
return 'OK'

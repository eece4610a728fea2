-- A voice process has fallen silent in a call that a person takes over.
--
-- KEYS  1 va:call:yielded:{<CallSid>}:<epoch>
-- ARGV  1 'cleared': the carrier plays nothing of it any more; 'closed': the stream is, and
--         nobody knows what the carrier still had
--
-- 1

-- Allowed when Redis is full, and after it so is RPUSH.
redis.call('LTRIM', KEYS[1], 0, -1)
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], 30)
return 1

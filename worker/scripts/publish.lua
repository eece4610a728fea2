-- Adds a live event to an organization's stream and tells its subscribers, once an
-- outbox id.
--
-- KEYS  1 va:events:{<organization>}
-- ARGV  1 outbox id    2 type    3 customer    4 call    5 data: JSON on one line
--
-- The event's id, or false when it was published before.

local STREAM_LENGTH, LIFE = 1000, 86400
local stream = KEYS[1]

if not redis.call('SET', stream .. ':sent:' .. ARGV[1], '1', 'NX', 'EX', LIFE) then
    return false
end
local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
local id = redis.call('XADD', stream, 'MAXLEN', '~', STREAM_LENGTH, '*',
                      'type', ARGV[2], 'customer', ARGV[3], 'call', ARGV[4], 'data', ARGV[5])
redis.call('EXPIRE', stream, LIFE)
redis.call('PUBLISH', stream, table.concat({id, last and last[1] or '0-0', ARGV[2], ARGV[3],
                                            ARGV[4], ARGV[5]}, '\n'))
return id

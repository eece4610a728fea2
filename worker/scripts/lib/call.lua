-- What the scripts of a call's state share. A call that lasts is written again and again;
-- one that ended is kept for a day.

local LIFE, AFTER_END = 28 * 3600, 24 * 3600

-- Before the first write: unlike HSET, HDEL is allowed when Redis is full, and after it so is
-- every other. A full Redis must not end the calls, nor keep an ended one in its place.
local function write_when_full(key)
    redis.call('HDEL', key, '')
end

local function keep(key, ended)
    redis.call('EXPIRE', key, ended and AFTER_END or LIFE)
end

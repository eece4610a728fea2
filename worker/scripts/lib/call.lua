-- What the scripts of a call's state share. A call that lasts is written again and again;
-- one that ended is kept for a day.

local LIFE, AFTER_END = 28 * 3600, 24 * 3600

local function keep(key, ended)
    redis.call('EXPIRE', key, ended and AFTER_END or LIFE)
end

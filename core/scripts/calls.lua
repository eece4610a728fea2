-- How many calls there are, and for how many there is room.
--
-- KEYS  1 va:voice:live    2 va:voice:media    3 va:voice:processes
--
-- {calls, those of them that have or are to have a media stream, how many streams the living
-- voice processes may carry, how many processes these are, how many of them have room}

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function living(slots)
    return redis.call('ZCOUNT', slots, '(' .. now, '+inf')
end

local capacity, processes, with_room = 0, 0, 0
for _, process in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. now, '+inf')) do
    local most = tonumber(redis.call('HGET', 'va:voice:process:' .. process, 'capacity')) or 0
    capacity, processes = capacity + most, processes + 1
    if living('va:voice:calls:' .. process) < most then
        with_room = with_room + 1
    end
end
return {living(KEYS[1]), living(KEYS[2]), capacity, processes, with_room}

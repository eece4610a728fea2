-- Sends what people wrote in a chat to its WebSockets: to each in order, from behind the last
-- message it was sent, and none twice.
--
-- KEYS  1 va:chat:{<session>}
-- ARGV  1 '1': a connection that nobody has is forgotten
--       2, 3 … a message's number and its text, in turn, ascending
--
-- {the highest number any connection was sent, how many connections nobody has}

local key = KEYS[1]
local highest, missed = 0, 0

-- The last message that reached it, and whether there is anybody.
local function send(connection, last)
    for i = 2, #ARGV, 2 do
        local number = tonumber(ARGV[i])
        if number > last then
            if redis.call('PUBLISH', 'va:ws:' .. connection, ARGV[i + 1]) == 0 then
                return last, false
            end
            last = number
        end
    end
    return last, true
end

redis.call('HDEL', key, '')  -- unlike HSET allowed when Redis is full, and after it all is
local sockets = redis.call('HGETALL', key)
for i = 1, #sockets, 2 do
    local before = tonumber(sockets[i + 1])
    local last, there = send(sockets[i], before)
    if last > before then
        redis.call('HSET', key, sockets[i], last)
    end
    if there then
        highest = math.max(highest, last)
    elseif ARGV[1] == '1' then
        redis.call('HDEL', key, sockets[i])
    else
        missed = missed + 1
    end
end
return {highest, missed}

-- Sends what people wrote in a chat to its WebSockets: to each in order, from behind the last
-- message it was sent, and none twice.
--
-- KEYS  1 va:chat:{<session>}
-- ARGV  1 '1': a connection that nobody has is forgotten
--       2 the number behind which the messages come
--       3, 4 … a message's number and its text, in turn, ascending
--
-- {the highest number any connection was sent, how many connections nobody has, how many have
-- come meanwhile that lack more than that: they are sent nothing}

local key = KEYS[1]
local after = tonumber(ARGV[2])
local highest, missed, behind = 0, 0, 0

-- The last message that reached it, and whether there is anybody.
local function send(connection, last)
    for i = 3, #ARGV, 2 do
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

local function serve(connection, before)
    local last, there = send(connection, before)
    if last > before then
        redis.call('HSET', key, connection, last)
    end
    if there then
        highest = math.max(highest, last)
    elseif ARGV[1] == '1' then
        redis.call('HDEL', key, connection)
    else
        missed = missed + 1
    end
end

redis.call('HDEL', key, '')  -- unlike HSET allowed when Redis is full, and after it all is
local sockets = redis.call('HGETALL', key)
for i = 1, #sockets, 2 do
    local before = tonumber(sockets[i + 1])
    if before < after then
        behind = behind + 1
    else
        serve(sockets[i], before)
    end
end
return {highest, missed, behind}

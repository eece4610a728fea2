-- Sends what people wrote in a chat to its WebSockets: to each in order, from behind the last
-- message it was sent, and none twice. No faster than a client can be expected to read: nginx
-- keeps 64 KB for one that is slow, and ends it then.
--
-- KEYS  1 va:chat:{<session>}    2 …:lost    3 …:sent
-- ARGV  1 ms after which a connection that nobody has is forgotten, from the first try on that
--         met nobody
--       2 the number behind which the messages come
--       3, 4 … a message's number and its text, in turn, ascending
--
-- {the highest number any connection was sent, how many connections nobody has, how many have
-- come meanwhile that lack more than that: they are sent nothing; 1: so much was sent just now
-- that nothing more is}

local BURST, PAUSE = 8192, 1000  -- with the largest messages that are sent at once, 62 KB

local key, lost, pace = KEYS[1], KEYS[2], KEYS[3]
local patience, after = tonumber(ARGV[1]), tonumber(ARGV[2])
local highest, missed, behind = 0, 0, 0
local sent = {}

if tonumber(redis.call('GET', pace) or '0') > BURST then
    return {0, 0, 0, 1}
end

-- The last message that reached it, and whether there is anybody.
local function send(connection, last)
    for i = 3, #ARGV, 2 do
        local number = tonumber(ARGV[i])
        if number > last then
            if redis.call('PUBLISH', 'va:ws:' .. connection, ARGV[i + 1]) == 0 then
                return last, false
            end
            last = number
            sent[i] = #ARGV[i + 1]
        end
    end
    return last, true
end

-- What nobody tries for so long is tried anew: nginx may have lost Redis just now.
local function is_given_up(connection)
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('HSETNX', lost, connection, string.format('%d', now))
    redis.call('PEXPIRE', lost, 2 * patience)
    return now - tonumber(redis.call('HGET', lost, connection)) >= patience
end

local function miss(connection)
    if is_given_up(connection) then
        redis.call('HDEL', key, connection)
        redis.call('HDEL', lost, connection)
    else
        missed = missed + 1
    end
end

local function serve(connection, before)
    local last, there = send(connection, before)
    if last > before then
        redis.call('HSET', key, connection, last)
    end
    if there then
        highest = math.max(highest, last)
        redis.call('HDEL', lost, connection)
    else
        miss(connection)
    end
end

local function count_sent()
    local bytes = 0
    for _, n in pairs(sent) do
        bytes = bytes + n
    end
    if bytes > 0 then
        redis.call('INCRBY', pace, bytes)
        redis.call('PEXPIRE', pace, PAUSE)
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
count_sent()
return {highest, missed, behind, 0}

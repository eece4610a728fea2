-- Replays requests from a file: each a line with its length, then its bytes.
-- wrk … -- file first: begins with request number `first`.
local requests, count, at = {}, 0, 0

function init(args)
    local file = assert(io.open(args[1], "rb"))
    local skip = tonumber(args[2] or 0)
    while true do
        local length = file:read("*l")
        if not length then break end
        local bytes = file:read(tonumber(length))
        if skip > 0 then skip = skip - 1 else count = count + 1; requests[count] = bytes end
    end
    file:close()
end

function request()
    at = at % count + 1
    return requests[at]
end

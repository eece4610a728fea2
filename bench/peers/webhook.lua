-- Verifies and pushes as the module does; written the way Lua in nginx is written
-- for speed: everything local, one cosocket from the pool, one round trip.
local ngx = ngx
local concat, sort = table.concat, table.sort
local hmac_sha1, b64 = ngx.hmac_sha1, ngx.encode_base64

local TOKEN = os.getenv("BENCH_TOKEN") or "0f9e8d7c6b5a49382716050403020100"
local URL = "https://voice.example.test/api/webhooks/twilio/sms"
local SOCKET = "unix:@REDIS@"
local SHA = "@SHA@"

local _M = {}

local function quote(s)
    return '"' .. s:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function verify(args, signature)
    local keys, n = {}, 0
    for key in pairs(args) do n = n + 1; keys[n] = key end
    sort(keys)
    local parts = {URL}
    for i = 1, n do
        local value = args[keys[i]]
        parts[#parts + 1] = keys[i]
        parts[#parts + 1] = value == true and "" or value
    end
    return b64(hmac_sha1(TOKEN, concat(parts))) == signature
end

local function receive(socket, head)
    local value = socket:receive(tonumber(head:sub(2)))
    socket:receive(2)
    return value
end

local function push(id, document, dedup)
    local socket = ngx.socket.tcp()
    local ok, err = socket:connect(SOCKET)
    if not ok then return nil, err end
    local argv = {"EVALSHA", SHA, "1", "va:{default}:", id, document, dedup, "86400", ""}
    local out = {"*", #argv, "\r\n"}
    for i = 1, #argv do
        out[#out + 1] = "$" .. #argv[i] .. "\r\n"
        out[#out + 1] = argv[i]
        out[#out + 1] = "\r\n"
    end
    socket:send(out)
    local head = socket:receive()
    local kind = head and head:sub(1, 1)
    local value -- NEW alone, or the last of what is known of the key
    if kind == "$" then
        value = receive(socket, head)
    elseif kind == "*" then
        for _ = 1, tonumber(head:sub(2)) do
            value = receive(socket, socket:receive())
        end
    else
        return nil, head
    end
    socket:setkeepalive(60000, 256)
    return value
end

function _M.handle()
    ngx.req.read_body()
    local body = ngx.req.get_body_data()
    local args = ngx.req.get_post_args(100)
    if not verify(args, ngx.var.http_x_twilio_signature) then
        return ngx.exit(403)
    end
    local id = ngx.var.request_id
    local document = '{"v":1,"id":"' .. id .. '","type":"sms.receive","lane":' .. quote(args.To)
        .. ',"serial":' .. quote("sms:" .. args.To .. ":" .. args.From)
        .. ',"enqueued_ms":' .. ngx.now() * 1000 .. ',"http":{"method":"POST","uri":'
        .. quote(ngx.var.uri) .. ',"body":' .. quote(body) .. '}}'
    local result, err = push(id, document, "sms.receive:" .. args.MessageSid)
    if not result then
        ngx.log(ngx.ERR, "push failed: ", err)
        return ngx.exit(503)
    end
    ngx.header.content_type = "text/xml"
    ngx.print('<?xml version="1.0" encoding="UTF-8"?><Response/>')
end

return _M

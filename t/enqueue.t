# voiceagent_enqueue: what stands in the queue, what the sender hears, and when.
use strict;
use warnings;

use VoiceAgent;
use VoiceAgent::Token qw(token);
use Test::Nginx::Socket;

our $TOOLS = 'Authorization: Bearer tools-secret-0123456789';

run_blocks();

__DATA__

=== the whole document of a public request
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b; }
--- request
POST /x%20y/../x?a=%20b&c
{"n":1}
--- more_headers
Content-Type: application/json
User-Agent: test/1.0
--- response_headers
Content-Type: application/json
--- response_body chomp
{"success":true}
--- job
{"=": 1, "v": 1, "id": "~^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", "type": "a.b",
 "attempt": 0, "enqueued_ms": "~^1[0-9]{12}$|^2[0-9]{12}$", "trace": "~^[0-9a-f-]{36}$", "auth": {"=": 1, "scheme": "public"},
 "http": {"=": 1, "method": "POST", "uri": "/x", "args": "a=%20b&c", "peer": "127.0.0.1",
          "headers": {"=": 1, "content-type": "application/json", "user-agent": "test/1.0"},
          "body": "{\"n\":1}"}}
--- redis_has
LLEN va:{default}:in -> 1
LRANGE va:{default}:bell 0 -1 -> 1
LLEN va:{realtime}:in -> 0



=== lane, serial and deduplication
--- config
    location /x {
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b queue=bulk lane=$arg_l serial=s:$arg_s dedup=$arg_d dedup_ttl=20h;
    }
--- request
POST /x?l=lane1&s=9&d=key-1
--- more_headers eval
$::TOOLS
--- job
{"type": "a.b", "lane": "lane1", "serial": "s:9", "dedup": "a.b:key-1", "auth": {"=": 1, "scheme": "bearer"},
 "reply": null, "deadline_ms": null, "org": null, "http": {"headers": null}}
--- redis_has
LLEN va:{bulk}:in -> 1
TTL va:{bulk}:seen:a.b:key-1 -> ~^7[12]\d{3}$
EXISTS va:{default}:seen:a.b:key-1 -> 0



=== a day is the usual life of a deduplication key
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b dedup=$arg_d; }
--- request
POST /x?d=1
--- jobs: 1
--- redis_has
TTL va:{default}:seen:a.b:1 -> ~^8[56]\d{3}$



=== the claims of a token go along, the token does not
--- config
    location /x {
        voiceagent_jwt key=jwt alg=HS256;
        voiceagent_enqueue a.b lane=$voiceagent_claim_org serial=$voiceagent_claim_user;
    }
--- request
POST /x
--- more_headers eval
"Authorization: Bearer " . ::token({organizationId => 'o1', userId => 'u1', role => 'admin', exp => 2000000000})
--- job
{"org": "o1", "lane": "o1", "serial": "u1",
 "auth": {"=": 1, "scheme": "jwt", "claims": {"=": 1, "organizationId": "o1", "userId": "u1", "role": "admin", "exp": 2000000000}},
 "http": {"headers": null}}



=== the account of a secret
--- http_config
    voiceagent_redis $TEST_NGINX_REDIS;
    voiceagent_key two file=$TEST_NGINX_KEYS/two;
--- post_setup_server_root
VoiceAgent::Nginx::write_file("$ENV{TEST_NGINX_KEYS}/two", "a secret-of-a-0123456789\nb secret-of-b-0123456789\n")
--- config
    location /x { voiceagent_verify bearer key=two; voiceagent_enqueue a.b; }
--- request
POST /x
--- more_headers
Authorization: Bearer secret-of-b-0123456789
--- job: {"auth": {"=": 1, "scheme": "bearer", "account": "b"}}



=== the same key twice is one job, and both are acknowledged
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b dedup=$arg_d; }
--- request eval
["POST /x?d=1\nfirst", "POST /x?d=1\nsecond", "POST /x?d=1\nthird"]
--- error_code eval
[200, 200, 200]
--- job: {"http": {"body": "first"}}



=== one key serves each type by itself
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b dedup=$arg_d; }
    location /y { voiceagent_public on; voiceagent_enqueue c.d dedup=$arg_d; }
--- request eval
["POST /x?d=1", "POST /y?d=1"]
--- error_code eval
[200, 200]
--- jobs: 2



=== an empty key is no key: the request is refused, and nothing is pushed
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b dedup=$arg_d; }
--- request eval
["POST /x", "POST /x?d="]
--- error_code eval
[400, 400]
--- response_json eval
['{"success": false, "error": {"code": "bad_request"}}', '{"success": false, "error": {"code": "bad_request"}}']
--- jobs: 0



=== a key of 128 characters stands as it is, a longer one as its digest
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b dedup=$arg_d; }
--- request eval
["POST /x?d=" . "k" x 128, "POST /x?d=" . "k" x 129]
--- error_code eval
[200, 200]
--- jobs: 2
--- redis_has eval
"EXISTS va:{default}:seen:a.b:" . "k" x 128 . " -> 1\n"
. "EXISTS va:{default}:seen:a.b:" . Digest::SHA::sha256_hex("k" x 129) . " -> 1\n"



=== a key with anything but printable ASCII stands as its digest
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b dedup=$voiceagent_form_text; }
--- request eval
["POST /x\ntext=a+b", "POST /x\ntext=caf%C3%A9", "POST /x\ntext=%00%0a", "POST /x\ntext=a%7F"]
--- error_code eval
[200, 200, 200, 200]
--- jobs: 4
--- redis_has eval
join "", map { "EXISTS va:{default}:seen:a.b:" . Digest::SHA::sha256_hex($_) . " -> 1\n" } "a b", "caf\xc3\xa9", "\0\n", "a\x7f"



=== the digest of the body as a key
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b dedup=$voiceagent_body_sha256; }
--- request eval
["POST /x\nhello", "POST /x\nhello", "POST /x\nworld"]
--- error_code eval
[200, 200, 200]
--- jobs: 2
--- redis_has eval
"EXISTS va:{default}:seen:a.b:" . Digest::SHA::sha256_hex("hello") . " -> 1\n"



=== form values: '+', escapes, repeated and empty parameters, names in any case
--- config
    location /x {
        voiceagent_public on;
        voiceagent_enqueue a.b lane=$voiceagent_form_MessageSid serial=$voiceagent_form_Body|$voiceagent_form_Twice|$voiceagent_form_Empty|$voiceagent_form_Absent;
    }
--- request
POST /x
MessageSid=SM1&Body=a+b%2Bc&Twice=1&Twice=2&Empty=
--- job: {"lane": "SM1", "serial": "a b+c|1||"}



=== members of a JSON body
--- config
    location /x {
        voiceagent_public on;
        voiceagent_json id /data/conversation_id;
        voiceagent_json number /n;
        voiceagent_json yes /yes;
        voiceagent_json list /list;
        voiceagent_json second /list/1;
        voiceagent_enqueue a.b lane=$voiceagent_json_id serial=$voiceagent_json_number|$voiceagent_json_yes|$voiceagent_json_list|$voiceagent_json_second|$voiceagent_json_unknown;
    }
--- request
POST /x
{"list":["a","b"],"n":12345678901234567890,"yes":true,"data":{"conversation_id":"conv \u00e9"}}
--- job: {"lane": "conv é", "serial": "12345678901234567890|true||b|"}



=== a body that is no JSON has no members
--- config
    location /x {
        voiceagent_public on;
        voiceagent_json id /id;
        voiceagent_enqueue a.b dedup=$voiceagent_json_id;
    }
--- request eval
["POST /x\nid=1", "POST /x\n{\"id\":", "POST /x"]
--- error_code eval
[400, 400, 400]
--- jobs: 0



=== bytes that are no text travel in Base64
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b; }
--- request eval
"POST /x\n\xff\xfe\x00\x01"
--- job: {"http": {"body": null, "body_b64": "//4AAQ=="}}



=== text with zeros and controls survives
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b; }
--- request eval
"POST /x\n\"\\\x01\x1f</script>\xe2\x80\xa8"
--- job: {"http": {"body": "\"\\\u0001\u001f</script>\u2028"}}



=== headers by an allow-list: the families of the providers
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b; }
--- request
POST /x
--- more_headers
Content-Type: a/b
Accept-Language: fr
Origin: https://shop.example
X-Goog-Channel-ID: c1
X-Goog-Resource-State: sync
X-Shopify-Topic: orders/create
X-Shopify-Shop-Domain: a.myshopify.com
Webhook-Id: w1
Webhook-Timestamp: 1
Svix-Id: s1
X-Unknown: u
X-VA-Agent: a1
--- job
{"http": {"headers": {"=": 1, "content-type": "a/b", "accept-language": "fr", "origin": "https://shop.example",
 "x-goog-channel-id": "c1", "x-goog-resource-state": "sync", "x-shopify-topic": "orders/create",
 "x-shopify-shop-domain": "a.myshopify.com", "webhook-id": "w1", "webhook-timestamp": "1", "svix-id": "s1"}}}



=== no secret passes, whatever is asked for
--- config
    location /x {
        voiceagent_public on;
        voiceagent_pass_header Authorization Cookie Proxy-Authorization X-Twilio-Signature
            ElevenLabs-Signature X-Shopify-Hmac-Sha256 X-Goog-Channel-Token Webhook-Signature
            X-HubSpot-Signature-v3 X-Mine;
        voiceagent_enqueue a.b;
    }
--- request
POST /x
--- more_headers
Authorization: Bearer SECRET
Proxy-Authorization: Basic SECRET
Cookie: a=SECRET
X-Twilio-Signature: SECRET
ElevenLabs-Signature: SECRET
X-Shopify-Hmac-Sha256: SECRET
X-Goog-Channel-Token: SECRET
Webhook-Signature: SECRET
Svix-Signature: SECRET
X-HubSpot-Signature-v3: SECRET
X-Mine: mine
--- job: {"_document": "~^((?!SECRET).)*$", "http": {"headers": {"=": 1, "x-mine": "mine"}}}



=== headers the location passes, in any case, several of one name, and not those that are no text
--- config
    location /x {
        voiceagent_public on;
        voiceagent_pass_header X-VA-Agent x-va-call;
        voiceagent_enqueue a.b;
    }
--- request
POST /x
--- more_headers eval
"X-Va-Agent: a\nX-VA-CALL: c\xc3\xa9\nx-va-call: \xff"
--- job: {"http": {"headers": {"=": 1, "x-va-agent": "a", "x-va-call": "cé"}}}



=== more headers than a job carries
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b; }
--- request
POST /x
--- more_headers eval
join "\n", map { "Webhook-N$_: $_" } 1 .. 80
--- error_code: 200
--- job: {"http": {"headers": {"webhook-n1": "1", "webhook-n64": "64", "webhook-n65": null}}}



=== an acknowledgement of the location, with variables
--- config
    location /x {
        voiceagent_public on;
        voiceagent_enqueue a.b;
        voiceagent_ack 202 "text/xml; charset=utf-8" '<?xml version="1.0"?><Response by="$voiceagent_verified" uri="$uri"/>';
    }
--- request
POST /x
--- error_code: 202
--- response_headers
Content-Type: text/xml; charset=utf-8
--- response_body chomp
<?xml version="1.0"?><Response by="public" uri="/x"/>
--- jobs: 1



=== an acknowledgement without a body
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b; voiceagent_ack 204 text/plain; }
--- request
POST /x
--- error_code: 204
--- response_body
--- jobs: 1



=== an acknowledgement from a file
--- post_setup_server_root
VoiceAgent::Nginx::write_file("$ENV{TEST_NGINX_KEYS}/ack", "for \$arg_who\n")
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b; voiceagent_ack 200 text/plain file=$TEST_NGINX_KEYS/ack; }
--- request
POST /x?who=you
--- response_body
for you
--- jobs: 1



=== the id of a duplicate is the first job's
--- config
    location /x {
        voiceagent_public on;
        voiceagent_enqueue a.b dedup=$arg_d;
        voiceagent_ack 200 text/plain $voiceagent_job_id;
    }
--- redis
SET va:{default}:seen:a.b:1 first-job EX 100
SET va:{default}:seen:a.b:2 =ended-job EX 100
--- request eval
["POST /x?d=1", "POST /x?d=2"]
--- error_code eval
[200, 200]
--- response_body eval
["first-job", "ended-job"]
--- jobs: 0



=== HEAD is answered without a body
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b; voiceagent_ack 200 text/plain stored; }
--- request
HEAD /x
--- response_headers
Content-Length: 6
--- response_body
--- job: {"http": {"method": "GET"}}



=== a body above voiceagent_job_body is refused
--- config
    location /x { voiceagent_public on; voiceagent_job_body 5; voiceagent_enqueue a.b; }
--- request eval
["POST /x\n12345", "POST /x\n123456"]
--- error_code eval
[200, 413]
--- response_json eval
['{"success": true}', '{"success": false, "error": {"code": "too_large"}}']
--- job: {"http": {"body": "12345"}}



=== or omitted: its length, its digest and the members asked for
--- config
    location /x {
        voiceagent_public on;
        voiceagent_job_body 5 over=omit;
        voiceagent_json type /type;
        voiceagent_json id /data/id;
        voiceagent_json absent /absent;
        voiceagent_enqueue a.b lane=$voiceagent_json_id;
    }
--- request
POST /x
{"type":"post_call","data":{"id":7}}
--- job eval
'{"lane": "7", "http": {"body": null, "body_b64": null, "body_omitted": true, "body_length": 36, "body_sha256": "'
. Digest::SHA::sha256_hex('{"type":"post_call","data":{"id":7}}')
. '", "members": {"=": 1, "type": "post_call", "id": "7"}}}'



=== a body that is not omitted needs no members
--- config
    location /x {
        voiceagent_public on;
        voiceagent_json type /type;
        voiceagent_enqueue a.b;
    }
--- request
POST /x
{"type":"t"}
--- job: {"http": {"body": "{\"type\":\"t\"}", "members": null, "body_omitted": null}}

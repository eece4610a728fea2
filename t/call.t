# voiceagent_call: the worker's reply is the response; and what is answered without one.
use strict;
use warnings;

use VoiceAgent;
use Test::Nginx::Socket;

our $big = join '', map { sprintf "%07d\n", $_ } 1 .. 131_073;    # 1 MiB and a line

# A byte at a time the larger ones take minutes.
our @sizes = (0, 1, 60_000, 65_000, 65_536, 70_000, $ENV{TEST_NGINX_LD_PRELOAD} ? () : (300_000, 1_048_576));

# Replies by the path that was asked for.
my %replies = (
    '/hello'  => sub { {body => 'hello'} },
    '/job'    => sub { {type => 'application/json', body => VoiceAgent::Worker::encode({map { /^_/ ? () : ($_ => $_[0]{$_}) } keys %{$_[0]}})} },
    '/status' => sub { {status => 0 + $_[0]{http}{args}, type => 'application/json', body => '{"is":1}'} },
    '/empty'  => sub { {status => 204, type => undef} },
    '/notype' => sub { {type => undef, body => 'x'} },
    '/binary' => sub { {type => 'audio/mpeg', body_b64 => '//4AAQ=='} },
    '/accent' => sub { {type => 'text/plain; charset=utf-8', body => "caf\x{e9} \x{1f6b2}" . "\x{e9}" x 300} },
    '/size'   => sub { {type => 'application/octet-stream', body => substr $big, 0, $_[0]{http}{args}} },
    '/headers' => sub { {headers => {'set-cookie' => '__Host-va=t; HttpOnly; Secure', location => '/elsewhere',
                    'retry-after' => '7', 'content-disposition' => 'attachment', 'cache-control' => 'no-store',
                    'access-control-allow-origin' => 'https://shop.example', 'accept-ranges' => 'bytes', 'content-range' => 'bytes 0-0/9',
                    'x-secret' => 'no', 'transfer-encoding' => 'chunked', 'content-length' => '1', server => 'x'}, body => 'b'} },
    '/cookies' => sub { {headers => {'set-cookie' => ['a=1', 'b=2']}, body => 'b'} },
    '/nothing' => sub { },
    '/never'   => sub { 'later' },
    '/garbage' => sub { 'this is no reply' },
    '/split'   => sub { {headers => {location => "/a\r\nX-Injected: 1"}, body => 'b'} },
);

my $worker = VoiceAgent::Worker->start($redis, sub {
    my ($job) = @_;
    return ($replies{$job->{http}{uri}} // sub { {status => 404, body => 'no such test'} })->($job);
});

$ENV{TEST_NGINX_CALL} = <<'END';
    location / {
        voiceagent_public on;
        voiceagent_call a.b timeout=10s;
    }
    location /short/ {
        rewrite ^/short(/.*)$ $1 break;
        voiceagent_public on;
        voiceagent_call a.b timeout=200ms;
    }
    location /pending/ {
        rewrite ^/pending(/.*)$ $1 break;
        voiceagent_public on;
        voiceagent_call a.b timeout=200ms late=pending;
    }
    location /fallback/ {
        rewrite ^/fallback(/.*)$ $1 break;
        voiceagent_public on;
        voiceagent_call a.b timeout=10s late=pending;
        voiceagent_fallback 203 application/json '{"fallback":"$uri"}';
    }
    location /short-fallback/ {
        rewrite ^/short-fallback(/.*)$ $1 break;
        voiceagent_public on;
        voiceagent_call a.b timeout=200ms late=pending;
        voiceagent_fallback 203 application/json '{"fallback":"$uri"}';
    }
END

no_root_location();
run_blocks();

__DATA__

=== the reply is the response
--- config
$TEST_NGINX_CALL
--- request
GET /hello
--- response_headers
Content-Type: text/plain
Content-Length: 5
--- response_body chomp
hello



=== the job says who waits, and until when
--- config
    location /job {
        voiceagent_public on;
        voiceagent_call a.b timeout=10s queue=default lane=l serial=s dedup=$arg_d;
    }
--- request
POST /job?d=1
body
--- response_json
{"v": 1, "type": "a.b", "lane": "l", "serial": "s", "dedup": "a.b:1", "reply": "~^va:reply:[^:]+:[0-9]+:[0-9a-f]{8}$",
 "deadline_ms": "~^[0-9]{13}$", "http": {"method": "POST", "uri": "/job", "args": "d=1", "body": "body"}}



=== statuses of all kinds
--- config
$TEST_NGINX_CALL
--- request eval
[map { "GET /status?$_" } 200, 201, 202, 302, 400, 401, 404, 409, 422, 429, 500, 503, 599]
--- error_code eval
[200, 201, 202, 302, 400, 401, 404, 409, 422, 429, 500, 503, 599]
--- response_json eval
[('{"is": 1}') x 13]



=== a reply without a body, and one without a type
--- config
$TEST_NGINX_CALL
--- request eval
["GET /empty", "GET /notype"]
--- error_code eval
[204, 200]
--- response_body eval
["", "x"]
--- response_headers eval
["!Content-Type", "!Content-Type"]



=== bytes, and text beyond the 256 bytes the reply's head is looked for in
--- config
$TEST_NGINX_CALL
--- request eval
["GET /binary", "GET /accent"]
--- error_code eval
[200, 200]
--- response_body eval
["\xff\xfe\0\1", "caf\xc3\xa9 \xf0\x9f\x9a\xb2" . "\xc3\xa9" x 300]
--- response_headers eval
["Content-Type: audio/mpeg", "Content-Type: text/plain; charset=utf-8"]



=== sizes around what is published and what is stored
--- config
$TEST_NGINX_CALL
--- request eval
[map { "GET /size?$_" } @::sizes]
--- error_code eval
[(200) x @::sizes]
--- response_body eval
[map { substr $::big, 0, $_ } @::sizes]



=== a body of more than 1 MiB is no reply
--- config
$TEST_NGINX_CALL
--- request
GET /size?1048577
--- skip_eval: 14: $ENV{TEST_NGINX_LD_PRELOAD}
--- error_code: 503
--- response_json: {"success": false, "error": {"code": "unavailable"}}
--- error_log
cannot be read



=== headers by an allow-list
--- config
$TEST_NGINX_CALL
--- request
GET /headers
--- response_headers
Set-Cookie: __Host-va=t; HttpOnly; Secure
Location: /elsewhere
Retry-After: 7
Content-Disposition: attachment
Cache-Control: no-store
Access-Control-Allow-Origin: https://shop.example
Accept-Ranges: bytes
Content-Range: bytes 0-0/9
!X-Secret
!Transfer-Encoding
Content-Length: 1
--- response_body chomp
b



=== no header is smuggled through another
--- config
$TEST_NGINX_CALL
--- request
GET /split
--- error_code: 503
--- raw_response_headers_unlike: X-Injected
--- error_log
cannot be read



=== HEAD
--- config
$TEST_NGINX_CALL
--- request eval
["HEAD /hello", "HEAD /size?100000"]
--- error_code eval
[200, 200]
--- response_headers eval
["Content-Length: 5", "Content-Length: 100000"]
--- response_body eval
["", ""]



=== nobody answers in time
--- config
$TEST_NGINX_CALL
--- request
GET /short/never
--- error_code: 503
--- response_headers
Retry-After: 2
--- response_json: {"success": false, "error": {"code": "timeout"}}



=== nobody answers in time, and the work goes on
--- config
$TEST_NGINX_CALL
--- request
POST /pending/never
--- error_code: 202
--- response_json: {"=": 1, "status": "pending", "job": "~^[0-9a-f]{8}-[0-9a-f-]{27}$"}



=== a fallback when nobody answers
--- config
$TEST_NGINX_CALL
--- request
GET /short-fallback/never
--- error_code: 203
--- response_headers
Content-Type: application/json
--- response_json: {"fallback": "/never"}



=== a fallback when the worker fails, not when it refuses
--- config
$TEST_NGINX_CALL
--- request eval
["GET /fallback/status?500", "GET /fallback/status?503", "GET /fallback/status?404", "GET /fallback/hello"]
--- error_code eval
[203, 203, 404, 200]



=== a reply that is none, with and without a fallback
--- config
$TEST_NGINX_CALL
--- request eval
["GET /garbage", "GET /fallback/garbage"]
--- error_code eval
[503, 203]
--- error_log
cannot be read



=== a job that ends without a reply
--- config
$TEST_NGINX_CALL
--- request eval
["GET /short/nothing", "GET /short-fallback/nothing"]
--- error_code eval
[503, 203]



=== a job that has ended long ago is not one that will answer
--- config
    location /x { voiceagent_public on; voiceagent_call a.b dedup=$arg_d late=pending; }
    location /f { voiceagent_public on; voiceagent_call a.b dedup=$arg_d late=pending; voiceagent_fallback 203 text/plain f; }
--- redis
SET va:{realtime}:seen:a.b:1 =11111111-1111-4111-8111-111111111111
--- request eval
["POST /x?d=1", "POST /f?d=1"]
--- error_code eval
[409, 203]
--- response_json eval
['{"=": 1, "success": false, "error": {"=": 1, "code": "ended", "message": "~."}}', '"~."']
--- jobs: 0



=== a key is remembered as long as the reply
--- config
    location /hello { voiceagent_public on; voiceagent_call a.b dedup=$arg_d; }
--- request
POST /hello?d=1
--- redis_has
TTL va:{realtime}:seen:a.b:1 -> ~^(?:5[5-9][0-9]|600)$



=== a key that is missing
--- config
    location / { voiceagent_public on; voiceagent_call a.b dedup=$arg_d; voiceagent_fallback 203 text/plain f; }
--- request
GET /hello
--- error_code: 400
--- response_json: {"error": {"code": "bad_request"}}



=== a body that is too large never becomes a job
--- config
    location / { voiceagent_public on; voiceagent_call a.b; voiceagent_job_body 3; }
--- request
POST /hello
abcd
--- error_code: 413
--- response_json: {"error": {"code": "too_large"}}



=== a fallback from a file, of an outer block
--- post_setup_server_root
VoiceAgent::Nginx::write_file("$ENV{TEST_NGINX_KEYS}/fallback", "{\"uri\":\"\$uri\"}")
--- more_http
    voiceagent_fallback 200 application/json file=$TEST_NGINX_KEYS/fallback;
--- config
    location / { voiceagent_public on; voiceagent_call a.b timeout=100ms; }
--- request
GET /never
--- response_body chomp
{"uri":"/never"}



=== HTTP/1.0
--- config
$TEST_NGINX_CALL
--- request
GET /size?70000 HTTP/1.0
--- response_headers
Content-Length: 70000
--- response_body eval
substr $::big, 0, 70_000



=== two replies of set-cookie
--- config
$TEST_NGINX_CALL
--- request
GET /cookies
--- raw_response_headers_like: set-cookie: a=1\r\n.*set-cookie: b=2\r\n

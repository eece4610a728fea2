# The session cookie goes along by itself, so it counts for reading, and for anything
# else only with an Origin of ours.
use strict;
use warnings;

use VoiceAgent;
use VoiceAgent::Token qw(token);
use Test::Nginx::Socket;

our $COOKIE = 'Cookie: a=b; __Host-va=' . token({organizationId => 'o1'});
our $OTHER  = 'Cookie: session=' . token({organizationId => 'o1'});

$ENV{TEST_NGINX_PLACE} = <<'END';
    location /x {
        voiceagent_jwt key=jwt alg=HS256;
        voiceagent_enqueue a.b;
    }
    location /named {
        voiceagent_jwt key=jwt alg=HS256 token=$cookie_session;
        voiceagent_enqueue a.b;
    }
    location /braces {
        voiceagent_jwt key=jwt alg=HS256 token=${cookie_session};
        voiceagent_enqueue a.b;
    }
    location /argument {
        voiceagent_jwt key=jwt alg=HS256 token=$arg_token;
        voiceagent_enqueue a.b;
    }
END

run_blocks();

__DATA__

=== methods that read
--- config
$TEST_NGINX_PLACE
--- request eval
["GET /x", "HEAD /x"]
--- more_headers eval
[$::COOKIE, $::COOKIE]
--- error_code eval
[200, 200]
--- jobs: 2



=== methods that change, without an Origin
--- config
$TEST_NGINX_PLACE
--- request eval
["POST /x", "PUT /x", "DELETE /x", "PATCH /x", "OPTIONS /x"]
--- more_headers eval
[($::COOKIE) x 5]
--- error_code eval
[(401) x 5]
--- jobs: 0



=== methods that change, with an Origin of ours
--- config
$TEST_NGINX_PLACE
--- request eval
["POST /x", "DELETE /x"]
--- more_headers eval
["$::COOKIE\nOrigin: https://agent.example.com", "$::COOKIE\nOrigin: https://agent.example.com"]
--- error_code eval
[200, 200]
--- jobs: 2



=== an Origin of somebody else's
--- config
$TEST_NGINX_PLACE
--- request eval
["POST /x", "POST /x", "POST /x", "POST /x", "POST /x"]
--- more_headers eval
[map { "$::COOKIE\nOrigin: $_" } "https://evil.example", "https://agent.example.com.evil.example",
 "http://agent.example.com", "null", "https://agent.example.com:444"]
--- error_code eval
[(401) x 5]
--- jobs: 0



=== any of several origins
--- http_config
    voiceagent_redis $TEST_NGINX_REDIS;
    voiceagent_key jwt file=$TEST_NGINX_KEYS/jwt;
    voiceagent_public_origin https://a.example/ https://b.example;
--- config
$TEST_NGINX_PLACE
--- request eval
["POST /x", "POST /x", "POST /x"]
--- more_headers eval
["$::COOKIE\nOrigin: https://a.example", "$::COOKIE\nOrigin: https://b.example", "$::COOKIE\nOrigin: https://c.example"]
--- error_code eval
[200, 200, 401]
--- jobs: 2



=== an origin may be written in any case: browsers send it in small letters
--- http_config
    voiceagent_redis $TEST_NGINX_REDIS;
    voiceagent_key jwt file=$TEST_NGINX_KEYS/jwt;
    voiceagent_public_origin https://Agent.Example.com;
--- config
$TEST_NGINX_PLACE
--- request
POST /x
--- more_headers eval
"$::COOKIE\nOrigin: https://agent.example.com"
--- error_code: 200
--- jobs: 1



=== without an origin configured nothing but reading
--- http_config
    voiceagent_redis $TEST_NGINX_REDIS;
    voiceagent_key jwt file=$TEST_NGINX_KEYS/jwt;
--- config
$TEST_NGINX_PLACE
--- request eval
["GET /x", "POST /x"]
--- more_headers eval
[$::COOKIE, "$::COOKIE\nOrigin: https://agent.example.com"]
--- error_code eval
[200, 401]
--- jobs: 1



=== a cookie named by the location obeys the same rule, however its name is written
--- config
$TEST_NGINX_PLACE
--- request eval
["GET /named", "POST /named", "GET /braces", "POST /braces"]
--- more_headers eval
[($::OTHER) x 4]
--- error_code eval
[200, 401, 200, 401]
--- jobs: 2



=== an argument does not go along by itself
--- config
$TEST_NGINX_PLACE
--- request eval
"POST /argument?token=" . ::token({})
--- error_code: 200
--- jobs: 1



=== a bearer counts with every method, and before the cookie
--- config
$TEST_NGINX_PLACE
--- request eval
["DELETE /x", "GET /x"]
--- more_headers eval
["Authorization: Bearer " . ::token({}), "$::COOKIE\nAuthorization: Bearer broken"]
--- error_code eval
[200, 401]
--- jobs: 1



=== an expired cookie
--- config
$TEST_NGINX_PLACE
--- request
GET /x
--- more_headers eval
"Cookie: __Host-va=" . ::token({exp => time - 100})
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer
--- response_json: {"success": false, "error": {"code": "unauthorized"}}
--- jobs: 0



=== no cookie reaches a job unless the location passes it
--- config
    location /x {
        voiceagent_public on;
        voiceagent_pass_header Cookie cookie=Wanted cookie=absent;
        voiceagent_enqueue a.b;
    }
--- request
POST /x
--- more_headers
Cookie: __Host-va=secret; wanted=this; other=that
--- error_code: 200
--- job: {"_document": "~^((?!secret|that).)*$", "http": {"headers": {"cookie": null, "cookie-wanted": "this", "cookie-absent": null}}}

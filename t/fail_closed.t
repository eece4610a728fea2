# A location that makes jobs or shows events lets nobody in by accident: not through
# nginx's other ways in, not through a redirect within nginx, not through a mistake in
# the configuration that nginx -t could have told.
use strict;
use warnings;

use VoiceAgent;
use Test::Nginx::Socket;

run_blocks();

__DATA__

=== enqueue without a guard is refused at configuration
--- config
    location /x { voiceagent_enqueue a.b; }
--- must_die
--- error_log
needs voiceagent_verify, voiceagent_jwt or "voiceagent_public on"



=== call without a guard is refused at configuration
--- config
    location /x { voiceagent_call a.b; }
--- must_die
--- error_log
needs voiceagent_verify, voiceagent_jwt or "voiceagent_public on"



=== events without a guard are refused at configuration
--- config
    location /x { voiceagent_events org=a; }
--- must_die
--- error_log
needs voiceagent_verify, voiceagent_jwt or "voiceagent_public on"



=== public off is no guard
--- config
    location /x { voiceagent_public off; voiceagent_enqueue a.b; }
--- must_die
--- error_log
needs voiceagent_verify, voiceagent_jwt or "voiceagent_public on"



=== a pasted location in a server without guards is refused, nested or not
--- config
    location /x {
        voiceagent_public on;
        voiceagent_enqueue a.b;
        location /x/y { voiceagent_public off; voiceagent_enqueue c.d; }
    }
--- must_die
--- error_log
needs voiceagent_verify, voiceagent_jwt or "voiceagent_public on"



=== a guard of the server serves its locations
--- config
    voiceagent_verify bearer key=tools;
    location /x { voiceagent_enqueue a.b; }
--- request
POST /x
--- error_code: 401
--- jobs: 0



=== status and metrics need no guard
--- config
    location = /health { voiceagent_status health; }
--- request
GET /health
--- response_json: {"status": "ok"}



=== Twilio's signature without a public origin is refused at configuration
--- http_config
    voiceagent_redis $TEST_NGINX_REDIS;
    voiceagent_key twilio file=$TEST_NGINX_KEYS/twilio;
--- config
    location /x { voiceagent_verify twilio key=twilio; voiceagent_enqueue a.b; }
--- must_die
--- error_log
voiceagent_verify twilio needs voiceagent_public_origin



=== HubSpot's signature without a public origin is refused at configuration
--- http_config
    voiceagent_redis $TEST_NGINX_REDIS;
    voiceagent_key k file=$TEST_NGINX_KEYS/tools;
    voiceagent_verify hubspot key=k;
--- config
    location /x { voiceagent_enqueue a.b; }
--- must_die
--- error_log
voiceagent_verify hubspot needs voiceagent_public_origin



=== an origin of the server is enough
--- http_config
    voiceagent_redis $TEST_NGINX_REDIS;
    voiceagent_key twilio file=$TEST_NGINX_KEYS/twilio;
--- config
    voiceagent_public_origin https://agent.example.com;
    location /x { voiceagent_verify twilio key=twilio; voiceagent_enqueue a.b; }
--- request
POST /x
--- error_code: 403
--- jobs: 0



=== a location of ours without Redis is refused at configuration
--- http_config
--- config
    location /x { voiceagent_public on; voiceagent_enqueue a.b; }
--- must_die
--- error_log
voiceagent_redis is missing



=== a guard of what nginx itself serves needs an origin just so
--- http_config
    voiceagent_key twilio file=$TEST_NGINX_KEYS/twilio;
--- config
    location /x { voiceagent_verify twilio key=twilio; root html; }
--- must_die
--- error_log
voiceagent_verify twilio needs voiceagent_public_origin



=== tickets without Redis are refused at configuration
--- http_config
    voiceagent_key jwt file=$TEST_NGINX_KEYS/jwt;
--- config
    location /x { voiceagent_jwt key=jwt alg=HS256 ticket=$arg_ticket; root html; }
--- must_die
--- error_log
voiceagent_redis is missing



=== a worker's word without a guard before it is refused at configuration
--- config
    location /x { voiceagent_authorize a.b; root html; }
--- must_die
--- error_log
needs voiceagent_verify, voiceagent_jwt or "voiceagent_public on"



=== our directives within "if" are refused at configuration
--- config
    location /x {
        voiceagent_public on;
        if ($arg_a) { voiceagent_enqueue a.b; }
    }
--- must_die
--- error_log
"voiceagent_enqueue" directive is not allowed here



=== satisfy any: an address that may come in still needs a verdict
--- config
    location /x {
        satisfy any;
        allow all;
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b;
    }
--- request
POST /x
--- error_code: 403
--- jobs: 0



=== satisfy any: credentials let in whom the address does not
--- config
    location /x {
        satisfy any;
        deny all;
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b;
    }
--- request
POST /x
--- more_headers
Authorization: Bearer tools-secret-0123456789
--- error_code: 200
--- jobs: 1



=== satisfy any: neither
--- config
    location /x {
        satisfy any;
        deny all;
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b;
    }
--- request
POST /x
--- more_headers
Authorization: Bearer wrong
--- error_code_like: ^40[13]$
--- jobs: 0



=== satisfy any: metrics for an address without a token, since nothing is made there
--- config
    location /metrics {
        satisfy any;
        allow 127.0.0.1;
        deny all;
        voiceagent_verify bearer key=metrics;
        voiceagent_metrics;
    }
--- request
GET /metrics
--- error_code: 200
--- response_body_like: (?m)^# HELP voiceagent_requests_total



=== satisfy all: a denied address stays outside with the best credentials
--- config
    location /x {
        deny all;
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b;
    }
--- request
POST /x
--- more_headers
Authorization: Bearer tools-secret-0123456789
--- error_code: 403
--- jobs: 0



=== a subrequest makes no job: auth_request
--- config
    location /page {
        auth_request /x;
        return 204;
    }
    location /static {
        auth_request /x;
        root html;
        index index.html;
    }
    location /x {
        voiceagent_public on;
        voiceagent_enqueue a.b;
    }
--- request
GET /static/
--- more_headers
Authorization: Bearer tools-secret-0123456789
--- error_code: 403
--- jobs: 0



=== a subrequest makes no job: mirror
--- config
    location /page {
        mirror /x;
        root html;
        try_files /index.html =404;
    }
    location /x {
        voiceagent_public on;
        voiceagent_enqueue a.b;
    }
--- request
GET /page
--- error_code: 200
--- jobs: 0



=== a verdict does not survive a redirect within nginx
--- config
    location /a {
        voiceagent_verify bearer key=tools;
        try_files /nonexistent @b;
    }
    location @b {
        voiceagent_verify bearer key=metrics;
        voiceagent_enqueue a.b;
    }
--- request
POST /a
--- more_headers
Authorization: Bearer tools-secret-0123456789
--- error_code: 401
--- jobs: 0



=== the place a redirect leads to lets in by its own guard
--- config
    location /a {
        voiceagent_public on;
        try_files /nonexistent @b;
    }
    location @b {
        voiceagent_verify bearer key=metrics;
        voiceagent_enqueue a.b;
    }
--- request
POST /a
hello
--- more_headers
Authorization: Bearer metrics-secret
--- error_code: 200
--- job: {"type": "a.b", "auth": {"scheme": "bearer"}, "http": {"uri": "/a", "body": "hello"}}



=== a body that was read for one signature is there for the next
--- config
    location /a {
        voiceagent_verify hmac key=tools;
        try_files /nonexistent @b;
    }
    location @b {
        voiceagent_verify hmac key=tools;
        voiceagent_enqueue a.b;
    }
--- request eval
"POST /a\nhello"
--- more_headers eval
"X-Signature: " . Digest::SHA::hmac_sha256_hex('hello', 'tools-secret-0123456789')
--- error_code: 200
--- job: {"type": "a.b", "auth": {"scheme": "hmac"}, "http": {"body": "hello"}}



=== error_page leads to a guarded place: no credentials, no job
--- config
    error_page 404 = /x;
    location /x {
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b;
    }
--- request
POST /missing
--- error_code: 401
--- jobs: 0



=== error_page leads to a guarded place: with credentials one job
--- config
    error_page 405 404 = /x;
    location /x {
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b;
        voiceagent_ack 200 text/plain stored;
    }
--- request
GET /missing
--- more_headers
Authorization: Bearer tools-secret-0123456789
--- error_code: 200
--- response_body: stored
--- jobs: 1



=== a refusal of the content handler goes through error_page and forgets its context
--- config
    error_page 403 @forbidden;
    location /x {
        satisfy any;
        allow all;
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b;
    }
    location @forbidden { return 403 "by=$voiceagent_verified\n"; }
--- request
POST /x
--- error_code: 403
--- response_body
by=
--- jobs: 0



=== "return" answers before anybody is asked, and makes no job
--- config
    location /x {
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b;
        return 200 "returned\n";
    }
--- request
POST /x
--- error_code: 200
--- response_body
returned
--- jobs: 0



=== "if" in a location: guard and job are the location's
--- config
    location /x {
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b lane=$arg_a dedup=$arg_d;
        voiceagent_ack 202 text/plain stored;
        if ($arg_a) { set $unused 1; }
    }
--- request
POST /x?a=1&d=2
--- more_headers
Authorization: Bearer tools-secret-0123456789
--- error_code: 202
--- response_body: stored
--- job: {"type": "a.b", "lane": "1", "dedup": "a.b:2"}



=== "if" in a location: nobody comes in through it
--- config
    location /x {
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b;
        if ($arg_a) { set $unused 1; }
    }
--- request
POST /x?a=1
--- error_code: 401
--- jobs: 0



=== limit_except keeps the handler, and denies
--- config
    location /x {
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b;
        limit_except POST { deny all; }
    }
--- request
GET /x
--- more_headers
Authorization: Bearer tools-secret-0123456789
--- error_code: 403
--- jobs: 0



=== limit_except that allows keeps the guard
--- config
    location /x {
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b;
        limit_except POST { allow all; }
    }
--- request eval
["GET /x", "GET /x"]
--- more_headers eval
["Authorization: Bearer tools-secret-0123456789", "Authorization: Bearer no"]
--- error_code eval
[200, 401]
--- jobs: 1



=== a nested location has the guard and not the job
--- config
    location /x {
        voiceagent_verify bearer key=tools;
        voiceagent_enqueue a.b;
        location /x/y { root html; }
    }
--- request eval
["POST /x/y", "GET /x/y"]
--- more_headers eval
["X-None: 1", "Authorization: Bearer tools-secret-0123456789"]
--- error_code eval
[401, 404]
--- jobs: 0



=== a guarded location without a job of ours protects what nginx serves there
--- config
    location /x {
        voiceagent_verify bearer key=tools;
        alias html;
        index index.html;
    }
--- request eval
["GET /x/", "GET /x/"]
--- more_headers eval
["Authorization: Bearer tools-secret-0123456789", "Authorization: Bearer wrong"]
--- error_code eval
[200, 401]



=== and does so without Redis
--- http_config
    voiceagent_key tools file=$TEST_NGINX_KEYS/tools;
--- config
    voiceagent_verify bearer key=tools;
    location /x {
        alias html;
        index index.html;
    }
--- request eval
["GET /x/", "GET /x/", "GET /"]
--- more_headers eval
["Authorization: Bearer tools-secret-0123456789", "Authorization: Bearer wrong", "X-None: 1"]
--- error_code eval
[200, 401, 401]

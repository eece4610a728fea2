# One-time tickets: claims kept in Redis, for clients that can send no header.
use strict;
use warnings;

use VoiceAgent;
use VoiceAgent::Token qw(token);
use Test::Nginx::Socket;

$ENV{TEST_NGINX_PLACE} = <<'END';
    location /x {
        voiceagent_jwt key=jwt alg=HS256 ticket=$arg_ticket;
        voiceagent_require org;
        voiceagent_require role staff;
        voiceagent_enqueue a.b lane=$voiceagent_claim_org;
    }
END

run_blocks();

__DATA__

=== a ticket opens once
--- config
$TEST_NGINX_PLACE
--- redis
SET va:ticket:abc-DEF_123 {"organizationId":"o1","role":"staff"}
--- request eval
["GET /x?ticket=abc-DEF_123", "GET /x?ticket=abc-DEF_123"]
--- error_code eval
[200, 401]
--- job: {"org": "o1", "lane": "o1", "auth": {"=": 1, "scheme": "ticket", "claims": {"=": 1, "organizationId": "o1", "role": "staff"}}}
--- redis_has
EXISTS va:ticket:abc-DEF_123 -> 0



=== unknown, empty, malformed, too long: nobody is let in
--- config
$TEST_NGINX_PLACE
--- redis
SET va:ticket:x {"organizationId":"o1","role":"staff"}
--- request eval
["GET /x?ticket=unknown", "GET /x?ticket=", "GET /x?ticket=x%20y", "GET /x?ticket=x:", "GET /x?ticket=*", "GET /x?ticket=" . "x" x 129, "GET /x"]
--- error_code eval
[(401) x 7]
--- jobs: 0
--- redis_has
EXISTS va:ticket:x -> 1



=== a ticket is asked what it stands for
--- config
$TEST_NGINX_PLACE
--- redis
SET va:ticket:a {"organizationId":"o1","role":"guest"}
SET va:ticket:b {"role":"staff"}
SET va:ticket:c {"organizationId":"o1","role":"staff"
SET va:ticket:d 5
SET va:ticket:e ''
--- request eval
[map { "GET /x?ticket=$_" } qw(a b c d e)]
--- error_code eval
[403, 403, 401, 403, 401]
--- jobs: 0



=== claims that contradict themselves
--- config
    voiceagent_claim org /organizationId /org;
$TEST_NGINX_PLACE
--- redis
SET va:ticket:a {"organizationId":"o1","org":"o2","role":"staff"}
--- request
GET /x?ticket=a
--- error_code: 401
--- jobs: 0



=== a ticket that is no string
--- config
$TEST_NGINX_PLACE
--- redis
HSET va:ticket:a organizationId o1
--- request
GET /x?ticket=a
--- error_code: 503
--- jobs: 0



=== a header's token is asked instead, and the ticket stays whole
--- config
$TEST_NGINX_PLACE
--- redis
SET va:ticket:a {"organizationId":"o2","role":"staff"}
--- request
GET /x?ticket=a
--- more_headers eval
"Authorization: Bearer " . ::token({organizationId => 'o1', role => 'staff'})
--- job: {"org": "o1"}
--- redis_has
EXISTS va:ticket:a -> 1



=== an unknown ticket lets nobody in, and keeps nobody out who has another way
--- config
    location /public {
        voiceagent_public on;
        voiceagent_jwt key=jwt alg=HS256 ticket=$arg_ticket;
        voiceagent_enqueue a.b lane=$voiceagent_verified;
    }
    location /two {
        voiceagent_jwt key=jwt alg=HS256 ticket=$arg_ticket;
        voiceagent_jwt key=jwt alg=HS256 token=$arg_token;
        voiceagent_enqueue a.b lane=$voiceagent_verified;
    }
    location /tickets {
        voiceagent_jwt key=jwt alg=HS256 ticket=$arg_ticket;
        voiceagent_jwt key=jwt alg=HS256 ticket=$arg_other;
        voiceagent_enqueue a.b lane=$voiceagent_verified;
    }
--- redis
SET va:ticket:b {"organizationId":"o1"}
--- request eval
["GET /public?ticket=a", "GET /two?ticket=a&token=" . ::token({}), "GET /two?ticket=a&token=x", "GET /two?ticket=a",
 "GET /tickets?ticket=a&other=b", "GET /tickets?ticket=a&other=b"]
--- error_code eval
[200, 200, 401, 401, 200, 401]
--- jobs: 3



=== a place without ticket= takes none
--- config
    location /x { voiceagent_jwt key=jwt alg=HS256; voiceagent_enqueue a.b; }
--- redis
SET va:ticket:a {"organizationId":"o1"}
--- request
GET /x?ticket=a
--- error_code: 401
--- redis_has
EXISTS va:ticket:a -> 1



=== Redis is away: not now, and not never
--- http_config
    voiceagent_redis redis://127.0.0.1:$TEST_NGINX_SPARE_PORT;
    voiceagent_key jwt file=$TEST_NGINX_KEYS/jwt;
--- config
$TEST_NGINX_PLACE
--- request
GET /x?ticket=a
--- error_code: 503
--- response_headers
Retry-After: 2
--- response_json: {"success": false, "error": {"code": "unavailable"}}



=== a ticket's body is there afterwards
--- config
$TEST_NGINX_PLACE
--- redis
SET va:ticket:a {"organizationId":"o1","role":"staff"}
--- request eval
"POST /x?ticket=a\n" . "body " x 5000
--- error_code: 200
--- job eval
'{"http": {"body": "' . ("body " x 4999) . 'body"}}'

# voiceagent_jwt, voiceagent_claim, voiceagent_require: who the token says it is, and
# whether that suffices. What a token itself must be like stands in jwt_vectors.t.
use strict;
use warnings;

use VoiceAgent;
use VoiceAgent::Token qw(token $JWT_SECRET);
use Test::Nginx::Socket;

sub bearer { return 'Authorization: Bearer ' . token(@_) }

run_blocks();

__DATA__

=== no token, an empty one, another scheme, a broken one
--- config
    location /x { voiceagent_jwt key=jwt alg=HS256; voiceagent_enqueue a.b; }
--- request eval
[("POST /x") x 5]
--- more_headers eval
["X-None: 1", "Authorization: Bearer ", "Authorization: Basic dTpw", "Authorization: Bearer x.y.z", "Authorization: " . ::token({})]
--- error_code eval
[(401) x 5]
--- response_headers eval
[("WWW-Authenticate: Bearer") x 5]
--- response_json eval
[('{"=": 1, "success": false, "error": {"=": 1, "code": "unauthorized", "message": "~."}}') x 5]
--- jobs: 0



=== the scheme's name in any case
--- config
    location /x { voiceagent_jwt key=jwt alg=HS256; voiceagent_enqueue a.b; }
--- request
POST /x
--- more_headers eval
"Authorization: bEARER " . ::token({})
--- jobs: 1



=== algorithms are the location's
--- config
    location /x { voiceagent_jwt key=jwt alg=HS256; voiceagent_enqueue a.b; }
    location /y { voiceagent_jwt key=jwt alg=HS384,HS512; voiceagent_enqueue a.b; }
--- request eval
["POST /x", "POST /y"]
--- more_headers eval
[::bearer({}), ::bearer({})]
--- error_code eval
[200, 401]
--- jobs: 1



=== issuer, audience and subject are required when configured
--- config
    location /x { voiceagent_jwt key=jwt alg=HS256 iss=me aud=you sub=required; voiceagent_enqueue a.b; }
--- request eval
[("POST /x") x 5]
--- more_headers eval
[::bearer({iss => "me", aud => "you", sub => "s"}), ::bearer({iss => "me", aud => ["they", "you"], sub => "s"}),
 ::bearer({iss => "you", aud => "you", sub => "s"}), ::bearer({iss => "me", sub => "s"}), ::bearer({iss => "me", aud => "you"})]
--- error_code eval
[200, 200, 401, 401, 401]
--- jobs: 2



=== leeway
--- config
    location /x { voiceagent_jwt key=jwt alg=HS256; voiceagent_enqueue a.b; }
    location /y { voiceagent_jwt key=jwt alg=HS256 leeway=0; voiceagent_enqueue a.b; }
    location /z { voiceagent_jwt key=jwt alg=HS256 leeway=1d; voiceagent_enqueue a.b; }
--- request eval
["POST /x", "POST /x", "POST /y", "POST /z"]
--- more_headers eval
[::bearer({nbf => time + 25}), map { ::bearer({exp => time - 60}) } 1 .. 3]
--- error_code eval
[200, 401, 401, 200]
--- jobs: 2



=== a token from an argument
--- config
    location /x { voiceagent_jwt key=jwt alg=HS256 token=$arg_token; voiceagent_enqueue a.b; }
--- request eval
["POST /x?token=" . ::token({}), "POST /x?token=", "POST /x?token=x"]
--- error_code eval
[200, 401, 401]
--- jobs: 1



=== several keys in one place: the next is tried when the first has no such key
--- config
    location /x {
        voiceagent_jwt key=tools jwks=/nonexistent alg=RS256;
        voiceagent_jwt key=jwt alg=HS256;
        voiceagent_enqueue a.b;
    }
--- http_config
    voiceagent_redis $TEST_NGINX_REDIS;
    voiceagent_key jwt file=$TEST_NGINX_KEYS/jwt;
    voiceagent_key tools file=$TEST_NGINX_KEYS/jwt;
--- request
POST /x
--- more_headers eval
::bearer({})
--- error_code: 200
--- jobs: 1



=== claims under other names
--- config
    voiceagent_claim org /organizationId /app_metadata/organization_id;
    voiceagent_claim user /sub;
    voiceagent_claim role /app_metadata/roles/0;
    location /x {
        voiceagent_jwt key=jwt alg=HS256;
        voiceagent_enqueue a.b lane=$voiceagent_claim_org serial=$voiceagent_claim_user|$voiceagent_claim_role|$voiceagent_claim_email|$voiceagent_claim_nobody;
    }
--- request
POST /x
--- more_headers eval
::bearer({sub => 7, email => 'a@b', app_metadata => {organization_id => 'o1', roles => ['staff']}})
--- error_code: 200
--- job: {"org": "o1", "lane": "o1", "serial": "7|staff|a@b|"}



=== one claim in two places must say the same
--- config
    voiceagent_claim org /organizationId /app_metadata/organization_id;
    location /x { voiceagent_jwt key=jwt alg=HS256; voiceagent_enqueue a.b; }
--- request eval
[("POST /x") x 4]
--- more_headers eval
[::bearer({organizationId => 'o1', app_metadata => {organization_id => 'o1'}}),
 ::bearer({organizationId => 'o1', app_metadata => {organization_id => 'o2'}}),
 ::bearer({organizationId => '', app_metadata => {organization_id => 'o2'}}),
 ::bearer({organizationId => {a => 1}, app_metadata => {organization_id => 'o2'}})]
--- error_code eval
[200, 401, 200, 200]
--- jobs: 3



=== what users write themselves is no claim
--- config
    location /x { voiceagent_jwt key=jwt alg=HS256; voiceagent_require org; voiceagent_enqueue a.b; }
--- request
POST /x
--- more_headers eval
::bearer({user_metadata => {organizationId => 'o1'}, organizationId => JSON::PP::null})
--- error_code: 403
--- jobs: 0



=== an organization is required
--- config
    location /x { voiceagent_jwt key=jwt alg=HS256; voiceagent_require org; voiceagent_enqueue a.b; }
--- request eval
["POST /x", "POST /x", "POST /x"]
--- more_headers eval
[::bearer({organizationId => 'o1'}), ::bearer({}), ::bearer({organizationId => ''})]
--- error_code eval
[200, 403, 403]
--- response_json eval
['{"success": true}', ('{"success": false, "error": {"code": "forbidden"}}') x 2]
--- jobs: 1



=== one of several roles, exactly as written
--- config
    location /x { voiceagent_jwt key=jwt alg=HS256; voiceagent_require role admin manager; voiceagent_enqueue a.b; }
--- request eval
[("POST /x") x 8]
--- more_headers eval
[map { ::bearer({role => $_}) } 'admin', 'manager', 'Admin', 'admin ', 'admi', 'admin manager', '', ['admin']]
--- error_code eval
[200, 200, 403, 403, 403, 403, 403, 403]
--- jobs: 2



=== a requirement on claims is not asked of a signature
--- config
    location /x {
        voiceagent_verify bearer key=tools;
        voiceagent_jwt key=jwt alg=HS256;
        voiceagent_require org;
        voiceagent_require role admin;
        voiceagent_enqueue a.b;
    }
--- request eval
["POST /x", "POST /x", "POST /x"]
--- more_headers eval
["Authorization: Bearer tools-secret-0123456789", ::bearer({role => 'admin'}), ::bearer({role => 'admin', organizationId => 'o1'})]
--- error_code eval
[200, 403, 200]
--- jobs: 2



=== a public place takes a token along, and does without
--- config
    location /x {
        voiceagent_public on;
        voiceagent_jwt key=jwt alg=HS256;
        voiceagent_enqueue a.b lane=$voiceagent_claim_org.$voiceagent_verified;
    }
--- request eval
["POST /x", "POST /x", "POST /x"]
--- more_headers eval
[::bearer({organizationId => 'o1'}), "X-None: 1", ::bearer({exp => 1})]
--- error_code eval
[200, 200, 200]
--- jobs: 3
--- redis_has
LLEN va:{default}:in -> 3



=== a key in a file with ids: the token's kid chooses
--- post_setup_server_root
VoiceAgent::Nginx::write_file("$ENV{TEST_NGINX_KEYS}/kids", "# two\nk1 11111111111111111111111111111111\n\n  k2\t22222222222222222222222222222222  \n")
--- http_config
    voiceagent_redis $TEST_NGINX_REDIS;
    voiceagent_key kids file=$TEST_NGINX_KEYS/kids;
--- config
    location /x { voiceagent_jwt key=kids alg=HS256; voiceagent_enqueue a.b; }
--- request eval
[("POST /x") x 5]
--- more_headers eval
my @s = ('', '1' x 32, '2' x 32);
[::bearer({}, secret => $s[1], header => {kid => 'k1'}), ::bearer({}, secret => $s[2], header => {kid => 'k2'}),
 ::bearer({}, secret => $s[1], header => {kid => 'k2'}), ::bearer({}, secret => $s[2]), ::bearer({}, secret => $s[1], header => {kid => 'k3'})]
--- error_code eval
[200, 200, 401, 200, 401]
--- jobs: 3

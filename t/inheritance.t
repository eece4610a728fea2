# What a location takes from the blocks around it, and what it replaces.
use strict;
use warnings;

use VoiceAgent;
use VoiceAgent::Token qw(token);
use Test::Nginx::Socket;

our $AS_TOOLS = 'Authorization: Bearer tools-secret-0123456789';

run_blocks();

__DATA__

=== a location that names a way in has none of the server's
--- config
    voiceagent_verify bearer key=tools;
    location /x {
        voiceagent_verify bearer key=metrics;
        voiceagent_enqueue a.b;
    }
--- request eval
["POST /x", "POST /x"]
--- more_headers eval
[$::AS_TOOLS, "Authorization: Bearer metrics-secret"]
--- error_code eval
[401, 200]
--- jobs: 1



=== a location with a token has none of the server's signatures
--- config
    voiceagent_verify bearer key=tools;
    location /x {
        voiceagent_jwt key=jwt alg=HS256;
        voiceagent_enqueue a.b;
    }
--- request eval
["POST /x", "POST /x"]
--- more_headers eval
[$::AS_TOOLS, "Authorization: Bearer " . ::token({})]
--- error_code eval
[401, 200]
--- jobs: 1



=== public off opens nothing: the server's guard stands
--- config
    voiceagent_verify bearer key=tools;
    location /x {
        voiceagent_public off;
        alias html;
        index index.html;
    }
--- request eval
["GET /x/", "GET /x/"]
--- more_headers eval
["X-None: 1", $::AS_TOOLS]
--- error_code eval
[401, 200]



=== public off within a public place closes it
--- config
    location /x {
        voiceagent_public on;
        voiceagent_enqueue a.b;
        location /x/y {
            voiceagent_public off;
            voiceagent_verify bearer key=tools;
            voiceagent_enqueue c.d;
        }
    }
--- request eval
["POST /x", "POST /x/y", "POST /x/y"]
--- more_headers eval
["X-None: 1", "X-None: 1", $::AS_TOOLS]
--- error_code eval
[200, 401, 200]
--- jobs: 2



=== guards of the http block reach every server
--- more_http
    voiceagent_verify bearer key=tools;
--- config
    location /x { voiceagent_enqueue a.b; }
--- request eval
["POST /x", "POST /x"]
--- more_headers eval
[$::AS_TOOLS, "X-None: 1"]
--- error_code eval
[200, 401]
--- jobs: 1



=== several guards in one place: any one suffices
--- config
    location /x {
        voiceagent_verify bearer key=tools;
        voiceagent_verify google_channel key=metrics;
        voiceagent_jwt key=jwt alg=HS256;
        voiceagent_enqueue a.b;
    }
--- request eval
["POST /x", "POST /x", "POST /x", "POST /x"]
--- more_headers eval
[$::AS_TOOLS, "X-Goog-Channel-Token: metrics-secret", "Authorization: Bearer " . ::token({}), "X-None: 1"]
--- error_code eval
[200, 200, 200, 401]
--- jobs: 3



=== a wrong bearer beside a right token, and the other way round
--- config
    location /x {
        voiceagent_verify hmac key=tools;
        voiceagent_jwt key=jwt alg=HS256;
        voiceagent_enqueue a.b;
    }
--- request eval
["POST /x", "POST /x"]
--- more_headers eval
["X-Signature: 00\nAuthorization: Bearer " . ::token({}),
 "X-Signature: " . Digest::SHA::hmac_sha256_hex('', 'tools-secret-0123456789') . "\nAuthorization: Bearer wrong"]
--- error_code eval
[200, 200]
--- jobs: 2



=== ack, fallback, job_body and json come from outside
--- more_http
    voiceagent_ack 201 text/plain "outside";
    voiceagent_job_body 4;
    voiceagent_json type /type;
    voiceagent_pass_header X-Mine;
--- config
    location /x {
        voiceagent_public on;
        voiceagent_enqueue a.b lane=$voiceagent_json_type;
        voiceagent_job_body 1k;
    }
    location /y {
        voiceagent_public on;
        voiceagent_enqueue c.d;
        voiceagent_ack 202 text/plain "inside";
    }
--- request eval
['POST /x' . "\n" . '{"type":"t"}', 'POST /y' . "\n" . '{"type":"t"}']
--- more_headers
X-Mine: 7
--- error_code eval
[201, 413]
--- response_body_like eval
["^outside\$", "too_large"]
--- job: {"type": "a.b", "lane": "t", "http": {"headers": {"x-mine": "7"}, "body": "{\"type\":\"t\"}"}}



=== json and pass_header of a location replace those outside
--- more_http
    voiceagent_json type /type;
    voiceagent_pass_header X-Outer;
--- config
    location /x {
        voiceagent_public on;
        voiceagent_json kind /kind;
        voiceagent_pass_header X-Inner;
        voiceagent_enqueue a.b lane=$voiceagent_json_type serial=$voiceagent_json_kind;
    }
--- request eval
'POST /x' . "\n" . '{"type":"t","kind":"k"}'
--- more_headers
X-Outer: 1
X-Inner: 2
--- error_code: 200
--- job: {"type": "a.b", "lane": null, "serial": "k", "http": {"headers": {"x-outer": null, "x-inner": "2"}}}



=== claims and requirements come from outside, roles are replaced
--- more_http
    voiceagent_claim org /app_metadata/organization_id;
    voiceagent_require org;
    voiceagent_require role admin;
--- config
    voiceagent_jwt key=jwt alg=HS256;
    location /x { voiceagent_enqueue a.b; }
    location /y { voiceagent_require role staff; voiceagent_enqueue c.d; }
--- request eval
["POST /x", "POST /x", "POST /y", "POST /y", "POST /y"]
--- more_headers eval
my $staff = "Authorization: Bearer " . ::token({role => 'staff', app_metadata => {organization_id => 'o1'}});
my $admin = "Authorization: Bearer " . ::token({role => 'admin', app_metadata => {organization_id => 'o1'}});
my $lost = "Authorization: Bearer " . ::token({role => 'staff', organizationId => 'o1'});
[$staff, $admin, $staff, $admin, $lost]
--- error_code eval
[403, 200, 200, 403, 403]
--- jobs: 2



=== an origin of the server replaces that of the http block
--- config
    voiceagent_public_origin https://other.example;
    location /x {
        voiceagent_verify twilio key=twilio;
        voiceagent_enqueue a.b;
    }
--- request eval
["POST /x", "POST /x"]
--- more_headers eval
["X-Twilio-Signature: " . VoiceAgent::Token::twilio_signature('twilio-token', 'https://agent.example.com/x', {}),
 "X-Twilio-Signature: " . VoiceAgent::Token::twilio_signature('twilio-token', 'https://other.example/x', {})]
--- error_code eval
[403, 200]
--- jobs: 1

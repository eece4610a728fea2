# What nginx -t says of each directive: every form that is allowed, and a refusal with
# its reason for every form that is not.
use strict;
use warnings;

use Test::More;
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(scratch);

my $keys = VoiceAgent::Nginx::keys_dir();
my $write = sub { VoiceAgent::Nginx::write_file(scratch() . "/$_[0]", $_[1]) };

my $many     = $write->('many', join '', map { "secret-number-$_-0123456789abcdef\n" } 1 .. 65);
my $empty    = $write->('empty', "# nothing but a comment\n\n   \n");
my $short    = $write->('short', "short\n");
my $huge     = $write->('huge', 'x' x 65537);
my $text     = $write->('text', "<Response/>\n");
my $variable = $write->('variable', 'for $nobody_knows');
$ENV{VA_T_SECRET} = 'from-the-environment-0123456789abcdef';
$ENV{VA_T_EMPTY}  = '';
delete $ENV{VA_T_UNSET};

# In the http block, in a server, in a location that is guarded, in one that is not.
my %frames = (
    http     => sub { ($_[0], '') },
    main     => sub { ("voiceagent_redis unix:/run/none;\n$_[0]", 'location /x { voiceagent_status health; }') },
    server   => sub { ('', $_[0]) },
    location => sub { ("voiceagent_redis unix:/run/none; voiceagent_key k file=$keys/jwt;",
            "location /x { voiceagent_public on; $_[0] }") },
    bare     => sub { ("voiceagent_redis unix:/run/none; voiceagent_key k file=$keys/jwt;",
            "location /x { $_[0] }") },
);

# frame, configuration, what is said (undef: it is good), what is warned of
my @table = (
    voiceagent_redis => [
        [main => '', undef],
        [http => 'voiceagent_redis redis://127.0.0.1;', undef],
        [http => 'voiceagent_redis redis://127.0.0.1:6379/0;', undef],
        [http => 'voiceagent_redis redis://localhost:6379;', undef],
        [http => 'voiceagent_redis redis://:secret@127.0.0.1;', undef],
        [http => 'voiceagent_redis redis://user:se/c@ret@127.0.0.1:6379/15;', undef],
        [http => 'voiceagent_redis redis://[::1]:6379/0;', undef],
        [http => 'voiceagent_redis unix:/run/redis.sock;', undef],
        [http => 'voiceagent_redis redis+sentinel://127.0.0.1,127.0.0.2:26380/name;', undef],
        [http => 'voiceagent_redis redis+sentinel://u:p@127.0.0.1/name/3;', undef],
        [http => 'voiceagent_redis unix:/r timeout=250ms connections=1 max_inflight=1 max_bytes=64k;', undef],
        [http => 'voiceagent_redis unix:/r connections=16;', undef],
        [http => 'voiceagent_redis unix:/r; voiceagent_redis unix:/r;', '"voiceagent_redis" directive is duplicate'],
        [http => 'voiceagent_redis;', 'invalid number of arguments in "voiceagent_redis" directive'],
        [http => 'voiceagent_redis 127.0.0.1:6379;', 'needs a redis://, redis+sentinel:// or unix: URL'],
        [http => 'voiceagent_redis http://127.0.0.1;', 'needs a redis://, redis+sentinel:// or unix: URL'],
        [http => 'voiceagent_redis rediss://127.0.0.1;', 'cannot speak TLS to Redis'],
        [http => 'voiceagent_redis redis://;', 'in voiceagent_redis'],
        [http => 'voiceagent_redis redis:///0;', 'in voiceagent_redis'],
        [http => 'voiceagent_redis redis://no-such-host.invalid;', 'host not found in voiceagent_redis "no-such-host.invalid"'],
        [http => 'voiceagent_redis redis://127.0.0.1:70000;', 'invalid port in voiceagent_redis'],
        [http => 'voiceagent_redis redis://127.0.0.1/x;', 'needs a number as the database'],
        [http => 'voiceagent_redis redis://127.0.0.1/-1;', 'needs a number as the database'],
        [http => 'voiceagent_redis redis://user@127.0.0.1;', q(needs a password behind the user's name)],
        [http => 'voiceagent_redis redis://us%65r:p%40ss%25@127.0.0.1;', undef],
        [http => 'voiceagent_redis redis://:p%4@127.0.0.1;', 'has a user or password with a broken %-escape'],
        [http => 'voiceagent_redis redis://us%zzr:p@127.0.0.1;', 'has a user or password with a broken %-escape'],
        [http => 'voiceagent_redis unix:/r?db=2;', undef],
        [http => 'voiceagent_redis unix:/r?db=x;', 'needs a number as the database'],
        [http => 'voiceagent_redis unix:/r?colour=red;', 'knows no parameter but "db="'],
        [http => 'voiceagent_redis unix://us%65r:p%40ss@/r?db=2;', undef],
        [http => 'voiceagent_redis unix:///r;', undef],
        [http => 'voiceagent_redis unix://user@/r;', q(needs a password behind the user's name)],
        [http => 'voiceagent_redis unix://:p%4@/r;', 'has a user or password with a broken %-escape'],
        [http => 'voiceagent_redis unix://user:secret@r;', 'needs the whole path of a unix socket'],
        [http => 'voiceagent_redis unix:r;', 'needs the whole path of a unix socket'],
        [http => 'voiceagent_redis redis+sentinel://127.0.0.1/name?db=3;', undef],
        [http => 'voiceagent_redis redis+sentinel://127.0.0.1/name?db=x;', 'needs a number as the database'],
        [http => 'voiceagent_redis redis+sentinel://127.0.0.1/name?colour=red;', 'knows no parameter but "db="'],
        [http => 'voiceagent_redis unix:/r timeout=1s timeout=2s;', 'parameter "timeout=" is given twice'],
        [http => 'voiceagent_redis unix:;', 'needs the whole path of a unix socket'],
        [http => 'voiceagent_redis redis+sentinel://127.0.0.1;', 'needs the name of the master behind the sentinels'],
        [http => 'voiceagent_redis redis+sentinel://127.0.0.1/;', 'needs the name of the master behind the sentinels'],
        [http => 'voiceagent_redis redis+sentinel://127.0.0.1//0;', 'needs the name of the master behind the sentinels'],
        [http => 'voiceagent_redis redis+sentinel://127.0.0.1,/name;', 'in voiceagent_redis'],
        [http => 'voiceagent_redis redis+sentinel://127.0.0.1/name/x;', 'needs a number as the database'],
        [http => 'voiceagent_redis unix:/r timeout=0;', 'invalid parameter "timeout=0"'],
        [http => 'voiceagent_redis unix:/r timeout=soon;', 'invalid parameter "timeout=soon"'],
        [http => 'voiceagent_redis unix:/r connections=0;', 'invalid parameter "connections=0"'],
        [http => 'voiceagent_redis unix:/r connections=17;', 'invalid parameter "connections=17"'],
        [http => 'voiceagent_redis unix:/r connections=few;', 'invalid parameter "connections=few"'],
        [http => 'voiceagent_redis unix:/r max_inflight=0;', 'invalid parameter "max_inflight=0"'],
        [http => 'voiceagent_redis unix:/r max_inflight=-1;', 'invalid parameter "max_inflight=-1"'],
        [http => 'voiceagent_redis unix:/r max_bytes=0;', 'invalid parameter "max_bytes=0"'],
        [http => 'voiceagent_redis unix:/r max_bytes=many;', 'invalid parameter "max_bytes=many"'],
        [http => 'voiceagent_redis unix:/r colour=red;', 'invalid parameter "colour=red"'],
        [server => 'voiceagent_redis unix:/r;', '"voiceagent_redis" directive is not allowed here'],
    ],
    voiceagent_zone => [
        [main => 'voiceagent_zone counters;', undef],
        [main => 'voiceagent_zone counters 4m;', undef],
        [main => 'voiceagent_zone counters 1;', undef],
        [main => 'voiceagent_zone counters big;', 'has an invalid size'],
        [main => 'voiceagent_zone a; voiceagent_zone b;', '"voiceagent_zone" directive is duplicate'],
        [main => 'voiceagent_zone;', 'invalid number of arguments'],
        [server => 'voiceagent_zone a;', '"voiceagent_zone" directive is not allowed here'],
    ],
    voiceagent_key => [
        [http => "voiceagent_key a file=$keys/jwt;", undef],
        [http => "voiceagent_key a file=$keys/jwt; voiceagent_key a file=$keys/tools;", undef],
        [http => 'voiceagent_key a env=VA_T_SECRET;', undef],
        [http => "voiceagent_key a file=$short;", undef],
        [http => 'voiceagent_key a;', 'invalid number of arguments'],
        [http => "voiceagent_key a $keys/jwt;", 'needs file= or env='],
        [http => 'voiceagent_key a file=/nonexistent;', '"/nonexistent" failed (2: No such file or directory)'],
        [http => 'voiceagent_key a file=/nonexistent;', 'voiceagent_key "a" cannot be used'],
        [http => "voiceagent_key a file=$empty;", 'key "a" holds no secret'],
        [http => "voiceagent_key a file=$many;", 'key "a": secret 65 is too short, or one too many'],
        [http => "voiceagent_key a file=$huge;", "\"$huge\" is too large"],
        [http => 'voiceagent_key a env=VA_T_UNSET;', 'environment variable "VA_T_UNSET" is not set'],
        [http => 'voiceagent_key a env=VA_T_EMPTY;', 'environment variable "VA_T_EMPTY" is not set'],
        [server => "voiceagent_key a file=$keys/jwt;", '"voiceagent_key" directive is not allowed here'],
    ],
    voiceagent_public_origin => [
        [http => 'voiceagent_public_origin https://a.example;', undef],
        [http => 'voiceagent_public_origin https://a.example/ http://b.example:8080;', undef],
        [server => 'voiceagent_public_origin https://a.example;', undef],
        [http => 'voiceagent_public_origin;', 'invalid number of arguments'],
        [http => 'voiceagent_public_origin a.example;', '"a.example" is not an origin'],
        [http => 'voiceagent_public_origin wss://a.example;', '"wss://a.example" is not an origin'],
        [http => 'voiceagent_public_origin https://;', '"https://" is not an origin'],
        [http => 'voiceagent_public_origin https://a.example/path;', '"https://a.example/path" is not an origin'],
        [http => 'voiceagent_public_origin https://a.example//;', '"https://a.example//" is not an origin'],
        [http => 'voiceagent_public_origin https://a.example; voiceagent_public_origin https://b.example;', 'directive is duplicate'],
        [location => 'voiceagent_public_origin https://a.example;', '"voiceagent_public_origin" directive is not allowed here'],
    ],
    voiceagent_public => [
        [bare => 'voiceagent_public on;', undef],
        [bare => 'voiceagent_public off;', undef],
        [bare => 'voiceagent_public yes;', 'invalid value "yes" in "voiceagent_public" directive'],
        [bare => 'voiceagent_public on; voiceagent_public on;', 'directive is duplicate'],
        [server => 'voiceagent_public on;', '"voiceagent_public" directive is not allowed here'],
    ],
    voiceagent_verify => [
        (map { [bare => "voiceagent_verify $_ key=k;", undef] }
              qw(elevenlabs shopify standard_webhooks google_channel livekit hmac bearer)),
        [bare => 'voiceagent_verify elevenlabs key=k tolerance=10s;', undef],
        [bare => 'voiceagent_verify hmac key=k header=X-Mine digest=sha1;', undef],
        [bare => 'voiceagent_verify hmac key=k digest=sha256;', undef],
        [bare => 'voiceagent_verify bearer key=k; voiceagent_verify hmac key=k;', undef],
        [bare => 'voiceagent_verify paypal key=k;', 'unknown signature scheme "paypal"'],
        [bare => 'voiceagent_verify bearer;', 'invalid number of arguments'],
        [bare => 'voiceagent_verify elevenlabs tolerance=1s;', 'needs key='],
        (map { [bare => "voiceagent_verify $_ key=k tolerance=1s;", 'invalid parameter "tolerance=1s"'] }
              qw(shopify google_channel hmac bearer)),
        (map { [bare => "voiceagent_verify $_ key=k header=X-Mine;", 'invalid parameter "header=X-Mine"'] } qw(elevenlabs bearer)),
        [bare => 'voiceagent_verify shopify key=k digest=sha1;', 'invalid parameter "digest=sha1"'],
        [bare => 'voiceagent_verify hmac key=k key=k;', 'parameter "key=" is given twice'],
        [bare => 'voiceagent_verify hmac key=k digest=sha1 digest=sha256;', 'parameter "digest=" is given twice'],
        [bare => 'voiceagent_verify bearer key=unknown;', 'unknown key "unknown": voiceagent_key must stand before its use'],
        [bare => 'voiceagent_verify elevenlabs key=k tolerance=0;', 'invalid parameter "tolerance=0"'],
        [bare => 'voiceagent_verify elevenlabs key=k tolerance=x;', 'invalid parameter "tolerance=x"'],
        [bare => 'voiceagent_verify hmac key=k header=;', 'invalid parameter "header="'],
        [bare => 'voiceagent_verify hmac key=k digest=md5;', 'invalid parameter "digest=md5"'],
    ],
    voiceagent_jwt => [
        [bare => 'voiceagent_jwt key=k alg=HS256;', undef],
        [bare => 'voiceagent_jwt key=k alg=HS256,HS384,HS512 iss=me aud=you sub=required leeway=0;', undef],
        [bare => 'voiceagent_jwt jwks=/nonexistent alg=RS256,PS256,ES256,EdDSA;', undef],
        [bare => 'voiceagent_jwt key=k alg=HS256 token=$arg_token ticket=$arg_ticket;', undef],
        [bare => 'voiceagent_jwt key=k alg=HS256 leeway=10y;', undef, 'leeway= lets tokens in for hours after they have expired'],
        [bare => 'voiceagent_jwt jwks=/nonexistent alg=HS256,HS512;', 'lets nobody in: key= is for HS256, HS384 and HS512, jwks= for the others'],
        [bare => 'voiceagent_jwt key=k alg=RS256;', 'lets nobody in'],
        [bare => 'voiceagent_jwt key=k alg=HS256 iss=a iss=b;', 'parameter "iss=" is given twice'],
        [bare => 'voiceagent_jwt key=k key=k alg=HS256;', 'parameter "key=" is given twice'],
        [bare => 'voiceagent_jwt alg=HS256 leeway=1s;', 'needs key= or jwks='],
        [bare => 'voiceagent_jwt key=k leeway=1s;', q(needs alg=: the token's own header is never asked)],
        [bare => 'voiceagent_jwt key=k;', 'invalid number of arguments'],
        [bare => 'voiceagent_jwt key=nobody alg=HS256;', 'unknown key "nobody"'],
        [bare => 'voiceagent_jwt key=k alg=none;', 'unknown algorithm in "alg=none"'],
        [bare => 'voiceagent_jwt key=k alg=HS256,;', 'unknown algorithm in "alg=HS256,"'],
        [bare => 'voiceagent_jwt key=k alg=;', 'unknown algorithm in "alg="'],
        [bare => 'voiceagent_jwt key=k alg=HS256 iss=;', 'invalid parameter "iss="'],
        [bare => 'voiceagent_jwt key=k alg=HS256 aud=;', 'invalid parameter "aud="'],
        [bare => 'voiceagent_jwt key=k alg=HS256 sub=maybe;', 'invalid parameter "sub=maybe"'],
        [bare => 'voiceagent_jwt key=k alg=HS256 leeway=-1;', 'invalid parameter "leeway=-1"'],
        [bare => 'voiceagent_jwt key=k alg=HS256 token=$nobody_knows;', 'unknown "nobody_knows" variable'],
        [http => "voiceagent_key s file=$short; voiceagent_jwt key=s alg=HS256;", 'key "s": secret 1 is too short, or one too many (tokens need 32 characters)'],
    ],
    voiceagent_claim => [
        [bare => 'voiceagent_claim org /organizationId /app_metadata/organization_id;', undef],
        [bare => 'voiceagent_claim user /sub; voiceagent_claim role /role;', undef],
        [bare => 'voiceagent_claim mail /email;', 'knows org, user and role'],
        [bare => 'voiceagent_claim or /x;', 'knows org, user and role'],
        [bare => 'voiceagent_claim org organizationId;', 'needs JSON pointers, which begin with a slash'],
        [bare => 'voiceagent_claim org "";', 'needs JSON pointers, which begin with a slash'],
        [bare => 'voiceagent_claim org;', 'invalid number of arguments'],
        [bare => 'voiceagent_claim org /a; voiceagent_claim org /b;', 'directive is duplicate'],
        [bare => 'voiceagent_claim org /user_metadata/org;', 'cannot trust user_metadata'],
        [bare => 'voiceagent_claim org /a /user_metadata;', 'cannot trust user_metadata'],
    ],
    voiceagent_require => [
        [bare => 'voiceagent_require org;', undef],
        [bare => 'voiceagent_require role admin manager; voiceagent_require org;', undef],
        [bare => 'voiceagent_require;', 'invalid number of arguments'],
        [bare => 'voiceagent_require role;', 'needs "org", or "role" and the roles'],
        [bare => 'voiceagent_require org acme;', 'needs "org", or "role" and the roles'],
        [bare => 'voiceagent_require user 7;', 'needs "org", or "role" and the roles'],
        [bare => 'voiceagent_require role a; voiceagent_require role b;', 'directive is duplicate'],
    ],
    voiceagent_authorize => [
        [location => 'voiceagent_authorize a.b;', undef],
        [location => 'voiceagent_authorize a.b queue=default timeout=2s lane=$uri for=$http_origin;', undef],
        [location => 'voiceagent_authorize a.b for=$nobody_knows;', 'unknown "nobody_knows" variable'],
        [location => 'voiceagent_authorize a.b dedup=$uri;', 'takes no dedup= and no serial='],
        [location => 'voiceagent_authorize a.b serial=$uri;', 'takes no dedup= and no serial='],
        [bare => 'voiceagent_authorize a.b;', 'needs voiceagent_verify, voiceagent_jwt or "voiceagent_public on"'],
        [bare => 'voiceagent_authorize;', 'invalid number of arguments'],
        [bare => 'voiceagent_authorize a.b; voiceagent_authorize c.d;', 'directive is duplicate'],
        [bare => 'voiceagent_authorize a.b timeout=0;', 'has an invalid timeout='],
        [bare => 'voiceagent_authorize a.b colour=red;', 'invalid parameter "colour=red"'],
        [server => 'voiceagent_authorize a.b;', '"voiceagent_authorize" directive is not allowed here'],
    ],
    voiceagent_json => [
        [bare => 'voiceagent_json id /data/id; voiceagent_json type /type;', undef],
        [bare => 'voiceagent_json id /a; voiceagent_json ID /b;', 'names another member by that name already'],
        [bare => 'voiceagent_json id data.id;', 'needs a JSON pointer, which begins with a slash'],
        [bare => 'voiceagent_json id "";', 'needs a JSON pointer, which begins with a slash'],
        [bare => 'voiceagent_json id;', 'invalid number of arguments'],
    ],
    voiceagent_job_body => [
        [bare => 'voiceagent_job_body 0;', undef],
        [bare => 'voiceagent_job_body 4m;', undef],
        [bare => 'voiceagent_job_body 256k over=omit;', undef],
        [bare => 'voiceagent_job_body 256k over=refuse;', undef],
        [bare => 'voiceagent_job_body 5m;', 'needs a size of at most 4m'],
        [bare => 'voiceagent_job_body some;', 'needs a size of at most 4m'],
        [bare => 'voiceagent_job_body 1k over=cut;', 'knows over=omit and over=refuse'],
        [bare => 'voiceagent_job_body 1k; voiceagent_job_body 1k;', 'directive is duplicate'],
    ],
    voiceagent_pass_header => [
        [bare => 'voiceagent_pass_header X-A X-B cookie=session;', undef],
        [bare => 'voiceagent_pass_header;', 'invalid number of arguments'],
    ],
    voiceagent_enqueue => [
        [location => 'voiceagent_enqueue a.b;', undef],
        [location => 'voiceagent_enqueue a.b queue=bulk lane=$uri serial=$arg_s dedup=$arg_d dedup_ttl=1h;', undef],
        [location => 'voiceagent_enqueue;', 'invalid number of arguments'],
        [location => 'voiceagent_enqueue a.b queue=fast;', 'knows the queues realtime, default and bulk'],
        [location => 'voiceagent_enqueue a.b dedup_ttl=0;', 'has an invalid dedup_ttl='],
        [location => 'voiceagent_enqueue a.b dedup_ttl=x;', 'has an invalid dedup_ttl='],
        [location => 'voiceagent_enqueue a.b lane=a lane=b;', 'parameter "lane=" is given twice'],
        [location => 'voiceagent_metrics; voiceagent_fallback 200 text/plain x;', 'voiceagent_fallback is what voiceagent_call and voiceagent_enqueue answer'],
        [location => 'voiceagent_enqueue a.b timeout=5s;', 'invalid parameter "timeout=5s"'],
        [location => 'voiceagent_enqueue a.b lane=$nobody_knows;', 'unknown "nobody_knows" variable'],
        [location => 'voiceagent_enqueue a.b; voiceagent_enqueue c.d;', 'is duplicate, or its location does something else already'],
        [location => 'voiceagent_enqueue a.b; voiceagent_call c.d;', 'is duplicate, or its location does something else already'],
        [location => 'voiceagent_enqueue queue=bulk;', '"queue=bulk" is no type of a job'],
        [location => 'voiceagent_enqueue "a b";', '"a b" is no type of a job'],
        [location => 'voiceagent_enqueue "";', '"" is no type of a job'],
        [location => 'voiceagent_enqueue a.b; proxy_pass http://127.0.0.1;', 'does something else as well, which would answer'],
        [location => 'proxy_pass http://127.0.0.1; voiceagent_enqueue a.b;', 'is duplicate, or its location does something else already'],
        [server => 'voiceagent_enqueue a.b;', '"voiceagent_enqueue" directive is not allowed here'],
    ],
    voiceagent_ack => [
        [location => 'voiceagent_ack 204 text/plain;', undef],
        [location => 'voiceagent_ack 200 text/xml "<Response/>";', undef],
        [location => 'voiceagent_ack 200 text/xml file=' . $text . ';', undef],
        [location => 'voiceagent_ack 200 text/plain "$voiceagent_job_id";', undef],
        [location => 'voiceagent_ack 200;', 'invalid number of arguments'],
        [location => 'voiceagent_ack 199 text/plain;', 'needs a status between 200 and 599'],
        [location => 'voiceagent_ack 600 text/plain;', 'needs a status between 200 and 599'],
        [location => 'voiceagent_ack ok text/plain;', 'needs a status between 200 and 599'],
        [location => 'voiceagent_ack 200 text/plain file=/nonexistent;', '"/nonexistent" failed (2: No such file or directory)'],
        [location => "voiceagent_ack 200 text/plain file=$huge;", "\"$huge\" cannot be read, or is too large"],
        [location => "voiceagent_ack 200 text/plain file=$variable;", 'unknown "nobody_knows" variable'],
        [location => 'voiceagent_ack 200 a; voiceagent_ack 200 b;', 'directive is duplicate'],
    ],
    voiceagent_call => [
        [location => 'voiceagent_call a.b;', undef],
        [location => 'voiceagent_call a.b queue=default timeout=800ms late=pending lane=a serial=b dedup=$uri dedup_ttl=60s;', undef],
        [location => 'voiceagent_call a.b dedup=$uri dedup_ttl=1h;', undef, 'dedup_ttl= outlives the reply'],
        [location => 'voiceagent_call;', 'invalid number of arguments'],
        [location => 'voiceagent_call a.b timeout=0;', 'has an invalid timeout='],
        [location => 'voiceagent_call a.b timeout=later;', 'has an invalid timeout='],
        [location => 'voiceagent_call a.b late=never;', 'invalid parameter "late=never"'],
        [location => 'voiceagent_call a.b queue=;', 'knows the queues realtime, default and bulk'],
        [location => 'voiceagent_call a.b; voiceagent_ack 204 text/plain;', 'voiceagent_ack is what voiceagent_enqueue answers'],
        [location => 'voiceagent_events org=a; voiceagent_ack 204 text/plain;', 'voiceagent_ack is what voiceagent_enqueue answers'],
        [location => 'voiceagent_call a.b; voiceagent_events org=a;', 'is duplicate, or its location does something else already'],
    ],
    voiceagent_fallback => [
        [location => 'voiceagent_fallback 200 application/json "{}";', undef],
        [location => 'voiceagent_fallback 200 application/json "file=' . $text . '";', undef],
        [location => 'voiceagent_fallback 0 text/plain;', 'needs a status between 200 and 599'],
        [location => 'voiceagent_fallback 200 a; voiceagent_fallback 200 b;', 'directive is duplicate'],
    ],
    voiceagent_events => [
        [location => 'voiceagent_events org=$uri;', undef],
        [location => 'voiceagent_events org=a customer=b call=c ping=1s drain=1s life=1h snapshot=x.y;', undef],
        [location => 'voiceagent_events;', 'invalid number of arguments'],
        [location => 'voiceagent_events customer=b;', 'needs org='],
        [location => 'voiceagent_events org=a ping=99ms;', 'invalid parameter "ping=99ms"'],
        [location => 'voiceagent_events org=a ping=x;', 'invalid parameter "ping=x"'],
        [location => 'voiceagent_events org=a drain=0;', 'invalid parameter "drain=0"'],
        [location => 'voiceagent_events org=a life=50ms;', 'invalid parameter "life=50ms"'],
        [location => 'voiceagent_events org=a snapshot=;', 'invalid parameter "snapshot="'],
        [location => 'voiceagent_events org=a snapshot=x=y;', '"x=y" is no type of a job'],
        [location => 'voiceagent_events org=a org=b;', 'parameter "org=" is given twice'],
        [location => 'voiceagent_events org=a colour=red;', 'invalid parameter "colour=red"'],
        [location => 'voiceagent_events org=$nobody_knows;', 'unknown "nobody_knows" variable'],
        [location => 'voiceagent_events org=a; voiceagent_status ready;', 'is duplicate, or its location does something else already'],
    ],
    voiceagent_websocket => [
        [location => 'voiceagent_websocket a.b;', undef],
        [location => 'voiceagent_websocket a.b max_message=1m idle=100ms drain=1s life=1h protocol=chat queue=default '
              . 'timeout=1s late=pending lane=a serial=b dedup=$uri dedup_ttl=60s;', undef],
        [location => 'voiceagent_websocket;', 'invalid number of arguments'],
        [location => 'voiceagent_websocket a.b max_message=0;', 'needs a max_message= of at most 1m'],
        [location => 'voiceagent_websocket a.b max_message=2m;', 'needs a max_message= of at most 1m'],
        [location => 'voiceagent_websocket a.b max_message=much;', 'needs a max_message= of at most 1m'],
        [location => 'voiceagent_websocket a.b idle=99ms;', 'invalid parameter "idle=99ms"'],
        [location => 'voiceagent_websocket a.b drain=0;', 'invalid parameter "drain=0"'],
        [location => 'voiceagent_websocket a.b life=never;', 'invalid parameter "life=never"'],
        [location => 'voiceagent_websocket a.b protocol=;', 'invalid parameter "protocol="'],
        [location => 'voiceagent_websocket a.b timeout=0;', 'has an invalid timeout='],
        [location => 'voiceagent_websocket a.b queue=slow;', 'knows the queues realtime, default and bulk'],
        [location => 'voiceagent_websocket a.b idle=1s idle=2s;', 'parameter "idle=" is given twice'],
        [location => 'voiceagent_authorize a.b for=a for=b;', 'parameter "for=" is given twice'],
        [location => 'voiceagent_websocket a.b colour=red;', 'invalid parameter "colour=red"'],
        [location => 'voiceagent_websocket a.b lane=$nobody_knows;', 'unknown "nobody_knows" variable'],
        [location => 'voiceagent_websocket a.b; voiceagent_call a.b;', 'is duplicate, or its location does something else already'],
        [bare => 'voiceagent_websocket a.b;', 'needs voiceagent_verify, voiceagent_jwt or "voiceagent_public on"'],
        [server => 'voiceagent_websocket a.b;', '"voiceagent_websocket" directive is not allowed here'],
    ],
    voiceagent_route => [
        [bare => 'voiceagent_route voice key=k;', undef],
        [location => 'voiceagent_route voice key=k token=$arg_t;', undef],
        [bare => 'voiceagent_route;', 'invalid number of arguments'],
        [bare => 'voiceagent_route chat key=k;', 'knows no way but "voice"'],
        [bare => 'voiceagent_route voice;', 'needs "key="'],
        [bare => 'voiceagent_route voice key=nobody;', '"nobody"'],
        [bare => 'voiceagent_route voice key=k token=a token=b;', 'parameter "token=" is given twice'],
        [bare => 'voiceagent_route voice key=k what=1;', 'has an unknown parameter'],
        [bare => 'voiceagent_route voice key=k token=$nobody_knows;', 'unknown "nobody_knows" variable'],
        [bare => 'voiceagent_route voice key=k; voiceagent_route voice key=k;', 'is duplicate'],
        [server => 'voiceagent_route voice key=k;', '"voiceagent_route" directive is not allowed here'],
    ],
    voiceagent_status => [
        [bare => 'voiceagent_status health;', undef],
        [bare => 'voiceagent_status ready;', undef],
        [bare => 'voiceagent_status health detail=$arg_detail;', undef],
        [bare => 'voiceagent_status;', 'invalid number of arguments'],
        [bare => 'voiceagent_status alive;', 'knows health and ready'],
        [bare => 'voiceagent_status health verbose;', 'knows the parameter detail='],
        [bare => 'voiceagent_status health detail=$nobody_knows;', 'unknown "nobody_knows" variable'],
        [bare => 'voiceagent_status health; voiceagent_status ready;', 'is duplicate, or its location does something else already'],
    ],
    voiceagent_metrics => [
        [bare => 'voiceagent_metrics;', undef],
        [bare => 'voiceagent_metrics on;', 'invalid number of arguments'],
        [bare => 'voiceagent_metrics; voiceagent_metrics;', 'is duplicate, or its location does something else already'],
        [server => 'voiceagent_metrics;', '"voiceagent_metrics" directive is not allowed here'],
    ],
);

my %tested;
my $nginx = VoiceAgent::Nginx->new;
while (my ($directive, $cases) = splice @table, 0, 2) {
    $tested{$directive} = 1;
    for (@$cases) {
        my ($frame, $config, $said, $warned) = @$_;
        my ($http, $server) = $frames{$frame}->($config);
        $nginx->configure(http => $http, server => $server);
        my $got = $nginx->check(leaks => defined $said);
        if (defined $said) {
            like($got, qr/\[(?:emerg|error)\].*\Q$said\E/, "refused: $frame: $config");
            like($got, qr/ test failed$/, '  and nginx does not start');
        } else {
            is($got =~ s/^.*\[warn\].*\n//mgr, '', "good: $frame: $config");
            like($nginx->{said}, qr/\[warn\].*\Q$warned\E/, '  with a warning') if defined $warned;
        }
    }
}

my $source = VoiceAgent::Nginx::slurp("$VoiceAgent::Nginx::ROOT/ngx_voiceagent_module/ngx_voiceagent_module.c");
my @directives = $source =~ /ngx_string\("(voiceagent_\w+)"\),\n\s+NGX_/g;
is_deeply([sort keys %tested], [sort @directives], 'every directive of the command table is tested');
done_testing();

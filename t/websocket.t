# voiceagent_websocket: messages are jobs, one after the other, whatever frames they come in;
# who breaks the rules, answers no ping or does not read is closed, and nobody else.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);
use VoiceAgent::Http qw(get);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(stand_still until_true patience);
use VoiceAgent::Proxy;
use VoiceAgent::Redis;
use VoiceAgent::Token qw(token);
use VoiceAgent::WebSocket;
use VoiceAgent::Worker qw(take ack);

use constant IDLE => 3;    # seconds after which a client is asked whether it is awake

my $redis = VoiceAgent::Redis->start;
my $proxy = VoiceAgent::Proxy->start($redis);
my $nginx = VoiceAgent::Nginx->new(redis => $proxy->url . ' timeout=' . patience(6) . 's', listen => ' sndbuf=4k', http => <<'END',
    limit_req_zone  $binary_remote_addr  zone=messages:1m  rate=1r/m;
    limit_req_zone  $binary_remote_addr  zone=slowly:1m    rate=1r/m;
    map $request_method $of_messages { POST all; }
    limit_conn_zone $of_messages         zone=answers:1m;
END
    server => <<'END' =~ s/timeout=1m/'timeout=' . patience(60) . 's'/egr =~ s/idle=awake/'idle=' . IDLE/er)->start;
    location /chat     { voiceagent_public on; voiceagent_json id /id; voiceagent_json s /s;
                         voiceagent_websocket a.b max_message=1k idle=10m drain=1s protocol=chat timeout=1m
                                              lane=$arg_shop serial=$voiceagent_json_s; }
    location /patient  { voiceagent_public on; voiceagent_websocket a.b idle=10m drain=10m timeout=1m; }
    location /once     { voiceagent_public on; voiceagent_json id /id;
                         voiceagent_websocket a.b idle=10m dedup=$voiceagent_json_id timeout=1m; }
    location /late     { voiceagent_public on; voiceagent_websocket a.b timeout=100ms late=pending; }
    location /late_once { voiceagent_public on; voiceagent_json id /id;
                         voiceagent_websocket a.b timeout=100ms late=pending dedup=$voiceagent_json_id; }
    location /paced    { voiceagent_public on; voiceagent_websocket a.b timeout=1m; limit_rate 100k; }
    location /timeout  { voiceagent_public on; voiceagent_websocket a.b timeout=100ms; }
    location /limited  { voiceagent_public on; voiceagent_websocket a.b; limit_req zone=messages burst=2 nodelay; limit_req_status 429; }
    location /slowly   { voiceagent_public on; voiceagent_websocket a.b; limit_req zone=slowly burst=5; }
    location /one      { voiceagent_public on; voiceagent_websocket a.b timeout=1m; limit_conn answers 1; limit_conn_status 429; }
    location /idle     { voiceagent_public on; voiceagent_websocket a.b idle=200ms; }
    location /awake    { voiceagent_public on; voiceagent_websocket a.b idle=awakes; }
    location /life     { voiceagent_public on; voiceagent_websocket a.b life=100ms drain=100ms timeout=1m; }
    location /small    { voiceagent_public on; voiceagent_job_body 4; voiceagent_websocket a.b; }
    location /token    { voiceagent_jwt key=jwt alg=HS256; voiceagent_websocket a.b idle=10m; }
    location /asked    { voiceagent_public on; voiceagent_authorize may.be for=$http_origin$arg_key; voiceagent_websocket a.b; }
    location /filters  { ssi on; ssi_types *; gzip on; gzip_types *; gzip_min_length 1; charset utf-8;
                         voiceagent_public on; voiceagent_websocket a.b; }
    location /if       { voiceagent_public on; voiceagent_websocket a.b; if ($arg_x) { set $x 1; } }
    location = /metrics { voiceagent_public on; voiceagent_metrics; }
END
my $port = $nginx->port_;

sub ws { my ($target, %o) = @_; return VoiceAgent::WebSocket->open($port, $target, %o) }
sub next_job { return until_true(20, sub { take($redis) }) }
sub reply { my ($job, $body, %o) = @_; return ack($redis, $job, {type => 'application/json', body => $body, %o}) }

sub metric {
    my ($value) = get($port, '/metrics')->{body} =~ /^\Qvoiceagent_$_[0]\E (\d+)$/m;
    return $value;
}

sub alone {
    return until_true(20, sub { metric('websockets') == 0 && metric('waiting_requests') == 0 });
}

# What is published before nobody hears.
sub listens { my ($channel) = @_; return until_true(20, sub { $redis->command('PUBSUB', 'NUMSUB', $channel)->[1] == 1 }) }

# --------------------------------------------------------------------------- the handshake

my $ws = ws('/chat');
is($ws->status, 101, 'a WebSocket is opened');
is($ws->header('sec-websocket-accept'), VoiceAgent::WebSocket::accept_key(), '  with the proof that the key was read');
is(lc $ws->header('upgrade') . ' ' . lc $ws->header('connection'), 'websocket upgrade', '  and what the protocol asks for');
is($ws->header('sec-websocket-protocol'), undef, '  and no protocol, which was not asked for');
is($ws->header($_), undef, "  nor $_") for qw(sec-websocket-extensions content-length transfer-encoding);
is(ws('/chat', 'Sec-WebSocket-Extensions' => 'permessage-deflate')->header('sec-websocket-extensions'), undef, 'no extension is agreed to');
is(ws('/chat', 'Sec-WebSocket-Protocol' => 'other, chat')->header('sec-websocket-protocol'), 'chat', 'a protocol that is asked for and known');
is(ws('/chat', 'Sec-WebSocket-Protocol' => 'other')->header('sec-websocket-protocol'), undef, '  and one that is not');

for (['no Upgrade', 400, Upgrade => undef], ['another protocol', 400, Upgrade => 'h2c'],
    ['no Connection', 400, Connection => 'close'], ['no key', 400, 'Sec-WebSocket-Key' => undef],
    ['a short key', 400, 'Sec-WebSocket-Key' => 'c2hvcnQ='], ['a body', 400, 'Content-Length' => 4, behind => 'body'],
    ['no version', 426, 'Sec-WebSocket-Version' => undef], ['another version', 426, 'Sec-WebSocket-Version' => 8]) {
    my ($name, $status, @headers) = @$_;
    my $refused = ws('/chat', @headers);
    is($refused->status, $status, "$name is refused");
    is($refused->header('sec-websocket-version'), $status == 426 ? 13 : undef, '  and told what is spoken');
}
is(ws('/chat', Connection => 'keep-alive, Upgrade', Upgrade => 'foo, WebSocket')->status, 101, 'lists, in any case');
is(ws('/chat', Connection => ['keep-alive', 'Upgrade'], Upgrade => ['foo', 'websocket'])->status, 101, '  over several lines');
is(ws('/chat', 'Sec-WebSocket-Protocol' => ['other', 'chat'])->header('sec-websocket-protocol'), 'chat', '  of protocols too');
is(VoiceAgent::Http::post($port, '/chat', 'x')->{status}, 405, 'only GET');

# ---------------------------------------------------------------------- who is let in

is(ws('/token')->status, 401, 'without a token');
my @bearer = (Authorization => 'Bearer ' . token({organizationId => 'o1'}));
my @cookie = (Cookie => '__Host-va=' . token({organizationId => 'o1'}));
my $mine = ws('/token', @bearer);
is($mine->status, 101, 'with a token');
$mine->text('{}');
my $job = next_job();
is($job->{org}, 'o1', '  whose organization its jobs have');
is($job->{auth}{scheme}, 'jwt', '  and how it was let in');
reply($job, '{}');
is($mine->said, 'text {}', '  and their replies come');
is(ws('/token', @cookie, Origin => 'https://agent.example.com')->status, 101, 'with a cookie, from our own pages');
is(ws('/token', @cookie, Origin => 'https://evil.example')->status, 403, '  and not from those of others');
is(ws('/if?x=1')->status, 101, 'an "if" within the location does what it does');

# ask: who opens it, and what a worker says of him
sub ask_with {
    my ($status, $target, %headers) = @_;
    my $c = VoiceAgent::Http->connect($port)->ask('GET', $target, undef, %VoiceAgent::WebSocket::HEADERS, %headers);
    if ($status) {
        my $question = next_job();
        is($question->{type}, 'may.be', '  a worker is asked');
        reply($question, '{}', status => $status);
    }
    return $c->take(qr{\AHTTP/1\.1 \d{3}}) =~ s{.* }{}r;
}
is(ask_with(403, '/asked?key=k', Origin => 'https://a.example'), 403, 'an origin that a worker refuses');
is(ask_with(undef, '/asked?key=k', Origin => 'https://a.example'), 403, '  which is remembered');
is(ask_with(200, '/asked?key=k', Origin => 'https://b.example'), 101, '  and is not the word on another\'s');
is(ask_with(401, '/asked?key=x', Origin => 'https://b.example'), 401, '  nor on another key');

# ------------------------------------------------------------------- messages are jobs

$ws->text('{"id":"m1","s":"talk"}');
$job = next_job();
is("$job->{type} $job->{http}{method} $job->{http}{uri}", 'a.b POST /chat', 'a message is a job');
is($job->{http}{body}, '{"id":"m1","s":"talk"}', '  with the text as its body');
is($job->{http}{headers}{'content-type'}, 'application/json', '  as JSON');
is($job->{serial}, 'talk', '  in the order of what it names');
is($job->{lane}, undef, '  in the lane of what the address names');
like($job->{http}{connection}, qr/^[0-9a-f]{32}$/, '  and the connection\'s name');
my $channel = "va:ws:$job->{http}{connection}";
is(metric('waiting_requests'), 1, '  whose reply is waited for');
reply($job, qq({"a":"\x{e9}"}));
is($ws->said, "text {\"a\":\"\xc3\xa9\"}", '  and comes back');

$ws->text('{"n":1}');
$ws->text("{\"n\":$_}") for 2 .. 12;
my @order;
for (1 .. 12) {
    $job = next_job();
    ok(!take($redis), "message $_ waits for the answer before it") if $_ == 1;
    push @order, $job->{http}{body} =~ /(\d+)/;
    reply($job, "{\"r\":$_}");
    is($ws->said, "text {\"r\":$_}", "answer $_");
}
is("@order", join(' ', 1 .. 12), 'in the order they were written, more than may wait at once too');

my ($one, $two) = (ws('/chat?shop=s1'), ws('/chat?shop=s1'));
$_->text('{"s":"same"}') for $one, $two;
$job = next_job();
is($job->{lane}, 's1', 'two connections of one talk: a lane');
ok(!take($redis), '  the second waits for the first');
reply($job, '{"first":1}');
my $other = next_job();
isnt($other->{http}{connection}, $job->{http}{connection}, '  each has its name');
reply($other, '{"second":1}');
is(join(' ', sort $one->said, $two->said), 'text {"first":1} text {"second":1}', '  and is sent its own answer');
$_->close for $one, $two;

my $typed = ws('/once', 'Content-Type' => 'text/plain', 'User-Agent' => 'mine');
$typed->text('{"id":"typed"}');
$job = next_job();
is(join(' ', map { "$_=$job->{http}{headers}{$_}" } sort keys %{$job->{http}{headers}}), 'content-type=application/json user-agent=mine',
    'a message has the headers of the handshake, and its own type alone');
reply($job, '{}');
is($typed->said, 'text {}', '  and its answer');
$typed->close;
my $once = ws('/once');
$once->text('{"id":"m"}');
reply(next_job(), '{"the":"answer"}');
is($once->said, 'text {"the":"answer"}', 'a message with a name');
$once->text('{"id":"m"}');
is($once->said, 'text {"the":"answer"}', '  once more has the same answer');
ok(!take($redis), '  and is no job again');
$once->text('{}');
is($once->next->{json}{error}{code}, 'bad_request', '  without a name it is refused');
$once->text('');
is($once->next->{json}{error}{code}, 'bad_request', '  and so is nothing at all');
$once->close;

my $behind = ws('/chat', behind => VoiceAgent::WebSocket::frame(text => '{"early":1}'));
$job = next_job();
is($job->{http}{body}, '{"early":1}', 'what stands behind the handshake in one piece is heard');
reply($job, 'no JSON');
is($behind->said, 'text no JSON', '  and a reply is sent as it is');
$behind->close;

# --------------------------------------------------------------- what nginx says itself

my $late = ws('/late');
$late->text('{}');
my $pending = $late->next->{json};
is($pending->{status}, 'pending', 'an answer that is not there in time');
is($pending->{job}, next_job()->{id}, '  goes on as that job');
$late->close;
$late = ws('/late_once');
$late->text('{"id":"m1"}');
$pending = $late->next->{json};
$late->close;
$late = ws('/late_once');
$late->text('{"id":"m1"}');
is($late->next->{json}{job}, $pending->{job}, 'who repeats a message is told the job of the first');
is(next_job()->{id}, $pending->{job}, '  which stands in the queue');
ok(!take($redis), '  and no other');
$late->close;
my $paced = ws('/paced');
for my $n (1, 2, 3) {
    $paced->text('{}');
    reply(next_job(), "{\"n\":$n}");
    is($paced->said, "text {\"n\":$n}", "answer $n where limit_rate counts");
}
$paced->close;
$paced = ws('/paced', rcvbuf => 4096);
$paced->text('{}');
my $long = '"' . 'x' x 200000 . '"';
reply(next_job(), $long);
for (1 .. 3) { select undef, undef, undef, 0.3; $paced->send(ping => '') }
my %came = map { ($_->{kind} => $_->{payload}) } map { $paced->next // () } 1 .. 4;
ok(($came{text} // '') eq $long, 'a long answer comes at its rate to a client that writes meanwhile');
is($came{pong}, '', '  who is answered too');
$paced->close;
my $timeout = ws('/timeout');
$timeout->text('{}');
is($timeout->next->{json}{error}{code}, 'timeout', 'or is told to be late');
reply(next_job(), '{}');
$timeout->text('{}');
is($timeout->next->{json}{error}{code}, 'timeout', '  and the connection lives on');
next_job();
$timeout->close;
my $small = ws('/small');
$small->text('{"a":1}');
is($small->next->{json}{error}{code}, 'too_large', 'more than a job holds');
$small->close;

my $limited = ws('/limited');
$limited->text('{}') for 1 .. 3;
reply(next_job(), '{}') for 1 .. 2;
is(join(' ', map { $limited->said } 1 .. 2), 'text {} text {}', 'as many as may be written');
is($limited->next->{json}{error}{code}, 'too_many_requests', '  and one more');
is(ws('/limited')->status, 429, '  which a new connection is too');
$limited->close;
my $slowly = ws('/slowly');
$slowly->text('{}') for 1 .. 2;
for (1 .. 2) { reply(next_job(), '{}'); is($slowly->said, 'text {}', 'a delay of limit_req is not waited for') }
$slowly->close;
my ($first, $second) = (ws('/one'), ws('/one'));
$first->text('{}');
$job = next_job();
$second->text('{}');
is($second->next->{json}{error}{code}, 'too_many_requests', 'limit_conn counts the answers that are waited for');
reply($job, '{}');
is($first->said, 'text {}', '  while there are any');
$second->text('{}');
reply(next_job(), '{}');
is($second->said, 'text {}', '  and no longer');
$first->close;
$second->text('{}');
$job = next_job();
$second->reset;
$first = ws('/one');
ok(until_true(20, sub { metric('waiting_requests') == 0 }), 'who goes away is waited for by nobody');
reply($job, '{}');
$first->text('{}');
reply(next_job(), '{}');
is($first->said, 'text {}', '  and counts no more');
$first->close;

for my $status (401, 403) {
    my $out = ws('/chat');
    $out->text('{}');
    reply(next_job(), '{"error":1}', status => $status);
    is($out->said . ', ' . $out->said, 'text {"error":1}, close 1008', "$status: the door is closed, and why");
}

# ------------------------------------------------------------------------ what is published

listens($channel);
is($redis->command('PUBLISH', $channel, '{"from":"people"}'), 1, 'what is published for the connection');
is($ws->said, 'text {"from":"people"}', '  is sent to it');
$redis->command('PUBLISH', $channel, "{\"n\":$_}") for 1 .. 3;
is(join(' ', map { $ws->said } 1 .. 3), join(' ', map { "text {\"n\":$_}" } 1 .. 3), '  in its order');
$redis->command('PUBLISH', $channel, "\xff");
$redis->command('PUBLISH', $channel, '{"after":1}');
is($ws->said, 'text {"after":1}', '  unless it is no text');
ok($nginx->logged(qr/a message to a WebSocket that is no text/), '  which is logged');

# Much that is read from Redis at once: its client has had no turn to take any of it.
my ($process) = $nginx->workers;
my $much = $ENV{TEST_NGINX_LD_PRELOAD} ? 6 : 9;    # a byte at a time it does not come at once
stand_still($process);
$redis->command('PUBLISH', $channel, $_ x 10000) for 1 .. $much;
kill CONT => $process;
is(join(' ', map { my $said = $ws->said // ''; substr $said, 0, 6 } 1 .. $much), join(' ', map { "text $_" } 1 .. $much), 'all that comes at once is sent');

# ------------------------------------------------------------------------------- frames

my $filtered = ws('/filters', 'Accept-Encoding' => 'gzip');
is($filtered->status, 101, 'a place whose bodies nginx changes');
$filtered->text('{}');
my $answer = '{"answer":"hello <!--# echo var=uri --> hello"}';
reply(next_job(), $answer);
is($filtered->said, "text $answer", '  lets frames be');
$filtered->close;

$ws->send(text => '{"in', fin => 0);
$ws->send(ping => 'between');
is($ws->said, 'pong between', 'a ping between two fragments is answered');
$ws->send(continuation => '":"pie', fin => 0);
$ws->send(continuation => '', fin => 0);
$ws->send(continuation => 'ces"}');
$job = next_job();
is($job->{http}{body}, '{"in":"pieces"}', '  and they are one message');
$ws->send(ping => 'meanwhile');
is($ws->said, 'pong meanwhile', '  a ping is answered while its answer is awaited');
reply($job, '{}');
is($ws->said, 'text {}', '  which comes then');
$ws->send(pong => 'unasked');
my $euro = "{\"p\":\"\xe2\x82\xac\"}";
$ws->send(text => substr($euro, 0, 7), fin => 0);
$ws->send(continuation => substr($euro, 7));
$job = next_job();
reply($job, '{"euro":1}');
is($ws->said, 'text {"euro":1}', 'a character may be cut in two');
for my $byte (split //, VoiceAgent::WebSocket::frame(text => '{"bytes":1}')) { $ws->write($byte) }
reply(next_job(), '{"b":1}');
is($ws->said, 'text {"b":1}', 'and a frame into bytes');
$ws->write(join '', map { VoiceAgent::WebSocket::frame(@$_) } [text => '{"p":1}'], [ping => 'p'], [text => '{"p":2}']);
is($ws->said, 'pong p', 'several frames come in one piece');
for (1 .. 2) {
    $job = next_job();
    is($job->{http}{body}, "{\"p\":$_}", "  message $_ of them");
    reply($job, "{\"q\":$_}");
    is($ws->said, "text {\"q\":$_}", "  and its answer");
}

my $big = '{"x":"' . 'x' x (1024 - 8) . '"}';
$ws->text($big);
$job = next_job();
is($job->{http}{body}, $big, 'the largest message');
reply($job, '"' . 'y' x 100000 . '"');
is(length $ws->next->{payload}, 100002, '  and a large reply');

# what is sent, and what it is closed with
my @broken = (
    ['binary', 1003, [binary => 'x']],
    ['binary, in pieces', 1003, [binary => 'x', fin => 0]],
    ['no UTF-8', 1007, [text => "{\"a\":\"\xff\"}"]],
    ['half a character', 1007, [text => "\xe2\x82"]],
    ['a surrogate', 1007, [text => "\xed\xa0\x80"]],
    ['too large', 1009, [text => $big . ' ']],
    ['too large, as it claims', 1009, [text => 'x', length => 1 << 40]],
    ['too large in pieces', 1009, [text => 'x' x 1000, fin => 0], [continuation => 'x' x 1000]],
    ['too many pieces', 1009, [text => 'x', fin => 0], ([continuation => '', fin => 0]) x 1024],
    ['unmasked', 1002, [text => '{}', unmasked => 1]],
    ['a reserved bit', 1002, [text => '{}', rsv => 4]],
    ['another reserved bit', 1002, [text => '{}', rsv => 1]],
    ['a continuation of nothing', 1002, [continuation => '{}']],
    ['a message within another', 1002, [text => '{', fin => 0], [text => '{}']],
    ['an unknown kind', 1002, [3 => 'x']],
    ['a code that means nothing', 1002, [close => pack 'n', 1005]],
    ['a long ping', 0, [ping => 'x' x 126]],
    ['a ping in pieces', 0, [ping => 'x', fin => 0]],
);
for (@broken) {
    my ($name, $code, @frames) = @$_;
    my $bad = ws('/chat');
    $bad->write(join '', map { VoiceAgent::WebSocket::frame(@$_) } @frames);
    is($bad->said, "close $code", "$name: closed");
    ok($bad->closed, '  and the connection too');
}
ok(!take($redis), '  and nothing of it was a job');
for my $code (1000, 1001, 3000, 4999) {
    my $bye = ws('/chat');
    $bye->send(close => pack('n', $code) . 'bye');
    is($bye->said, "close $code", "closed with $code, and so answered");
    ok($bye->closed, '  and it is over');
}
my $bye = ws('/chat');
$bye->send(close => '');
is($bye->said, 'close 0', 'closed without a reason, and so answered');
$bye = ws('/chat');
$bye->text('{"last":1}');
$job = next_job();
$bye->send(close => pack 'n', 1000);
is($bye->said, 'close 1000', 'who closes while an answer is awaited is not kept');
reply($job, '{}');
ws('/chat')->reset for 1 .. 3;

# ------------------------------------------------------------------ who is not there any more

# Who has stood still himself may have answered too late, which shows nothing; he will not each time.
my ($awake, @asked);
for (1 .. 5) {
    my ($before, $longest) = (time, 0);
    $awake = ws('/awake');
    @asked = map {
        my $said = $awake->said;
        my $took = time - $before;
        $longest = $took if $took > $longest;
        $before += $took;
        $awake->send(pong => '');
        $said;
    } 1, 2;
    last if $longest < 1.5 * IDLE;
    $awake->close;
}
is("@asked", 'ping  ping ', 'who is silent is asked, and, having answered, again');
$awake->text('{}');
reply(next_job(), '{}');
ok(until_true(20, sub { ($awake->said // '') eq 'text {}' }), '  and goes on');
$awake->close;
my $silent = ws('/idle');
is($silent->said, 'ping ', 'who answers no ping');
ok(until_true(20, sub { !$silent->next(1) && $silent->{eof} }), '  is gone');
ok($nginx->logged(qr/the client of a WebSocket answers no ping/), '  which is logged');

my $deaf = ws('/chat', rcvbuf => 2048);
$deaf->text('{}');
$job = next_job();
my $to = "va:ws:$job->{http}{connection}";
listens($to);
ok(until_true(60, sub { $redis->command('PUBLISH', $to, 'x' x 10000) == 0 }), 'who does not read is closed');
ok($nginx->logged(qr/the client of a WebSocket does not read/), '  which is logged');
reply($job, '{}');
$deaf->close;

# Each ping is answered; what that costs does not grow with their number.
my $pinger = ws('/chat');
my ($worker) = $nginx->workers;
my $before = VoiceAgent::Nginx::peak_memory($worker);
stand_still($worker);
$pinger->fill(VoiceAgent::WebSocket::frame(ping => '') x 100_000);
kill 'CONT', $worker;
is(get($port, '/metrics')->{status}, 200, 'beside a flood of pings others are answered');
SKIP: {
    skip 'what is freed stays with the tool', 1 if $ENV{ASAN_OPTIONS} || $ENV{TEST_NGINX_USE_VALGRIND};
    cmp_ok(VoiceAgent::Nginx::peak_memory($worker) - $before, '<', 4096, '  and it costs less than 4 MB');
}
$pinger->close;

my $busy = ws('/chat');
$busy->write(VoiceAgent::WebSocket::frame(ping => 'p') x 5000 . VoiceAgent::WebSocket::frame(text => '{}'));
is(scalar(grep { $busy->said eq 'pong p' } 1 .. 5000), 5000, 'pings beyond a turn of reading are all answered');
reply(next_job(), '{"busy":1}');
is($busy->said, 'text {"busy":1}', '  and what stands behind them');
$busy->close;

my $slow = ws('/chat', rcvbuf => 2048);
$slow->text('{}');
my $length = $ENV{TEST_NGINX_LD_PRELOAD} ? 50_000 : 500_000;
reply(next_job(), '"' . 'z' x $length . '"');
$slow->text('{"more":1}');
my $reply = $slow->next(60);
is(length $reply->{payload}, $length + 2, 'who reads slowly is given a long answer whole');
reply(next_job(), '{"more":2}');
is($slow->said, 'text {"more":2}', '  and the next');
$slow->close;

# ------------------------------------------------------------------------------ its end

my $life = ws('/life');
is($life->said, 'close 1001', 'when its life is over, a connection is to come back');
ok($life->closed, '  and ends');
$life = ws('/life', behind => VoiceAgent::WebSocket::frame(text => '{}'));    # it may be over before another write
$job = next_job();
select undef, undef, undef, 2;
reply($job, '{"first":1}');
is($life->said . ', ' . $life->said, 'text {"first":1}, close 1001', '  behind the answer that it waits for');

my $waiting = ws('/chat');
$waiting->text('{"over":"a reload"}');
$job = next_job();
$nginx->reload;
is($ws->said, 'close 1001', 'nginx is reloaded: a connection is to come back');
is($mine->said, 'close 1001', '  each');
reply($job, '{"answer":1}');
is($waiting->said . ', ' . $waiting->said, 'text {"answer":1}, close 1001', '  behind the answer that it waits for');
ok($nginx->settled, '  and the old workers leave');
ok(alone(), '  nobody is left');

# -------------------------------------------------------------------------- without Redis

my $patient = ws('/patient');
$patient->text('{}');
$job = next_job();
$to = "va:ws:$job->{http}{connection}";
reply($job, '{}');
is($patient->said, 'text {}', 'Redis is there');
listens($to);
$ws = ws('/chat');
$ws->text('{}');
$job = next_job();
reply($job, '{}');
is($ws->said, 'text {}', '  for another too');
listens("va:ws:$job->{http}{connection}");
$proxy->cut('channel');
ok(until_true(20, sub { $redis->command('PUBLISH', $to, '{"back":1}') }), 'when it comes back, what is published is heard again');
is($patient->said, 'text {"back":1}', '  and sent');
is($ws->said, 'close 1001', '  and who may have missed something is to come back');
$patient->close;
$ws = ws('/chat');
$redis->pause;
$ws->text('{}');
is($ws->next->{json}{error}{code}, 'unavailable', 'a message that Redis does not take');
is($ws->said, 'close 1013', '  and the client is to try again later');
$redis->resume;
ok(alone(), 'nobody is left');
unlike($nginx->log, qr/\[(?:alert|crit|emerg)\]/, 'nothing went wrong');

done_testing();

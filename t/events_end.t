# Streams of voiceagent_events that end at odd moments: before their first event, with a
# history under way, or on a client that takes nothing.
use strict;
use warnings;

use IO::Select;
use Test::More;
use Time::HiRes qw(time);
use VoiceAgent::Http qw(get);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(stand_still until_true port patience);
use VoiceAgent::Redis;
use VoiceAgent::Sse;
use VoiceAgent::Token qw(token);
use VoiceAgent::Worker qw(take ack);

my $redis  = VoiceAgent::Redis->start;
my $http2  = port();
my $pace   = patience(1);
my $server = <<"END";
    voiceagent_jwt key=jwt alg=HS256;
    location /events    { voiceagent_events org=\$voiceagent_claim_org ping=10m; }
    location /customer/ { voiceagent_events org=\$voiceagent_claim_org customer=\$arg_c ping=10m; }
    location /call/     { voiceagent_events org=\$voiceagent_claim_org call=\$arg_c ping=10m; }
    location /foreign   { voiceagent_events org=\$arg_c ping=10m; }
    location /snapshot  { voiceagent_events org=\$voiceagent_claim_org snapshot=stream.snapshot ping=10m; send_timeout ${pace}s; }
    location /brief     { voiceagent_events org=\$voiceagent_claim_org snapshot=stream.snapshot ping=100ms life=300ms drain=100ms; }
    location = /metrics { voiceagent_public on; voiceagent_metrics; }
END
my $nginx = VoiceAgent::Nginx->new(redis => $redis, listen => ' sndbuf=4k', server => $server,
    http => "server { listen 127.0.0.1:$http2 http2; $server }")->start;
my $port = $nginx->port_;
my $worker = until_true(20, sub { ($nginx->workers)[0] });
my $outbox = 0;

sub bearer { return (Authorization => 'Bearer ' . token({organizationId => $_[0]})) }
sub stream { my ($target, $org, %more) = @_; return VoiceAgent::Sse->open($port, $target, bearer($org), %more) }
sub next_job { return until_true(20, sub { take($redis) }) }

sub publish {
    my ($org, $data) = @_;
    return $redis->script('publish', ["va:events:{$org}"], 'o' . $outbox++, 'note', '', '', qq({"n":"$data"}));
}

sub metric {
    my ($value) = get($port, '/metrics')->{body} =~ /^voiceagent_$_[0] (\d+)$/m;
    return $value;
}

sub alone { return until_true(20, sub { metric('event_clients') == 0 && metric('waiting_requests') == 0 }) }

# ------------------------------------------------------------ before its first event

my $held = stream('/events', 'o1');
is($held->event->{event}, 'connected', 'a stream of the organization is open');
for ('/customer/', '/call/') {
    is(get($port, "$_?c=\xff", bearer('o1'))->{status}, 404, "$_: an id that is no text names nobody");
}
is(get($port, "/foreign?c=\xff", bearer('o1'))->{status}, 403, '  nor an organization');

# nginx reads the request of a client that has gone, and hears of that by writing.
for (1 .. 5) {
    stand_still($worker);
    VoiceAgent::Http->connect($port)->ask('GET', '/events', undef, bearer('o1'))->close;
    kill 'CONT', $worker;
    ok(until_true(20, sub { metric('event_clients') == 1 }), 'a client that has gone before its stream began');
}
publish('o1', 'on');
is($held->event->{json}{n}, 'on', '  does not disturb the other');
$held->close;

# --------------------------------------------------------- before its history has come

my $latest = publish('o2', 'before');
my $s = stream('/snapshot', 'o2');
is($s->event->{id}, undef, 'what is told before the history is no place to go on from');
my $job = next_job();
$s->close;
ok(alone(), '  when the stream breaks then');
ack($redis, $job, {body => "event: history\ndata: {\"n\":\"nobody\"}\n\n"});
$s = stream('/snapshot', 'o2');
is($s->event->{event}, 'connected', '  and the client comes back as it was told');
$job = next_job();
publish('o2', 'meanwhile');
ack($redis, $job, {body => "event: history\ndata: {\"n\":\"h\"}\n\n"});
is($s->event->{json}{n}, 'h', '  it is given the history');
is($s->block, ": snapshot\nid: $latest", '  and behind it where that ends');
is($s->event->{json}{n}, 'meanwhile', '  with what has happened since');
$s->close;
$s = stream('/snapshot', 'o2', 'Last-Event-ID' => $latest);
is(join(' ', map { $s->event->{json}{n} // 'connected' } 1 .. 2), 'connected meanwhile', 'who has it goes on from there');
ok(!take($redis), '  and nobody is asked');
$s->close;

# ------------------------------------------------------------------ a client that is slow

# A byte at a time a reply that long comes later than nginx waits for a history.
my $last = $ENV{TEST_NGINX_LD_PRELOAD} ? 30 : 300;
my $history = join '', map { "event: history\ndata: {\"n\":\"$_\",\"p\":\"" . 'p' x 1000 . "\"}\n\n" } 1 .. $last;

# Reads a little within each send_timeout, and in several of them all; what it has read, how long
# that took, and the longest time in which it read nothing.
sub read_slowly {
    my $slow = stream('/snapshot', 'o3', rcvbuf => 2048);
    $slow->event;
    ack($redis, next_job(), {body => $history});
    my ($read, $readable, $begun, $longest) = ('', IO::Select->new($slow->{socket}), time, 0);
    my $before = $begun;
    while (length $read < length $history && $readable->can_read(patience(20))) {
        select undef, undef, undef, $pace * 3 / 60;
        my $n = sysread $slow->{socket}, my $some, 6000;
        my $now = time;
        $longest = $now - $before if $now - $before > $longest;
        $before = $now;
        last unless $n;
        $read .= $some;
    }
    $slow->close;
    return ($read, $before - $begun, $longest);
}

# A machine that stands still for that long shows nothing; it will not do so each time.
my ($read, $took, $longest);
for (1 .. 10) {
    ($read, $took, $longest) = read_slowly();
    last if $read =~ /"n":"$last"/ || $longest < $pace / 2;
}
like($read, qr/"n":"$last"/, 'a client that reads slowly is given a long history to its end');
cmp_ok($took, '>', 2 * $pace, '  which takes longer than one that reads nothing is waited for') unless $ENV{TEST_NGINX_LD_PRELOAD};
ok(alone(), '  and goes');

# ------------------------------------------------------------- a client that takes nothing

sub frame {
    my ($type, $flags, $stream, $payload) = @_;
    return substr(pack('N', length $payload), 1) . pack('CCN', $type, $flags, $stream) . $payload;
}

# RFC 7541, section 5.1
sub hpack_text {
    my ($text) = @_;
    my $n = length $text;
    return chr($n) . $text if $n < 127;
    my $length = chr 127;
    for ($n -= 127; $n >= 128; $n >>= 7) { $length .= chr($n % 128 + 128) }
    return $length . chr($n) . $text;
}

# GET over HTTP/2 of a client whose window is closed (SETTINGS_INITIAL_WINDOW_SIZE 0).
sub windowless {
    my ($target, $org) = @_;
    my (undef, $token) = bearer($org);
    my $head = "\x82\x86\x04" . hpack_text($target) . "\x01" . hpack_text('localhost') . "\x0f\x08" . hpack_text($token);
    my $c = VoiceAgent::Http->connect($http2);
    $c->write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(4, 0, 0, pack 'nN', 4, 0) . frame(1, 5, 1, $head));
    return $c;
}

$held = stream('/events', 'o4');
$held->event;
my $c = windowless('/brief', 'o4');
$job = next_job();
is($job->{org}, 'o4', 'a history is asked for, for a client that takes nothing');
ok(until_true(20, sub { metric('event_clients') == 1 }), '  whose stream is over meanwhile');
ok(until_true(20, sub { metric("waiting_requests") == 0 }), '  and nobody waits for it any more');
ack($redis, $job, {body => "event: history\ndata: {}\n\n"});
publish('o4', 'on');
is($held->event->{json}{n}, 'on', '  which is nothing to the others');
$_->close for $c, $held;
ok(alone(), 'all have gone');
is(join(' ', $nginx->workers), $worker, 'by one and the same process');

$nginx->stop('TERM');
done_testing();

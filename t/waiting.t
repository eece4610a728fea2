# Requests that wait for a worker: each reply reaches all who wait for it, whichever way
# and in whatever order its parts arrive, and a client that goes away leaves nothing.
use strict;
use warnings;

use IO::Socket::INET;
use Test::More;
use VoiceAgent::Http qw(get post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(until_true patience port);
use VoiceAgent::Proxy;
use VoiceAgent::Redis;
use VoiceAgent::Worker qw(take ack);

my $redis = VoiceAgent::Redis->start;
my $proxy = VoiceAgent::Proxy->start($redis);
my ($soon, $later) = (patience(10) . 's', patience(18) . 's');
# Ten minutes are more than this test has patience for: what arrives does not arrive
# because a deadline ends. One connection for commands: when it is back, all are.
my $nginx = VoiceAgent::Nginx->new(redis => $proxy->url . ' connections=1 timeout=' . patience(10) . 's', connections => 1024, server => <<"END")->start;
    location /call   { voiceagent_public on; voiceagent_call a.b timeout=10m dedup=\$arg_d dedup_ttl=100s; }
    location /plain  { voiceagent_public on; voiceagent_call a.b timeout=10m; }
    location /short  { voiceagent_public on; voiceagent_call a.b timeout=300ms late=pending dedup=\$arg_d; }
    location /soon   { voiceagent_public on; voiceagent_call a.b timeout=$soon; }
    location /later  { voiceagent_public on; voiceagent_call a.b timeout=$later; }
    location /file   { root html; }
    location /metrics { voiceagent_metrics; }
END
my $port = $nginx->port_;
connected();

sub metric {
    my ($name) = @_;
    my ($value) = get($port, '/metrics')->{body} =~ /^voiceagent_\Q$name\E (\d+)$/m;
    return $value;
}

sub ask {
    my ($target) = @_;
    my $c = VoiceAgent::Http->connect($port);
    return $c->ask('GET', $target);
}

sub connected { return until_true(20, sub { metric('redis_up') }) }

sub next_job { return until_true(20, sub { take($redis) }) }

# A worker may have a job before nginx has read that its push is done.
sub pushed { return until_true(20, sub { metric('redis_inflight') == 0 }) }

# In the order asked: waits until the n-th is known to Redis.
sub waiting {
    my ($n) = @_;
    return until_true(20, sub { metric('waiting_requests') == $n });
}

# ----------------------------------------------------------------- one job, many

my @clients = map { ask('/call?d=joined') } 1 .. 50;
ok(waiting(50), '50 requests of one key wait');
my $job = next_job();
ok(!take($redis), '  for one job');
ack($redis, $job, {body => 'shared'});
is(join(' ', map { $_->answer->{body} } @clients), join(' ', ('shared') x 50), '  and all get its reply');
is(get($port, '/call?d=joined')->{body}, 'shared', 'who comes later gets the same again');
ok(!take($redis), '  without a job');

# A byte at a time more takes minutes.
my ($lines, $many) = $ENV{TEST_NGINX_LD_PRELOAD} ? (4000, 5) : (8000, 20);
my $large = join '', map { "$_ stored reply\n" } 1 .. $lines;
@clients = map { ask('/call?d=large') } 1 .. $many;
ok(waiting($many), "$many requests of one key wait");
ack($redis, next_job(), {body => $large});
is(scalar(grep { $_->answer->{body} eq $large } @clients), $many, '  and all get a reply too large to be published');
is(get($port, '/call?d=large')->{body}, $large, '  again later');

@clients = map { ask("/call?d=each-$_") } 1 .. 300;
ok(waiting(300), '300 requests of their own keys wait');
for (1 .. 300) {
    my $one = next_job();
    ack($redis, $one, {body => $one->{http}{args}});
}
is(scalar(grep { $clients[$_ - 1]->answer->{body} eq "d=each-$_" } 1 .. 300), 300, '  and each gets its own reply');

# ------------------------------------------------------------------ order of events

$proxy->hold('commands');
my $c = ask('/plain');
$job = next_job();
ack($redis, $job, {body => 'early'});
is($c->answer->{body}, 'early', 'a reply that is published before the push is answered');
$proxy->release('commands');

$c = ask('/call?d=running');
$job = next_job();
pushed();
$proxy->hold('commands');
my $second = ask('/call?d=running');
ok(until_true(20, sub { $proxy->held('commands') }), 'a second request has joined, and does not know yet');
ack($redis, $job, {body => 'first in'});
is($c->answer->{body}, 'first in', '  the first has its reply');
$proxy->release('commands');
is($second->answer->{body}, 'first in', '  the second reads it from its key');

$proxy->hold('channel');
$c = ask('/soon');
ack($redis, next_job(), {body => 'from the key'});
is($c->answer->{body}, 'from the key', 'a published reply that does not arrive is read before the deadline');
ok(metric('replies_stored_total') > 0, '  and counted');
$proxy->release('channel');

$c = ask('/plain');
$job = next_job();
$proxy->refuse;
$proxy->cut('channel');
ack($redis, $job, {body => 'during the gap'});
$proxy->accept;
is($c->answer->{body}, 'during the gap', 'a reply published while there was no subscription');

my ($first, $next) = (ask('/plain?first'), ask('/plain?next'));
my %asked = map { ($_->{http}{args} => $_) } next_job(), next_job();
pushed();
$proxy->hold('commands');
$proxy->cut('channel');
ok(until_true(20, sub { $proxy->held('commands') }), 'who subscribes again asks for replies, which are not there yet');
ack($redis, $asked{first}, {body => $large});
ack($redis, $asked{next}, {body => 'small'});
is($next->answer->{body}, 'small', '  hears that one is there now');
$proxy->release('commands');
is(($first->answer // {})->{body}, $large, '  and asks once more');

ok(connected(), 'the subscription is made again');
my $failures = metric('redis_failures_total');
$proxy->refuse;
$proxy->cut('channel');
ok(until_true(20, sub { metric('redis_failures_total') > $failures }), '  and breaks');
$c = ask('/plain');
ack($redis, next_job(), {body => 'unsubscribed'});
is($c->answer->{body}, 'unsubscribed', '  who comes then reads his reply from its key');
$c = ask('/later');
$job = next_job();
$proxy->accept;
ok(connected(), '  until there is one again');
select undef, undef, undef, 1;    # what was to be read without a subscription has been
$proxy->hold('channel');
ack($redis, $job, {body => 'not heard'});
is(($c->answer // {})->{body}, 'not heard', '  and before the deadline once more');
$proxy->release('channel');

$c = ask('/plain');
$job = next_job();
pushed();
$proxy->cut('commands');
ok(connected(), 'the other connection is made again');
ack($redis, $job, {body => 'still heard'});
is($c->answer->{body}, 'still heard', '  and who waited for a reply still does');

$proxy->hold('commands');
$c = ask('/plain');
$job = next_job();
$proxy->cut('commands');
$proxy->release('commands');
is($c->answer->{status}, 503, 'a push whose answer is lost is not taken for done');
ack($redis, $job, {body => 'unheard'});

connected();
$proxy->dribble($_) for qw(commands channel);
$c = ask('/call?d=dribble');
ack($redis, next_job(), {body => 'byte by byte'});
is($c->answer->{body}, 'byte by byte', 'replies that come a byte at a time');
is(get($port, '/call?d=dribble')->{body}, 'byte by byte', '  stored ones too');
$proxy->flow($_) for qw(commands channel);

# ------------------------------------------------------------------------- late

my $late = metric('replies_late_total');
$c = ask('/short?d=late');
$job = next_job();
my $answer = $c->answer;
is($answer->{status}, 202, 'no reply in time');
is(VoiceAgent::Worker::decode($answer->{body})->{job}, $job->{id}, '  names the job that goes on');
is(get($port, '/short?d=late')->{body}, $answer->{body}, '  the same again while it does');
ack($redis, $job, {body => 'done after all'});
ok(until_true(20, sub { metric('replies_late_total') > $late }), '  its late reply is counted');
is(get($port, '/short?d=late')->{body}, 'done after all', '  and given to who asks again');
$redis->command('DEL', "va:{realtime}:res:$job->{id}");
is(get($port, '/short?d=late')->{status}, 409, '  until it is forgotten: what has ended is not said to be pending');

$proxy->hold('commands');
my @unsure = map { ask('/short?d=unsure') } 1, 2;
$job = next_job();
ok(!defined $unsure[$_]->take(qr/./s, 1), 'that a job goes on is not said while nobody knows whether Redis has it') for 0, 1;
$proxy->release('commands');
is(VoiceAgent::Worker::decode($_->answer->{body})->{job}, $job->{id}, '  then it is, of the one job') for @unsure;
ack($redis, $job, {body => 'unheard'});

$proxy->hold('commands');
$c = ask('/short?d=lost');
$job = next_job();
ok(!defined $c->take(qr/./s, 1), 'nor when that is');
$proxy->cut('commands');
$proxy->release('commands');
is($c->answer->{status}, 503, '  never to be known');
ack($redis, $job, {body => 'unheard'});
connected();

# ---------------------------------------------------------------------- gone away

@clients = map { ask('/plain') } 1 .. 20;
ok(waiting(20), '20 requests wait');
$_ % 2 ? $clients[$_]->close : $clients[$_]->reset for 0 .. 19;
ok(waiting(0), '  their clients go, and nobody waits any more');
ack($redis, next_job(), {body => 'unheard'}) for 1 .. 20;
is(get($port, '/file')->{status}, 404, '  the replies to them hurt nobody');

for (1 .. 20) {
    $c = VoiceAgent::Http->connect($port);
    $c->write(VoiceAgent::Http::head('GET', '/plain'));
    $c->close;
}
ok(waiting(0), 'clients that send and go at once are noticed too');
ack($redis, $job, {body => 'unheard'}) while $job = take($redis);

$proxy->hold('commands');
@clients = map { ask('/plain') } 1 .. 5;
next_job() for 1 .. 5;
$_->reset for @clients;
is(get($port, '/file')->{status}, 404, 'clients that go while their push is under way');
$proxy->release('commands');
ok(waiting(0), '  leave nobody waiting');

$c = VoiceAgent::Http->connect($port);
$c->write(VoiceAgent::Http::head('GET', '/plain') . VoiceAgent::Http::head('GET', '/file'));
ack($redis, next_job(), {body => 'pipelined'});
is($c->answer->{body}, 'pipelined', 'a request behind the one that waits is no goodbye');
is($c->answer->{status}, 404, '  and is answered next');

is(metric($_), 0, "$_ is zero at the end") for qw(waiting_requests event_clients);
$nginx->stop;

# A request that lasts longer than its client, since nginx sends it on.
my $elsewhere = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => port(), Listen => 10, ReuseAddr => 1) or die "listen: $!\n";
$nginx = VoiceAgent::Nginx->new(redis => $redis, port => $port, server => <<"END")->start;
    location /call   { voiceagent_public on; voiceagent_call a.b timeout=10m; post_action /after; }
    location /store  { voiceagent_public on; voiceagent_authorize a.b timeout=10m; voiceagent_enqueue c.d; post_action /after; }
    location /events { voiceagent_public on; voiceagent_events org=o ping=100ms snapshot=a.b; post_action /after; }
    location /after  { proxy_pass http://127.0.0.1:@{[$elsewhere->sockport]}; proxy_ignore_client_abort on; }
    location /metrics { voiceagent_metrics; }
END
for my $target (qw(/call /store /events)) {
    connected();
    my ($worker) = $nginx->workers;
    my $client = ask($target);
    my $question = next_job();
    $client->close;
    my $after = $elsewhere->accept;
    ack($redis, $question, {body => 'found'});
    ok(until_true(20, sub { metric('event_clients') == 0 }), "$target: a client goes, which nginx tells elsewhere");
    pushed();
    print $after "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    close $after;
    is(metric('requests_total{outcome="replied"}'), 0, '  nobody is given the reply');
    is(($nginx->workers)[0], $worker, '  and the worker lives');
}
$nginx->stop;
done_testing();

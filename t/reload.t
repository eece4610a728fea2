# Reload, quit and binary upgrade while requests wait and streams are open: each is
# answered, nothing is missed, and no old worker, descriptor or alert is left.
use strict;
use warnings;

use Test::More;
use VoiceAgent::Http qw(get post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(until_true port alive scratch);
use VoiceAgent::Redis;
use VoiceAgent::Sse;
use VoiceAgent::Token qw(token);
use VoiceAgent::Worker qw(take ack);

my $redis = VoiceAgent::Redis->start;
my $port = port();
my $server = <<'END';
    voiceagent_jwt key=jwt alg=HS256;
    location /job      { voiceagent_public on; voiceagent_enqueue a.b dedup=$arg_n; }
    location /call     { voiceagent_public on; voiceagent_call a.b timeout=10m; }
    location /events   { voiceagent_events org=$voiceagent_claim_org ping=100ms drain=200ms; }
    location /lasting  { voiceagent_events org=$voiceagent_claim_org ping=100ms drain=10d; }
    location /metrics  { voiceagent_public on; voiceagent_metrics; }
    location = /static { voiceagent_public on; root html; try_files /index.html =404; }
END

sub start_nginx {
    my (%o) = @_;
    return VoiceAgent::Nginx->new(redis => $redis, server => $server, port => $port, %o)->start;
}

sub ask { return VoiceAgent::Http->connect($port)->ask('GET', $_[0]) }

sub stream {
    my ($target, %more) = @_;
    return VoiceAgent::Sse->open($port, $target, Authorization => 'Bearer ' . token({organizationId => 'o'}), %more);
}

my $outbox = 0;

sub publish {
    my ($text) = @_;
    return $redis->script('publish', ['va:events:{o}'], 'o' . $outbox++, 'note', '', '', qq({"n":"$text"}));
}

sub next_job { return until_true(20, sub { take($redis, 'realtime') }) }

sub metric {
    my ($value) = get($port, '/metrics')->{body} =~ /^voiceagent_$_[0] (\d+)$/m;
    return $value;
}

# ---------------------------------------------------------------- who waits, who listens

my $nginx = start_nginx();
my @clients = map { ask('/call') } 1 .. 5;
ok(until_true(20, sub { metric('waiting_requests') == 5 }), 'requests wait');
my $s = stream('/events');
my $id = $s->event->{id};
$nginx->reload;
is(get($port, '/static')->{body}, "hello\n", 'a new worker takes what is new');
ok(scalar($nginx->workers(leaving => 1)), '  the old one stays');
for (1 .. 5) {
    my $job = next_job();
    ack($redis, $job, {body => 'reply'});
}
is(join(' ', map { $_->answer->{body} } @clients), 'reply reply reply reply reply', '  until each has its reply');
ok($s->ended, '  and the stream has ended, as HTTP says');
ok($nginx->settled, '  and leaves');
my $missed = publish('missed');
$s = stream('/events', 'Last-Event-ID' => $id);
is(join(' ', map { $s->event->{json}{n} // 'connected' } 1, 2), 'connected missed', 'the client goes on behind what it has seen');
$s->close;

# ------------------------------------------------------------------ events until the end

$s = stream('/lasting');
$s->event;
$nginx->reload;
publish($_) for 1 .. 20;
is(join(' ', map { $s->event->{json}{n} } 1 .. 20), join(' ', 1 .. 20), 'a stream of a leaving worker is told everything');
$s->close;
ok($nginx->settled, '  and its end is the end of the worker');

# ------------------------------------------------------------- again and again, under load

my $stop = scratch() . '/stop';
my @load = map { load($_) } 1 .. 3;
for (1 .. 8) {
    my $waits = ask('/call');
    my $job = next_job();
    $nginx->reload;
    ack($redis, $job, {body => 'reply'});
    is($waits->answer->{body}, 'reply', "reload $_: who waited has his reply");
}
ok($nginx->settled, 'no old worker is left');
VoiceAgent::Nginx::write_file($stop, '');
for my $load (@load) {
    VoiceAgent::Process::reap($load->{pid});
    my ($asked, $failed) = split ' ', VoiceAgent::Nginx::slurp($load->{counts}), 2;
    cmp_ok($asked, '>', 0, "$asked requests came in meanwhile");
    is($failed // 'none', 'none', '  each was answered as it should');
}
$nginx->reload;
$nginx->settled;
my $at_rest = $nginx->descriptors;
for (1 .. 3) {
    $nginx->reload;
    $nginx->settled;    # a worker has a channel to each that was there when it began
}
cmp_ok($nginx->descriptors, '<=', $at_rest, 'no more descriptors than before');
ok(until_true(20, sub { metric($_) == 0 }), "$_: none") for qw(waiting_requests event_clients redis_inflight);
my $channels = until_true(20, sub { my $c = $redis->command('PUBSUB', 'CHANNELS', 'va:reply:*'); @$c == 1 && $c });
ok($channels, 'one reply channel: the others went with their workers');

# Posts and reads until told to stop; leaves how often it asked and what it did not like.
sub load {
    my ($number) = @_;
    my $counts = scratch() . "/counts$number";
    my $pid = fork // die "fork: $!\n";
    return {pid => VoiceAgent::Process::adopt($pid), counts => $counts} if $pid;
    my ($asked, @failed) = (0);
    until (-e $stop) {
        $asked++;
        my $answer = eval { post($port, "/job?n=$number-$asked", 'x') };
        push @failed, $answer ? $answer->{status} : 'nothing' if !$answer || $answer->{status} != 200;
        $redis->client->command('LTRIM', 'va:{default}:in', 0, 100) if $asked % 100 == 0;
    }
    VoiceAgent::Nginx::write_file($counts, join ' ', $asked, @failed);
    POSIX::_exit(0);
}

# ---------------------------------------------------------- the directives come and go

$nginx->configure(server => 'location = /static { root html; try_files /index.html =404; }', redis => undef);
$nginx->reload;
is(get($port, '/static')->{body}, "hello\n", 'a configuration without the module');
$nginx->configure(server => $server, redis => $redis);
$nginx->reload;
ok(until_true(20, sub { post($port, '/job?n=back', 'x')->{status} == 200 }), '  and with it again');
$nginx->configure(server => 'voiceagent_nonsense;');
$nginx->signal('HUP');
ok($nginx->logged(qr/unknown directive "voiceagent_nonsense"/), 'a broken configuration');
is(post($port, '/job?n=broken', 'x')->{status}, 200, '  changes nothing');
$nginx->configure(server => $server);
$nginx->{allow} = [qr/unknown directive/, qr/connect\(\) to unix:\S+ failed \(2:/];

# ------------------------------------------------------------- Redis goes while it leaves

my $waits = ask('/call');
next_job();
$s = stream('/events');
$s->event;
$nginx->reload;
my ($leaving) = $nginx->workers(leaving => 1);
$redis->stop('KILL');
my $used = VoiceAgent::Nginx::processor_time($leaving);
sleep 1;
cmp_ok(VoiceAgent::Nginx::processor_time($leaving) - $used, '<', 0.5, 'a leaving worker waits without a spin');
$redis->run;
ok($s->ended, 'Redis dies under a leaving worker: its stream ends all the same');
$waits->close;
ok($nginx->settled, '  and so does the worker');
$nginx->stop;

# ------------------------------------------------------------------------------- quit

$nginx = start_nginx();
$waits = ask('/call');
my $job = next_job();
$s = stream('/events');
$s->event;
$nginx->signal('QUIT');
ok($s->ended, 'quit: a stream ends');
ack($redis, $job, {body => 'last'});
is($waits->answer->{body}, 'last', '  who waits has his reply first');
$nginx->stop;

$nginx = start_nginx();
$waits = ask('/call');
next_job();
$s = stream('/lasting');
$s->event;
$nginx->stop('TERM');
ok(!defined $waits->answer, 'a fast shutdown waits for nobody');

# ----------------------------------------------------------- worker_shutdown_timeout

$nginx = start_nginx(main => 'worker_shutdown_timeout 1s;');
like($nginx->log . $nginx->output, qr/worker_shutdown_timeout cuts event streams and WebSockets before they have drained/, 'a short worker_shutdown_timeout is warned of');
$waits = ask('/call');
next_job();
$s = stream('/lasting');
$s->event;
$nginx->reload;
ok($nginx->settled, '  it ends a worker whose clients take no notice');
ok(!$s->ended, '  a stream is cut');
$nginx->stop;

# ------------------------------------------------------------------------ one process

$nginx = start_nginx(single => 1);
is(post($port, '/job?n=single', 'x')->{status}, 200, 'one process for all');
$s = stream('/lasting');
$s->event;
publish('single');
is($s->event_of('note')->{json}{n}, 'single', '  streams too');
$s->close;
$nginx->stop;

# --------------------------------------------------------------------- binary upgrade

SKIP: {
    skip 'valgrind does not follow it', 1 if $ENV{TEST_NGINX_USE_VALGRIND};
    $nginx = start_nginx(daemon => 1);
    $waits = ask('/call');
    $job = next_job();
    $s = stream('/events');
    $s->event;
    my $old = $nginx->pid;
    $nginx->signal('USR2');
    my $new = until_true(20, sub {
        my $pid = $nginx->pid_written;
        return $pid && $pid != $old && VoiceAgent::Nginx::children($pid) ? $pid : 0;
    });
    ok($new, 'a new binary runs beside the old one');
    VoiceAgent::Process::adopt($new);
    $nginx->signal('QUIT');
    ack($redis, $job, {body => 'from the old one'});
    is($waits->answer->{body}, 'from the old one', '  who waited has his reply');
    ok($s->ended, '  the old streams end');
    ok(until_true(20, sub { !alive($old) }), '  and the old binary');
    is(get($port, '/static')->{body}, "hello\n", '  the new one serves on');
    is(post($port, '/job?n=new', 'x')->{status}, 200, '  and makes jobs');
    kill 'QUIT', $new;
    ok(until_true(20, sub { !alive($new) }), '  until it is told to end');
    unlike($nginx->log, qr/\[(?:alert|crit|emerg)\]/, '  nothing alarming was logged');
}
done_testing();

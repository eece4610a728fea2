# voiceagent_redis connections=: what belongs together takes one connection and keeps its
# order, each connection lives and dies by itself, and the limits are those of all.
use strict;
use warnings;
use feature 'state';

use Test::More;
use Time::HiRes qw(time sleep);
use VoiceAgent::Http qw(get post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(until_true port);
use VoiceAgent::Proxy;
use VoiceAgent::Redis;

my $server = <<'END';
    location /serial  { voiceagent_public on; voiceagent_enqueue a.b serial=$arg_s lane=$arg_n; }
    location /lane    { voiceagent_public on; voiceagent_enqueue a.b lane=$arg_s dedup=$arg_n; }
    location /dedup   { voiceagent_public on; voiceagent_enqueue a.b dedup=$arg_s; }
    location /any     { voiceagent_public on; voiceagent_enqueue a.b; }
    location /status  { voiceagent_status health detail=1; }
    location /metrics { voiceagent_metrics; }
END

my @serials = map { "conversation-$_" } 1 .. 16;
my $n = 0;

sub target { my ($location, $serial) = @_; $n++; return "/$location?s=$serial&n=$n" }

sub send_job {
    my ($nginx, $location, $serial) = @_;
    return post($nginx->port_, target($location, $serial), 'x')->{status};
}

# Without waiting for its answer.
sub begin_job {
    my ($nginx, $serial) = @_;
    return VoiceAgent::Http->connect($nginx->port_)->ask('POST', target('serial', $serial), 'x');
}

sub statuses { return join ' ', map { $_->answer->{status} } @_ }

# Sent before, read before: whatever nginx was sent until now it has accepted.
sub accepted {
    my ($nginx) = @_;
    return get($nginx->port_, '/nothing')->{status} == 404;
}

# True when there are so many, and every one carries jobs.
sub connected {
    my ($redis, $nginx, $count) = @_;
    my @first = map { "first-$_" } 1 .. 16;
    return until_true(20, sub { my @ids = $redis->connections_of_nginx; @ids == $count })
      && until_true(20, sub { @first == grep { send_job($nginx, 'serial', $_) == 200 } @first });
}

# What Redis is asked from now on.
sub monitor {
    my ($redis) = @_;
    my $monitor = $redis->client;
    $monitor->command('MONITOR');
    return $monitor;
}

# The connections by which jobs have come since the last call.
sub carriers {
    my ($redis, $monitor) = @_;
    state $mark = 0;
    $mark++;
    $redis->command('ECHO', "mark $mark");
    my (%carriers, $line);
    while (($line = $monitor->reply) !~ /"mark $mark"/) {
        $carriers{$1}++ if $line =~ /^\S+ \[0 ([\d.:]+)\] "EVALSHA"/;
    }
    return keys %carriers;
}

# The jobs of a serial by their number, as they were pushed.
sub pushed {
    my ($redis, $serial) = @_;
    my @documents = reverse @{$redis->command('LRANGE', 'va:{default}:in', 0, -1)};
    return map { /"args":"s=\Q$serial\E&n=(\d+)"/ ? $1 : () } @documents;
}

# ------------------------------------------------------------------- one for each order

my $redis = VoiceAgent::Redis->start(tcp => 1, config => ['appendonly yes', 'appendfsync always']);
my $monitor = monitor($redis);
my $nginx = VoiceAgent::Nginx->new(server => $server, redis => $redis)->start;
ok(connected($redis, $nginx, 4), 'four connections, when nothing is said');
is(scalar(carriers($redis, $monitor)), 4, '  each of which carries jobs, where Redis syncs before it answers');
# Established ones to that port, idle but for the kernel's keepalive (proc_net_tcp of the kernel's documentation).
my $peer = sprintf '0100007F:%04X', $redis->port_;
ok(until_true(20, sub {
    my @kept = VoiceAgent::Nginx::slurp('/proc/net/tcp') =~ /^ *\d+: \S+ $peer 01 \S+ 02:/mg;
    return @kept >= 4;
}), '  the kernel asks whether its host is still there');
send_job($nginx, 'any', '') for 1 .. 64;
is(scalar(carriers($redis, $monitor)), 4, '  those without an order too');
for my $location (qw(serial lane dedup)) {
    send_job($nginx, $location, 'one') for 1 .. 8;
    is(scalar(carriers($redis, $monitor)), 1, "one carries all of the same $location");
    send_job($nginx, $location, $_) for @serials;
    is(scalar(carriers($redis, $monitor)), 4, '  others are carried by others');
}

# ------------------------------------------------------------- one, where that will do

# How many carry them, now that nginx has asked anew how Redis is set.
sub carry {
    my ($nginx, $setting, $value) = @_;
    $redis->command('CONFIG', 'SET', $setting, $value);
    $redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    $monitor = monitor($redis);
    connected($redis, $nginx, 4) or return;
    carriers($redis, $monitor);
    send_job($nginx, 'serial', $_) for @serials;
    send_job($nginx, 'any', '') for 1 .. 8;
    return scalar(carriers($redis, $monitor));
}

is(carry($nginx, 'appendfsync', 'everysec'), 1, 'where it syncs later, one carries all');
is(carry($nginx, 'appendfsync', 'always'), 4, '  each, where it has come to sync before');
is(carry($nginx, 'appendonly', 'no'), 1, '  one, where nothing is written');
$nginx->stop;
$nginx = VoiceAgent::Nginx->new(server => $server, redis => $redis->url . ' connections=3')->start;
ok(connected($redis, $nginx, 3), 'three, when that is said');
is(scalar(carriers($redis, $monitor)), 3, '  carry jobs, however Redis is set');

# ------------------------------------------------------------------------------- order

# They wait in front of Redis, which then reads a connection at a time: what took another
# than those before it would come out of order.
$redis->command('DEL', 'va:{default}:in');
$redis->pause;
my (%sent, @waiting);
for my $round (1 .. 8) {
    for my $serial (@serials) {
        push @waiting, begin_job($nginx, $serial);
        push @{$sent{$serial}}, $n;
    }
    accepted($nginx) or die "nginx does not answer\n";
}
$redis->resume;
is(statuses(@waiting), join(' ', ('200') x @waiting), 'many of several conversations while Redis stalls');
is(join(' ', pushed($redis, $_)), join(' ', @{$sent{$_}}), "  $_ in the order of its requests") for @serials;
$nginx->stop;

# ---------------------------------------------------------------- one dies, others live

my $proxy = VoiceAgent::Proxy->start($redis);
$nginx = VoiceAgent::Nginx->new(server => $server, redis => $proxy->url . ' connections=4')->start;
ok(connected($redis, $nginx, 4), 'through a network');
my ($victim) = $redis->connections_of_nginx;
$proxy->refuse;
$redis->command('CLIENT', 'KILL', 'ID', $victim);
ok($nginx->logged(qr/redis "\S+" \(commands\) was closed/), 'one connection is killed, and finds no way back');
my %status = map { $_ => send_job($nginx, 'serial', $_) } @serials;
my @lost = grep { $status{$_} == 503 } @serials;
my @live = grep { $status{$_} == 200 } @serials;
is(@lost + @live, @serials, '  a conversation is stored or refused');
ok(@lost > 0 && @live > @lost, '  most are stored');
is(join(' ', map { send_job($nginx, 'serial', $_) } @lost), join(' ', ('503') x @lost), '  the others take no other connection');
is(join(' ', map { scalar pushed($redis, $_) } @lost), join(' ', map { scalar @{$sent{$_}} } @lost), '  nothing of theirs is stored');
like(get($nginx->port_, '/status')->{body}, qr/"redis":"up"/, '  what has no order asks a living one');
$proxy->accept;
ok(connected($redis, $nginx, 4), '  it comes back');
is(join(' ', map { send_job($nginx, 'serial', $_) } @lost), join(' ', ('200') x @lost), '  and carries again');
$nginx->stop;

# How long a connection that worked was away at the least; where the machine stands still
# meanwhile that shows nothing, but it will not each time.
sub shortest_absence {
    my ($nginx) = @_;
    my $shortest = 'inf';
    for (1 .. 20) {
        connected($redis, $nginx, 1) or last;
        sleep 1.1;    # nginx goes by what has worked for a second
        my ($id) = $redis->connections_of_nginx;
        my $killed = time;
        $redis->command('CLIENT', 'KILL', 'ID', $id);
        sleep 0.01;
        next if send_job($nginx, 'serial', 'one') != 200;
        $shortest = time - $killed if time - $killed < $shortest;
        last if $shortest < 0.05;
    }
    return $shortest;
}

my $nobody = port();
my $sentinel = VoiceAgent::Redis->start(tcp => 1, program => 'redis-sentinel', config => [
        'sentinel monitor main 127.0.0.1 ' . $redis->port_ . ' 1', 'sentinel down-after-milliseconds main 600000']);
my %at_once = ('at once' => $redis->url,
    'at once, by the sentinel that knew' => "redis+sentinel://127.0.0.1:$nobody,127.0.0.1:" . $sentinel->port_ . '/main');
my $is_slow = $ENV{TEST_NGINX_USE_VALGRIND} || $ENV{TEST_NGINX_LD_PRELOAD};    # too slow to tell
for my $how ($is_slow ? () : sort keys %at_once) {
    $nginx = VoiceAgent::Nginx->new(server => $server, redis => "$at_once{$how} connections=1", port => $nginx->port_)->start;
    cmp_ok(shortest_absence($nginx), '<', 0.05, "a connection that worked is made again $how");
    $nginx->stop;
}

# ------------------------------------------------------------------------------ limits

# Of eight that nobody is answered, how many are stored when Redis' answers come.
sub stored_of_eight {
    my ($limit) = @_;
    my $nginx = VoiceAgent::Nginx->new(server => $server, redis => $proxy->url . " connections=4 timeout=60s $limit")->start;
    ok(connected($redis, $nginx, 4), $limit);
    $proxy->hold('commands');
    my @waiting = map { begin_job($nginx, $_) } @serials[0 .. 7];
    accepted($nginx) or die "nginx does not answer\n";
    is(join(' ', map { send_job($nginx, 'serial', $_) } @serials[8 .. 15]), join(' ', ('503') x 8), '  is reached by all together');
    $proxy->release('commands');
    my $stored = grep { $_->answer->{status} == 200 } @waiting;
    is(send_job($nginx, 'serial', $serials[8]), 200, '  until they are answered');
    $nginx->stop;
    return $stored;
}

is(stored_of_eight('max_inflight=5'), 5, 'so many are let in');
is(stored_of_eight('max_bytes=1'), 1, 'one, while there is nothing else');

# ------------------------------------------------------------------------- reload, end

$nginx = VoiceAgent::Nginx->new(server => $server, redis => $redis->url . ' connections=4')->start;
ok(connected($redis, $nginx, 4), 'four');
$redis->pause;
@waiting = map { begin_job($nginx, $_) } @serials;
accepted($nginx) or die "nginx does not answer\n";
$nginx->configure(redis => $redis->url . ' connections=2');
$nginx->reload;
$redis->resume;
is(statuses(@waiting), join(' ', ('200') x @waiting), '  after a reload all are answered');
ok($nginx->settled, '  the old worker ends');
ok(connected($redis, $nginx, 2), '  the new one has two');
$nginx->stop;
ok(until_true(20, sub { !(() = $redis->connections_of_nginx) }), '  and an nginx that has ended none');

# ---------------------------------------------------------------- nothing to do

# With poll, in the build from source, what is writable is told as long as anybody listens.
$nginx = VoiceAgent::Nginx->new(server => $server, redis => $redis->url . ' connections=4', port => $nginx->port_)->start;
ok(connected($redis, $nginx, 4), 'connected');
my ($worker) = $nginx->workers;
my $used = VoiceAgent::Nginx::processor_time($worker);
sleep 2;
cmp_ok(VoiceAgent::Nginx::processor_time($worker) - $used, '<', 1, '  who has nothing to do does nothing');
$nginx->stop;
done_testing();

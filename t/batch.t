# The pushes of one turn of nginx' event loop leave as one command: each of them is
# answered by what became of it, and by nothing that became of another.
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);
use VoiceAgent::Http qw(get post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(stand_still until_true);
use VoiceAgent::Proxy;
use VoiceAgent::Redis;
use VoiceAgent::Worker qw(take ack);

my $server = <<'END';
    location /job     { voiceagent_public on; voiceagent_enqueue a.b serial=one; }
    location /once    { voiceagent_public on; voiceagent_enqueue a.b serial=one dedup=$arg_d; }
    location /bulk    { voiceagent_public on; voiceagent_enqueue a.b queue=bulk serial=one; }
    location /short   { voiceagent_public on; voiceagent_enqueue a.b serial=one dedup=$arg_d dedup_ttl=1m; }
    location /call    { voiceagent_public on; voiceagent_call a.b timeout=10m lane=one dedup=$arg_d; }
    location /metrics { voiceagent_metrics; }
END

# Where sockets give a byte at a time a turn has no certain pushes.
my $whole = !$ENV{TEST_NGINX_LD_PRELOAD};

my ($redis, $nginx, $worker, $monitor, $n);
$redis = VoiceAgent::Redis->start(config => ['appendonly yes', 'appendfsync everysec']);

sub start_nginx {
    my ($url, %o) = @_;
    $nginx = VoiceAgent::Nginx->new(server => $server, redis => $url, %o)->start;
    $worker = until_true(20, sub { join ' ', $nginx->workers });
    works();
}

sub works { return until_true(30, sub { my $a = post($nginx->port_, '/bulk', 'x'); $a && $a->{status} == 200 }) }

# Connections that nginx has accepted, so that what they ask comes in one turn.
sub clients {
    my ($count) = @_;
    my @clients = map { VoiceAgent::Http->connect($nginx->port_) } 1 .. $count;
    $_->ask('GET', '/nothing')->answer for @clients;
    return @clients;
}

# Asks all of it while nginx stands still.
sub ask_at_once {
    my @targets = @_;
    my @clients = clients(scalar @targets);
    stand_still($worker);
    $clients[$_]->ask('POST', $targets[$_], 'x') for 0 .. $#targets;
    kill 'CONT', $worker;
    return @clients;
}

sub statuses { return join ' ', map { ($_->answer // {status => 0})->{status} } @_ }
sub all      { my ($status, $count) = @_; return join ' ', ($status) x $count }
sub targets  { my ($location, $count) = @_; return map { $n++; "/$location?n=$n" } 1 .. $count }

sub pushed { return $redis->command('LLEN', 'va:{default}:in') }
sub forget { $redis->command('FLUSHDB'); $n = 0 }

# The numbers of the jobs, as they were pushed. In which order several connections are told
# of in one turn, epoll alone keeps.
sub order {
    my @documents = reverse @{$redis->command('LRANGE', 'va:{default}:in', 0, -1)};
    my @numbers = map { /"args":"(?:d=\w+&)?n=(\d+)"/ } @documents;
    @numbers = sort { $a <=> $b } @numbers if ($ENV{TEST_NGINX_EVENT_TYPE} // '') eq 'poll';
    return join ' ', @numbers;
}

# How many jobs each command has pushed since the last call: EVALSHA, or EVAL.
sub commands {
    my ($word) = @_;
    our $mark;
    $mark++;
    $redis->command('ECHO', "mark $mark");
    my ($line, @sizes);
    while (($line = $monitor->reply) !~ /"mark $mark"/) {
        next if $line !~ /^\S+ \[0 (?!lua)\S+\] "$word" /;
        my $jobs = () = $line =~ /"\{\\"v\\":1,/g;
        push @sizes, $jobs if $jobs;
    }
    return join ' ', @sizes;
}

sub metrics { return get($nginx->port_, '/metrics')->{body} }

# The id of the one there is.
sub connection { my ($id) = $redis->connections_of_nginx; return $id // '' }

sub outcome {
    my ($name) = @_;
    return metrics() =~ /^voiceagent_requests_total\{outcome="$name"\} (\d+)/m ? $1 : 0;
}

start_nginx($redis->url);
$monitor = $redis->client;
$monitor->command('MONITOR');

# --------------------------------------------------------------------------- as one

forget();
commands('EVALSHA');
is(statuses(ask_at_once(targets('job', 40))), all(200, 40), 'forty at once are stored');
is(order(), join(' ', 1 .. 40), '  in the order of their requests');
SKIP: {
    skip 'a byte at a time', 1 unless $whole;
    is(commands('EVALSHA'), '32 8', '  by two commands');
}
is($redis->command('LLEN', 'va:{default}:bell'), 1, '  of which the first rang the bell');

forget();
is(statuses(ask_at_once('/job?n=1', '/bulk?n=2', '/job?n=3', '/short?d=a&n=4', '/once?d=b&n=5', '/job?n=6', '/once?d=c&n=7')), all(200, 7),
    'of several queues, and of keys that live for several times');
is(order(), '1 3 4 5 6 7', '  each in its own');
like($redis->command('TTL', 'va:{default}:seen:a.b:a'), qr/^(?:[1-9]|[1-5]\d|60)$/, '  and its key lives as long as its own place says');
cmp_ok($redis->command('TTL', "va:{default}:seen:a.b:$_"), '>', 60, "  that of $_ too") for qw(b c);

forget();
my $large = 'x' x 50_000;
my @c = clients(4);
stand_still($worker);
$c[$_ - 1]->ask('POST', "/job?n=$_", $large) for 1 .. 4;
commands('EVALSHA');
kill 'CONT', $worker;
is(statuses(@c), all(200, 4), 'four large ones');
is(join(' ', sort split ' ', order()), '1 2 3 4', '  are stored');
is(commands('EVALSHA'), '1 1 1 1', '  none of which goes with another');

# ----------------------------------------------------------------------- duplicates

forget();
my $duplicates = outcome('duplicate');
is(statuses(ask_at_once('/once?d=old&n=1')), '200', 'one is known before');
is(statuses(ask_at_once('/once?d=a&n=2', '/once?d=old&n=3', '/job?n=4', '/once?d=a&n=5', '/once?d=b&n=6')), all(200, 5),
    'known and new, twice and without a key, in one command');
is(order(), '1 2 4 6', '  the new ones are stored, once each');
is(outcome('duplicate') - $duplicates, 2, '  and the others counted as what they are');

my @callers = ask_at_once(map { "/call?d=$_&n=1" } qw(a a b a));
my %jobs = map { my $job = until_true(20, sub { take($redis, 'realtime') }); ($job->{dedup} => $job) } 1, 2;
is(join(' ', sort keys %jobs), 'a.b:a a.b:b', 'four calls, three of them the same: two jobs');
is($redis->command('LLEN', 'va:{realtime}:in'), 0, '  and no other');
ack($redis, $jobs{"a.b:$_"}, {body => "of $_"}) for qw(a b);
is(join(' ', map { $_->answer->{body} } @callers), 'of a of a of b of a', '  whose replies all of them hear');
is(join(' ', map { $_->answer->{body} } ask_at_once(map { "/call?d=$_&n=2" } qw(b a))), 'of b of a', '  and who asks again');

# ---------------------------------------------------------------------------- errors

forget();
$redis->command('RPUSH', 'va:{default}:seen:a.b:bad', 'what is no text');
commands('EVALSHA');
is(statuses(ask_at_once('/job?n=1', '/once?d=bad&n=2', '/once?d=good&n=3')), '200 503 200', 'one that Redis refuses is refused alone');
is(order(), '1 3', '  the others are stored');
SKIP: {
    skip 'a byte at a time', 1 unless $whole;
    is(commands('EVALSHA'), '3', '  by one command');
}
ok($nginx->logged(qr/redis refused push: "WRONGTYPE/), '  and the operator is told why');
$redis->command('DEL', 'va:{default}:seen:a.b:bad');
is(statuses(ask_at_once('/once?d=bad&n=4', '/once?d=good&n=5')), all(200, 2), '  repeated when nothing is in its way');
is(order(), '1 3 4', '  it is stored');

forget();
$redis->command('SET', 'va:{default}:in', 'what is no list');
is(statuses(ask_at_once('/job?n=1', '/once?d=a&n=2', '/once?d=a&n=3', '/bulk?n=4')), '503 503 503 200', 'a queue that takes none');
is($redis->command('EXISTS', 'va:{default}:seen:a.b:a'), 0, '  remembers none');
$redis->command('DEL', 'va:{default}:in');
is(statuses(ask_at_once('/once?d=a&n=5', '/once?d=a&n=6')), all(200, 2), '  repeated when it does');
is(order(), '5', '  it is stored');

forget();
$redis->command('SET', 'va:{default}:bell', 'what is no list');
is(statuses(ask_at_once('/job?n=1', '/once?d=a&n=2')), all(200, 2), 'a bell that does not ring: they are stored all the same');
is(order(), '1 2', '  once each');

forget();
is(statuses(ask_at_once('/once?d=old&n=1')), '200', 'one, and Redis is full');
$redis->command('CONFIG', 'SET', 'maxmemory', 1);
is(statuses(ask_at_once('/job?n=2', '/once?d=a&n=3', '/job?n=4')), all(503, 3), '  all are refused');
is(order(), '1', '  nothing is stored');
is($redis->command('EXISTS', 'va:{default}:seen:a.b:a'), 0, '  or remembered');
$redis->command('CONFIG', 'SET', 'maxmemory', 0);
is(statuses(ask_at_once('/job?n=5', '/once?d=a&n=6')), all(200, 2), '  until there is room');
is(order(), '1 5 6', '  on the same connection');

# Redis before 7 raises texts, and puts the script's line in front of errors of its own.
my $script = VoiceAgent::Nginx::slurp("$VoiceAgent::Nginx::ROOT/core/scripts/push.lua");
my $before7 = <<'END' . $script;
local function tried(...)
    local answer = redis.pcall(...)
    if type(answer) == 'table' and answer.err then
        return nil, string.find(answer.err, '^WRONGTYPE') and answer.err or '@user_script: 46: -' .. answer.err .. '\r\n'
    end
    return answer
end
local redis = {
    pcall = function(...) local answer, err = tried(...) if err then return {err = err} end return answer end,
    call = function(...) local answer, err = tried(...) if err then error(err, 0) end return answer end,
}
END
sub push_before7 {
    my ($key) = @_;
    my $answer = eval { $redis->command('EVAL', $before7, 1, 'va:{default}:', 'id', '{}', $key, 60, 'channel') };
    return ref $answer ? $answer->[0] : $answer // $@;
}
forget();
is(push_before7('a.b:a') . ' ' . push_before7('a.b:a'), 'NEW RUNNING', 'by an older Redis: pushed, and known');
$redis->command('CONFIG', 'SET', 'maxmemory', 1);
like(push_before7(''), qr/^redis: OOM /, '  refused without a key, by the word of Redis');
like(push_before7('a.b:b'), qr/^redis: OOM /, '  with a new one');
like(push_before7('a.b:a'), qr/^redis: OOM /, '  and with one that is known');
$redis->command('CONFIG', 'SET', 'maxmemory', 0);
$redis->command('RPUSH', 'va:{default}:seen:a.b:bad', 'what is no text');
like(push_before7('a.b:bad'), qr/^redis: WRONGTYPE /, '  or by that of a command');

# -------------------------------------------------------------------- large replies

# Of the first two the second is begun with some room left; the third is asked for again.
forget();
my @keys = map { "large$_" } 1 .. 4;
@callers = ask_at_once(map { "/call?d=$_&n=1" } @keys);
%jobs = map { my $job = until_true(20, sub { take($redis, 'realtime') }); ($job->{dedup} => $job) } @keys;
ack($redis, $jobs{"a.b:$_"}, {body => $_ x 25_000}) for @keys;
is(join(' ', map { length $_->answer->{body} } @callers), all(150_000, 4), 'four large replies');
$redis->command('DEL', 'va:{realtime}:res:' . $jobs{'a.b:large4'}{id});
my ($reread) = metrics() =~ /^voiceagent_replies_stored_total (\d+)/m;
@callers = map { $_->answer } ask_at_once(map { "/call?d=$_&n=2" } @keys);
is(join(' ', map { $_->{status} } @callers), '200 200 200 409', '  asked for again: three, and one that is not kept');
is(join(' ', map { substr $_->{body}, -6 } @callers[0 .. 2]), 'large1 large2 large3', '  each its own');
SKIP: {
    skip 'a byte at a time', 1 unless $whole;
    my ($reread_now) = metrics() =~ /^voiceagent_replies_stored_total (\d+)/m;
    is($reread_now - $reread, 1, '  one of them by a command of its own');
}

# ------------------------------------------------------------------ scripts are gone

forget();
$redis->command('SCRIPT', 'FLUSH');
commands('EVAL');
is(statuses(ask_at_once(targets('job', 10))), all(200, 10), 'flushed scripts are sent along');
is(order(), join(' ', 1 .. 10), '  in the order of the requests');
SKIP: {
    skip 'a byte at a time', 1 unless $whole;
    is(commands('EVAL'), '10', '  by one command');
}

# What waits in front of Redis finds its script gone when it gets there.
forget();
$redis->command('SCRIPT', 'FLUSH');
$redis->pause;
@c = (ask_at_once(targets('job', 4)), ask_at_once(targets('job', 4)));
get($nginx->port_, '/nothing');
$_->close for splice @c, 1, 2;
$c[-1]->reset;
pop @c;
get($nginx->port_, '/nothing');
$redis->resume;
is(statuses(@c), all(200, 5), 'two commands, and who asked some of it has gone');
SKIP: {
    skip 'a byte at a time', 1 unless $whole;
    is(order(), '1 4 5 6 7', '  only what somebody waits for is sent again');
}

# -------------------------------------------------------------------- clients that go

forget();
@c = clients(3);
stand_still($worker);
$c[$_ - 1]->ask('POST', "/job?n=$_", 'x') for 1 .. 3;
$c[0]->close;
kill 'CONT', $worker;
is(statuses(@c[1, 2]), all(200, 2), 'one that has gone when its turn ends');
is(order(), '1 2 3', '  was pushed with the others');

forget();
$redis->pause;
@c = ask_at_once(targets('job', 6));
get($nginx->port_, '/nothing');
$_->close for splice @c, 2, 3;
get($nginx->port_, '/nothing');
$redis->resume;
is(statuses(@c), all(200, 3), 'some that go before the answer');
is(order(), '1 2 3 4 5 6', '  were pushed with the others');

# ------------------------------------------------------------------------ demoted, dead

forget();
$redis->command('REPLICAOF', '127.0.0.1', 1);
is(statuses(ask_at_once('/job?n=1', '/once?d=a&n=2', '/job?n=3')), all(503, 3), 'a Redis that became a replica');
$redis->command('REPLICAOF', 'NO', 'ONE');
ok(works(), '  is used again when it is none');
is(pushed(), 0, '  and has none of them');
is(join(' ', $nginx->workers), $worker, 'all that with the same nginx worker');
$nginx->stop;
$redis->stop;

$redis = VoiceAgent::Redis->start(config => ['appendonly yes', 'appendfsync always']);
start_nginx($redis->url);
forget();
my @acknowledged;
for my $round (1 .. 5) {
    @c = ask_at_once(targets('job', 30), targets('job', 30));
    my $first = $n - 60;
    sleep 0.001 * $round;
    # However fast Redis is killed, in the last round it has acknowledged something.
    my @answers = $round == 5 ? scalar $c[0]->answer : ();
    $redis->stop('KILL');
    push @answers, scalar $_->answer for @c[@answers .. $#c];
    push @acknowledged, map { $first + $_ + 1 } grep { $answers[$_] && $answers[$_]{status} == 200 } 0 .. $#c;
    $redis->run;
    ok(works(), "killed with commands in flight, round $round");
}
cmp_ok(scalar @acknowledged, '>', 0, '  some of them acknowledged');
my %there = map { $_ => 1 } split ' ', order();
is(join(' ', grep { !$there{$_} } @acknowledged), '', '  Redis has the job of each that was acknowledged');
$nginx->stop;

# ---------------------------------------------------------------------------- limits

my $proxy = VoiceAgent::Proxy->start($redis);
start_nginx($proxy->url . ' connections=1 max_inflight=3');
forget();
$proxy->hold('commands');
@c = ask_at_once(targets('job', 8));
is(statuses(@c[3 .. 7]), all(503, 5), 'more than max_inflight at once');
$proxy->release('commands');
is(statuses(@c[0 .. 2]), all(200, 3), '  each of a command counts');
is(order(), '1 2 3', '  and those beyond it are not sent');
is(outcome('overloaded'), 5, '  and told as what they are');

# ------------------------------------------------------------------ answers that are none

my %garbage = ('fewer answers than pushes' => "*2\r\n\$3\r\nNEW\r\n\$3\r\nNEW\r\n",
    'more of them' => "*4\r\n" . "\$3\r\nNEW\r\n" x 4, 'numbers' => "*3\r\n:1\r\n:2\r\n:3\r\n",
    'an answer within an answer' => "*3\r\n*1\r\n*1\r\n:1\r\n*0\r\n\$-1\r\n", 'another word' => "\$3\r\nOLD\r\n");
my %apart = map { $_ => 1 } 'fewer answers than pushes', 'more of them', 'another word';
for my $kind (sort keys %garbage) {
    # There is one complaint a second.
    sleep 1.1 if $apart{$kind};
    my $connection = connection();
    $proxy->hold('commands');
    @c = ask_at_once(targets('job', 3));
    ok(until_true(20, sub { $proxy->held('commands') }), "answers are under way, $kind come first");
    $proxy->say('commands', $garbage{$kind});
    SKIP: {
        skip 'a byte at a time', 2 unless $whole;
        is(statuses(@c), all(503, 3), '  which are none');
        # What nginx closed before it answered, each of the two has closed when asked again.
        $proxy->held('commands') for 1 .. 2;
        my ($before, $now) = (connection(), connection());
        is($now eq $connection ? 'kept' : 'given up', $apart{$kind} ? 'given up' : 'kept', '  and the connection is what that makes of it');
    }
    $proxy->cut('commands');
    $proxy->release('commands');
    ok(works(), '  and the connection is made again');
}
SKIP: {
    skip 'a byte at a time', 1 unless $whole;
    ok($nginx->logged(qr/redis did not answer push: "what came is not one for each"/), 'the operator is told why');
}
$proxy->hold('commands');
@c = ask_at_once(targets('job', 3));
ok(until_true(20, sub { $proxy->held('commands') }), 'answers are under way, others come first');
$proxy->say('commands', "*3\r\n\$3\r\nNEW\r\n-ERR no\r\n*2\r\n\$7\r\nRUNNING\r\n\$1\r\nx\r\n");
SKIP: {
    skip 'a byte at a time', 1 unless $whole;
    is(statuses(@c), '200 503 200', '  each takes its own');
}
$proxy->cut('commands');
$proxy->release('commands');
ok(works(), '  and the connection is made again');
$proxy->dribble('commands');
is(statuses(ask_at_once(targets('job', 3))), all(200, 3), 'an answer a byte at a time');
$nginx->stop;
done_testing();

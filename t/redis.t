# voiceagent_redis: whatever becomes of Redis, no request is acknowledged whose job it does
# not have, no nginx worker dies of it, and all is well again when Redis is.
use strict;
use warnings;

use Test::More;
use VoiceAgent::Http qw(get post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(until_true spawn port);
use VoiceAgent::Proxy;
use VoiceAgent::Redis;
use VoiceAgent::Worker qw(take ack);

my $server = <<'END';
    location /job     { voiceagent_public on; voiceagent_enqueue a.b; }
    location /call    { voiceagent_public on; voiceagent_call a.b timeout=10m; }
    location /metrics { voiceagent_metrics; }
END

my $port = port();

# One after the other, so that one port serves them all.
sub start_nginx {
    my (%o) = @_;
    return VoiceAgent::Nginx->new(server => $server, port => $port, %o)->start;
}

sub the_worker {
    my ($nginx) = @_;
    return until_true(20, sub { join ' ', $nginx->workers });
}

sub metrics { my ($nginx) = @_; return get($nginx->port_, '/metrics')->{body} }

my $n = 0;

# Sends one that nobody has sent before; its status, 0 when nginx has no connection for it.
sub send_job {
    my ($nginx) = @_;
    $n++;
    my $answer = post($nginx->port_, "/job?n=$n", 'x');
    return $answer ? $answer->{status} : 0;
}

sub works {
    my ($nginx) = @_;
    return until_true(30, sub { send_job($nginx) == 200 });
}

# Sends several at once, none of which is answered yet.
sub send_at_once {
    my ($nginx, $count) = @_;
    return map { VoiceAgent::Http->connect($nginx->port_)->ask('POST', '/job', 'x') } 1 .. $count;
}

# Sends until it has seen $refusals refusals; the arguments of those that were acknowledged.
sub acknowledged_until {
    my ($nginx, $refusals) = @_;
    my @acknowledged;
    until_true(60, sub {
        my $status = send_job($nginx);
        push @acknowledged, "n=$n" if $status == 200;
        $refusals-- if $status == 503;
        return $refusals <= 0;
    });
    return @acknowledged;
}

# The arguments of the jobs that were pushed.
sub stored {
    my ($redis) = @_;
    my @jobs = @{$redis->command('LRANGE', 'va:{default}:in', 0, -1)};
    return map { (VoiceAgent::Worker::decode($_)->{http}{args} // '') => 1 } @jobs;
}

sub pushed { my ($redis) = @_; return $redis->command('LLEN', 'va:{default}:in') }

sub disconnect {
    my ($redis, @types) = @_;
    $redis->command('CLIENT', 'KILL', 'TYPE', $_, 'SKIPME', 'yes') for @types;
}

# -------------------------------------------------------------------- not there yet

my $redis = VoiceAgent::Redis->start(config => ['appendonly yes', 'appendfsync always', 'enable-debug-command yes']);
$redis->stop;
my $nginx = start_nginx(redis => $redis->url . ' timeout=500ms',
    allow => [qr/redis holds layout 2/, qr/connect\(\) to unix:\S+ failed \(2:/]);
my $worker = the_worker($nginx);
is(send_job($nginx), 503, 'nginx starts without Redis, and stores nothing');
$redis->run;
ok(works($nginx), '  and does when Redis comes');
ok($nginx->logged(qr/keeps every accepted job \(appendonly, appendfsync always, noeviction\)/), '  knowing what it keeps');

# --------------------------------------------------------------------------- killed

my @acknowledged;
for my $round (1 .. 3) {
    my $enough = pushed($redis) + 5;
    my $killer = fork // die "fork: $!\n";
    if ($killer == 0) {
        until_true(20, sub { pushed($redis) >= $enough });
        kill 'KILL', $redis->pid;
        POSIX::_exit(0);
    }
    push @acknowledged, acknowledged_until($nginx, 3);
    waitpid $killer, 0;
    $redis->stop('KILL');
    $redis->run;
    ok(works($nginx), "killed and started again, round $round");
}
my %there = stored($redis);
cmp_ok(scalar @acknowledged, '>', 0, 'requests were acknowledged meanwhile');
is(join(' ', grep { !$there{$_} } @acknowledged), '', '  and Redis has the job of each');

# -------------------------------------------------------------------------- loading

# While it loads, Redis looks at its clients once a key, and of a byte at a time a unix socket
# holds a few dozen: it takes many keys until nginx has asked what is refused.
$redis->command('CONFIG', 'SET', 'rdbcompression', 'no');
$redis->command('DEBUG', 'POPULATE', 1000, 'key', 2048);
$redis->command('BGREWRITEAOF');
ok(until_true(20, sub { $redis->command('INFO', 'persistence') =~ /aof_rewrite_in_progress:0/ }), 'there is much to load');
$redis->stop;
my $refused = loading($nginx);
$redis->{pid} = spawn("$redis->{dir}/log", 'redis-server', "$redis->{dir}/conf", '--key-load-delay', 20_000,
    '--loading-process-events-interval-bytes', 1024);
ok(until_true(30, sub { loading($nginx) > $refused }), 'Redis is loading');
is(send_job($nginx), 503, '  nothing is stored');
$redis->command('CONFIG', 'SET', 'key-load-delay', 0);
ok(works($nginx), '  until it has loaded');

# How often nginx was refused for it; a start after a kill may be seen loading too.
sub loading { my ($nginx) = @_; return scalar(() = $nginx->log =~ /redis answered "LOADING/g) }

# -------------------------------------------------------------------------- stalled

$redis->pause;
my @waiting = send_at_once($nginx, 5);
is(join(' ', map { $_->answer->{status} } @waiting), '503 503 503 503 503', 'stalled: nobody is told that his job is stored');
like(metrics($nginx), qr/^voiceagent_redis_timeouts_total [1-9]/m, '  the silence is noticed');
$redis->resume;
ok(works($nginx), '  and forgotten');

# ----------------------------------------------------------------------------- full

# Whether a job is stored behind that, and no connection was given up. One on which Redis is silent
# for half a second is, and on a busy machine it may be: but not each time.
sub goes_on {
    my ($nginx, $what) = @_;
    for (1 .. 5) {
        works($nginx);
        my @before = $redis->connections_of_nginx;
        $what->();
        my $status = send_job($nginx);
        my %now = map { $_ => 1 } $redis->connections_of_nginx;
        return 1 if $status == 200 && !grep { !$now{$_} } @before;
    }
    return 0;
}

my $jobs = pushed($redis);
$redis->command('CONFIG', 'SET', 'maxmemory', 1);
is(send_job($nginx), 503, 'full: refused');
ok(until_true(20, sub { send_job($nginx) != 503 || $nginx->log =~ /redis refused push: "OOM/ }), '  and the operator is told why');
is(pushed($redis), $jobs, '  nothing is stored');
$redis->command('CONFIG', 'SET', 'maxmemory', 0);
ok(goes_on($nginx, sub {
    $redis->command('CONFIG', 'SET', 'maxmemory', 1);
    send_job($nginx);
    $redis->command('CONFIG', 'SET', 'maxmemory', 0);
}), '  on the same connection again when there is room');
$redis->command('CONFIG', 'SET', 'maxmemory', 1);
disconnect($redis, 'normal', 'pubsub');
is(send_job($nginx), 503, '  on connections made while it is full neither');
$redis->command('CONFIG', 'SET', 'maxmemory', 0);
ok(works($nginx), '  until there is room');

# ------------------------------------------------------------------ unfriendly Redis

ok(goes_on($nginx, sub { $redis->command('SCRIPT', 'FLUSH') }), 'scripts that were flushed are sent along');

my $closed = port();
$redis->command('REPLICAOF', '127.0.0.1', $closed);
is(send_job($nginx), 503, 'a Redis that became a replica stores nothing');
$redis->command('REPLICAOF', 'NO', 'ONE');
ok(works($nginx), '  and is used again when it is none');

$redis->command('SET', 'va:schema', 2);
disconnect($redis, 'normal');
ok($nginx->logged(qr/redis holds layout 2, this module knows 1/), 'another layout is not written to');
is(send_job($nginx), 503, '  requests are refused');
$redis->command('DEL', 'va:schema');
ok(works($nginx), '  until it is ours');

$redis->command('CONFIG', 'SET', 'maxclients', 1);
disconnect($redis, 'normal', 'pubsub');
is(send_job($nginx), 503, 'a Redis that takes no more clients');
$redis->command('CONFIG', 'SET', 'maxclients', 1000);
ok(works($nginx), '  is asked again');

$redis->command('CONFIG', 'SET', 'requirepass', 'secret');
disconnect($redis, 'normal');
is(send_job($nginx), 503, 'a Redis that wants a password');
ok($nginx->logged(qr/redis answered "NOAUTH/), '  says so');
$redis->command('CONFIG', 'SET', 'requirepass', '');
ok(works($nginx), '  and works without');

# nginx hears no published reply; we still may publish.
$redis->command('ACL', 'SETUSER', 'we', 'on', '>secret', 'allkeys', 'allchannels', 'allcommands');
$redis->command('AUTH', 'we', 'secret');
$redis->command('ACL', 'SETUSER', 'default', 'resetchannels');
disconnect($redis, 'pubsub');
ok($nginx->logged(qr/redis answered a subscription "NOPERM/), 'an error in place of a subscription');
my $c = VoiceAgent::Http->connect($nginx->port_)->ask('GET', '/call');
my $job = until_true(20, sub { take($redis, 'realtime') });
ok($job, '  a job is made all the same');
ack($redis, $job, {body => 'found'});
is($c->answer->{body}, 'found', '  and its reply looked for where it is kept');
$redis->command('ACL', 'SETUSER', 'default', 'allchannels');

is(the_worker($nginx), $worker, 'all that with the same nginx worker');
$nginx->stop;

# --------------------------------------------------------------- on the way to Redis

my $proxy = VoiceAgent::Proxy->start($redis);
$nginx = start_nginx(redis => $proxy->url . ' timeout=5s max_inflight=3');
$worker = the_worker($nginx);
ok(works($nginx), 'through a network');
my %garbage = (text => "hello\r\n", 'half an answer' => "*2\r\n\$3\r\nNE", 'a negative length' => "\$-5\r\n",
    'answers to nothing' => "+OK\r\n" x 1000, zeros => "\0" x 100_000);
for my $kind (sort keys %garbage) {
    $proxy->hold('commands');
    ($c) = send_at_once($nginx, 1);
    ok(until_true(20, sub { $proxy->held('commands') }), "an answer is under way, $kind comes");
    $proxy->say('commands', $garbage{$kind});
    $proxy->cut('commands');
    $proxy->release('commands');
    is($c->answer->{status}, 503, '  which is none');
    ok(works($nginx), '  and the connection is made again');
}
$proxy->hold('commands');
($c) = send_at_once($nginx, 1);
ok(until_true(20, sub { $proxy->held('commands') }), 'an answer is under way, numbers come for words');
$proxy->say('commands', "*2\r\n:1\r\n:2\r\n");
is(($c->answer // {})->{status}, 503, '  which is none');
$proxy->cut('commands');
$proxy->release('commands');
ok(works($nginx), '  and the connection is made again');
$proxy->hold('commands');
$proxy->cut('commands');
ok(until_true(20, sub { $proxy->held('commands') }), 'a new connection asks what it needs to know');
$proxy->say('commands', "+OK\r\n" x 5 . "\$-1\r\n" . "*2\r\n:1\r\n:2\r\n" x 2);
$proxy->release('commands');
ok(works($nginx), '  is told numbers for words, and made again');
$proxy->dribble('commands');
is(send_job($nginx), 200, 'an answer a byte at a time');
$proxy->flow('commands');

$proxy->hold('commands');
@waiting = send_at_once($nginx, 8);
is(join(' ', map { $_->answer->{status} } @waiting), join(' ', ('503') x 8), 'more than max_inflight, and no answer to any');
$proxy->cut('commands');
$proxy->release('commands');
ok(works($nginx), '  works again');
like(metrics($nginx), qr/^voiceagent_requests_total\{outcome="overloaded"\} [1-9]/m, '  those beyond it were not even sent');
is(the_worker($nginx), $worker, 'all that with the same nginx worker');
$nginx->stop;

# Redis before 7 says so in other words, of an error within a script.
$nginx = start_nginx(redis => $proxy->url . ' timeout=60s connections=1');
ok(works($nginx), 'one connection');
my ($replica) = $redis->connections_of_nginx;
$proxy->hold('commands');
($c) = send_at_once($nginx, 1);
ok(until_true(20, sub { $proxy->held('commands') }), '  an answer is under way, the word of a replica comes');
$proxy->say('commands', '-ERR Error running script (call to f_2f4a): @user_script:31: @user_script: 31: '
      . "-READONLY You can't write against a read only replica.\r\n");
is($c->answer->{status}, 503, '  nothing is stored');
ok(until_true(20, sub { !grep { $_ == $replica } $redis->connections_of_nginx }), '  and it is left');
$proxy->release('commands');
ok(works($nginx), '  for one that is none');
$nginx->stop;

# ---------------------------------------------------------------- no connections left

$nginx = start_nginx(redis => $redis, connections => 12, allow => [qr/worker_connections are not enough/]);
ok(works($nginx), 'few connections');
$redis->command('DEL', 'va:{realtime}:in');
my @idle = map { VoiceAgent::Http->connect($nginx->port_)->ask('GET', '/call') } 1 .. 20;
ok($nginx->logged(qr/worker_connections are not enough/), '  requests hold them');
disconnect($redis, 'normal', 'pubsub');
ok($nginx->logged(qr/redis "\S+" \(\w+\) was closed/), '  Redis is lost meanwhile');
$_->close for @idle;
ok(works($nginx), '  and found again');
$nginx->stop;

# ------------------------------------------------------------------------ a password

my $guarded = VoiceAgent::Redis->start(tcp => 1, password => 'p@ss:word');
$nginx = start_nginx(redis => $guarded);
ok(works($nginx), 'a password with signs of its own');
$nginx->stop;
$nginx = start_nginx(redis => 'unix://:p%40ss:word@' . $guarded->socket . '?db=1');
ok(works($nginx), 'a password at a unix socket');
$nginx->stop;
$nginx = start_nginx(redis => 'redis://:wrong@127.0.0.1:' . $guarded->port_);
ok($nginx->logged(qr/redis answered "WRONGPASS/), 'the wrong one');
is(send_job($nginx), 503, '  stores nothing');
unlike($nginx->log, qr/:wrong/, '  and is not in the log');
$nginx->stop;

# -------------------------------------------------------------------------- Sentinel

my $naming = VoiceAgent::Redis->start(tcp => 1, program => 'redis-sentinel', config => [
        'sentinel resolve-hostnames yes', 'sentinel announce-hostnames yes',
        'sentinel monitor main localhost ' . $guarded->port_ . ' 1']);
$nginx = start_nginx(redis => 'redis+sentinel://127.0.0.1:' . $naming->port_ . '/main timeout=1s');
ok($nginx->logged(qr/has a name, not an address, in the sentinel/), 'a name is not looked up while nginx runs');
is(send_job($nginx), 503, '  and nothing is stored');
$nginx->stop;

my $first = VoiceAgent::Redis->start(tcp => 1);
my $second = VoiceAgent::Redis->start(tcp => 1, config => ['replicaof 127.0.0.1 ' . $first->port_]);
my $sentinel = VoiceAgent::Redis->start(tcp => 1, program => 'redis-sentinel', config => [
        'sentinel monitor main 127.0.0.1 ' . $first->port_ . ' 1', 'sentinel down-after-milliseconds main 600000',
        'sentinel failover-timeout main 2000']);
$nginx = start_nginx(redis => "redis+sentinel://127.0.0.1:$closed,127.0.0.1:" . $sentinel->port_ . '/main timeout=1s');
ok(works($nginx), 'a sentinel is asked, the next when the first is away');
cmp_ok($first->command('LLEN', 'va:{default}:in'), '>', 0, '  and tells the primary');
ok(until_true(30, sub { $second->command('INFO') =~ /master_link_status:up/ && $sentinel->command('INFO') =~ /slaves=1/ }),
    'there is a replica');
$first->stop('KILL');
ok(acknowledged_until($nginx, 2) == 0, 'the primary dies: nothing is stored');
# Until now the sentinel would have waited: the primary of a busy machine is silent for half a second too.
$sentinel->command('SENTINEL', 'SET', 'main', 'down-after-milliseconds', 500);
# One that has stood still itself does nothing for half a minute.
ok(until_true(180, sub { (eval { $second->command('ROLE')->[0] } // '') eq 'master' }), '  the replica takes its place');
ok(works($nginx), '  and gets the jobs');
%there = stored($second);
ok($there{"n=$n"}, '  it has what was acknowledged');
$nginx->stop;
done_testing();

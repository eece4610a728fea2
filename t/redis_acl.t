# conf/redis.acl: what each program does, as its own user of Redis, and what it may not.
use strict;
use warnings;

use Test::More;
use VoiceAgent::Http qw(get post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(until_true scratch);
use VoiceAgent::Redis;
use VoiceAgent::Worker qw(take ack);

# Who looks from outside is the user `default`, as where the stack is brought up.
my $acl = VoiceAgent::Nginx::slurp("$VoiceAgent::Nginx::ROOT/conf/redis.acl");
my @users = $acl =~ /^user (voiceagent-\w+) /mg;
is("@users", 'voiceagent-nginx voiceagent-worker voiceagent-voice', 'a user for each program');
like($acl, qr/^user default off$/m, '  and none for whoever names none');
$acl =~ s/\@[A-Z]+_PASSWORD\@/secret/g;
my $file = scratch() . '/users.acl';
VoiceAgent::Nginx::write_file($file, $acl =~ s/^user default off$/user default on nopass ~* &* +\@all/mr);
my $redis = VoiceAgent::Redis->start(tcp => 1, config => ["aclfile $file"]);

sub as {
    my ($user) = @_;
    my $client = $redis->client;
    $client->command('AUTH', "voiceagent-$user", 'secret');
    return $client;
}

# What Redis says of it: what it answered, or what it refused.
sub says {
    my ($client, @command) = @_;
    my $answer = eval { $client->command(@command) };
    return $@ =~ /NOPERM/ ? 'refused' : $@ ? "error: $@" : 'done';
}

# ------------------------------------------------------------------ the scripts

my $root = $VoiceAgent::Nginx::ROOT;
my %scripts = (
    nginx  => [glob "$root/core/scripts/*.lua"],
    worker => [glob "$root/{core,worker}/scripts/{,lib/}*.lua"],
    voice  => ["$root/core/scripts/push.lua", map { "$root/worker/scripts/$_.lua" } qw(voice_beat call_claim call_set call_yielded metrics lib/call)],
);
for my $user (sort keys %scripts) {
    my ($line) = $acl =~ /^(user voiceagent-$user .*)$/m;
    my %may = map { s/\|.*//r => 1 } $line =~ /(?<=\+)\S+/g;
    my %calls = map { lc $_ => 1 } map { VoiceAgent::Nginx::slurp($_) =~ /redis\.call\('(\w+)'/g } @{$scripts{$user}};
    is(join(' ', grep { !$may{$_} } sort keys %calls), '', "$user may call what its scripts do");
}

# ------------------------------------------------------------------ the module

my $nginx = VoiceAgent::Nginx->new(
    http => "voiceagent_redis redis://voiceagent-nginx:secret\@127.0.0.1:@{[$redis->port_]}/0 timeout=6s;",
    server => <<'END')->start;
    location /job     { voiceagent_public on; voiceagent_enqueue a.b dedup=$arg_k; }
    location /call    { voiceagent_public on; voiceagent_call a.b; }
    location /ready   { voiceagent_status ready; }
    location /health  { voiceagent_status health detail=1; }
    location /metrics { voiceagent_metrics; }
END
$nginx->finds_redis;
my $port = $nginx->port_;

is(post($port, '/job?k=1', 'x')->{status}, 200, 'nginx pushes a job') for 1 .. 2;
my $job = take($redis);
ok($job && !take($redis), '  once');
ack($redis, $job, undef);
my $client = VoiceAgent::Http->connect($port)->ask('POST', '/call', 'x');
$job = until_true(20, sub { take($redis) });
ack($redis, $job, {status => 200, body => 'here'});
is($client->answer->{body}, 'here', '  and hears a reply');
VoiceAgent::Worker::alive($redis);
is(get($port, '/ready')->{status}, 200, '  and whether workers are ready');
like(get($port, '/health')->{body}, qr/"redis":"?(?:true|ok|up)/, '  and how all is');
like(get($port, '/metrics')->{body}, qr/^voiceagent_redis_up 1$/m, '  and figures');
like(get($port, '/metrics')->{body}, qr/^voiceagent_queue_jobs\{/m, '  of the queues too');

# ------------------------------------------------------------------ what is refused

$redis->command('HSET', 'va:{realtime}:job:j', 'job', '{}');
$redis->command('ZADD', 'va:voice:media', 1, 'CA1');
my @everybody = (['FLUSHALL'], ['CONFIG', 'SET', 'maxmemory', '1'], ['ACL', 'LIST'], ['KEYS', '*'], ['SHUTDOWN', 'NOSAVE'],
    ['REPLICAOF', 'NO', 'ONE'], ['GET', 'another-programs'], ['MONITOR'], ['SAVE']);
my %refused = (
    nginx => [['HGETALL', 'va:{realtime}:job:j'], ['RPOP', 'va:{realtime}:in'], ['DEL', 'va:{realtime}:in'],
        ['HGETALL', 'va:call:{CA1}'], ['SCAN', 0], ['GET', 'va:owner:j'], ['PUBLISH', 'va:voice:control:p', 'x'],
        ['LRANGE', 'va:{realtime}:in', 0, -1], ['HSET', 'va:call:{CA1}', 'a', 'b'], ['ZREM', 'va:{realtime}:held', 'j']],
    worker => [],
    voice => [['HGETALL', 'va:{realtime}:job:j'], ['RPOP', 'va:{realtime}:in'], ['GETDEL', 'va:ticket:t'],
        ['GET', 'va:ticket:t'], ['SUBSCRIBE', 'va:events:{o}'], ['SCAN', 0], ['PUBLISH', 'va:reply:n', 'x'],
        ['LINDEX', 'va:{realtime}:in', 0], ['LRANGE', 'va:{realtime}:in', 0, -1]],
);
for my $user (sort keys %refused) {
    is(says(as($user), @$_), 'refused', "$user: @$_") for @everybody, @{$refused{$user}};
}
# A script is nobody's way around it.
for my $user (qw(nginx voice)) {
    my $answer = eval { as($user)->command('EVAL', q(return redis.call('RPOP', KEYS[1])), 1, 'va:{realtime}:in'); 'done' } // $@;
    like($answer, qr/can't run|ACL|NOPERM|permission/i, "$user: nor by a script");
}
is(says(as('worker'), 'HGETALL', 'va:{realtime}:job:j'), 'done', 'a worker reads a job');
is(says(as('voice'), 'GET', 'va:{realtime}:res:j'), 'done', 'a voice process reads the answer to its own');

$nginx->stop('TERM');
done_testing;

# /health, /ready and /metrics: what a load balancer, Kubernetes and Prometheus see.
use strict;
use warnings;

use Test::More;
use VoiceAgent::Http qw(get post request);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(until_true port);
use VoiceAgent::Redis;
use VoiceAgent::Sse;
use VoiceAgent::Token qw(token);
use VoiceAgent::Worker qw(take ack alive decode);

my $redis = VoiceAgent::Redis->start(tcp => 1);
my $nginx = VoiceAgent::Nginx->new(redis => $redis->url . ' timeout=6s', workers => 2, server => <<'END')->start;
    location = /health  { voiceagent_status health; }
    location = /detail  { voiceagent_status health detail=$arg_d; }
    location = /ready   { voiceagent_status ready; }
    location = /metrics { voiceagent_metrics; }
    location = /bearer  { voiceagent_verify bearer key=metrics; voiceagent_metrics; }
    location /enqueue   { voiceagent_public on; voiceagent_enqueue a.b dedup=$arg_d; }
    location /empty     { voiceagent_public on; voiceagent_enqueue a.b dedup=$arg_none; }
    location /call      { voiceagent_public on; voiceagent_call a.b timeout=5m; }
    location /short     { voiceagent_public on; voiceagent_call a.b timeout=100ms; }
    location /pending   { voiceagent_public on; voiceagent_call a.b timeout=100ms late=pending; }
    location /fallback  { voiceagent_public on; voiceagent_call a.b timeout=100ms; voiceagent_fallback 200 a/b x; }
    location /guarded   { voiceagent_jwt key=jwt alg=HS256; voiceagent_enqueue a.b; }
    location /events    { voiceagent_jwt key=jwt alg=HS256; voiceagent_events org=$voiceagent_claim_org; }
END
my $port = $nginx->port_;

sub json { return decode(get($port, $_[0])->{body}) }

# Prometheus' text format 0.0.4: dies of a line that is none.
sub metrics {
    my ($target, @headers) = @_;
    my $answer = get($port, $target // '/metrics', @headers);
    my (%samples, %types, $last);
    for (split /\n/, $answer->{body}) {
        if (/^# TYPE (\w+) (counter|gauge)$/) {
            die "$1 has two types\n" if $types{$1}++;
        } elsif (/^((\w+)(?:\{\w+="[^"\\]*"(?:,\w+="[^"\\]*")*\})?) (-?\d+)$/) {
            die "$2 has no type\n" unless $types{$2};
            die "$1 comes twice\n" if exists $samples{$1};
            $samples{$1} = $3;
        } elsif (!/^# HELP \w+ .+$/) {
            die "no line of Prometheus': $_\n";
        }
    }
    return \%samples;
}

sub outcome { return metrics()->{qq(voiceagent_requests_total{outcome="$_[0]"})} }

# -------------------------------------------------------------------------- health

my $answer = get($port, '/health');
is("$answer->{status} $answer->{headers}{'content-type'} $answer->{body}", '200 application/json {"status":"ok"}', 'alive, and no more is said');
is(get($port, '/detail?d=0')->{body}, '{"status":"ok"}', 'no detail for 0');
is(get($port, '/detail')->{body}, '{"status":"ok"}', '  nor for nothing');
is_deeply(json('/detail?d=1'), {status => 'ok', webSocket => {connections => 0}, sessions => {streams => 0, waiting => 0},
    calls => {live => 0, streams => 0, capacity => 0, processes => 0, processesWithRoom => 0},
    redis => 'up', postgres => 'down', workers => 0}, 'details, without a worker');
is(request($port, 'HEAD', '/health')->{status}, 200, 'HEAD');
is(post($port, '/health', 'x')->{status}, 405, 'POST is not allowed');

# --------------------------------------------------------------------------- ready

$answer = get($port, '/ready');
is("$answer->{status} $answer->{headers}{'retry-after'}", '503 2', 'not ready without a worker');
like($answer->{body}, qr/"code":"not_ready","message":"No worker says that Postgres answers\."/, '  and why');
$redis->command('ZADD', 'va:alive', (time - 10) * 1000, 'worker-of-ten-seconds-ago');
is(get($port, '/ready')->{status}, 503, 'nor with one that said so long ago');
alive($redis);
is(get($port, '/ready')->{body}, '{"status":"ready"}', 'ready with one that says so now');
alive($redis);
is(json('/detail?d=1')->{postgres}, 'up', '  which the details tell');
alive($redis);
is(json('/detail?d=1')->{workers}, 1, '  and that it is one');

# -------------------------------------------------------------------------- metrics

alive($redis);
my $m = metrics();
is($m->{voiceagent_redis_up}, 1, 'Redis answers');
is($m->{voiceagent_workers_ready}, 1, 'one worker is ready');
is($m->{qq(voiceagent_queue_jobs{queue="$_",state="in"})}, 0, "nothing in $_") for qw(realtime default bulk);
is(get($port, '/metrics')->{headers}{'content-type'}, 'text/plain; version=0.0.4', 'the type Prometheus wants');

post($port, "/enqueue?d=$_", 'x') for 1, 2, 2;
is(outcome('accepted'), 2, 'accepted');
is(outcome('duplicate'), 1, 'duplicates');
is(post($port, '/empty', 'x')->{status}, 400, 'a request without its key');
is(outcome('bad_request'), 1, '  counted');
is(metrics()->{'voiceagent_queue_jobs{queue="default",state="in"}'}, 2, 'two jobs stand in the queue');
like(metrics()->{'voiceagent_queue_oldest_milliseconds{queue="default"}'}, qr/^\d+$/, '  since a while');

# What docs/operations.md says of nginx' own samples; "_failed_total" behind a name stands for that name with another end.
sub explained {
    open my $file, '<:encoding(UTF-8)', 'docs/operations.md' or die "docs/operations.md: $!\n";
    my ($section) = do { local $/; <$file> } =~ /^# nginx\n.*?^## Metrics\n(.*?)^## /ms;
    my %rows;
    for my $row (grep { /^\| `voiceagent_/ } split /\n/, $section) {
        my ($names, $stem) = $row =~ /^\| ([^|]*) \|/;
        for ($names =~ /`(\w+)`/g) {
            $stem = s/_[a-z]+_total$//r if /^voiceagent/;
            $rows{/^voiceagent/ ? $_ : "$stem$_"} = $row;
        }
    }
    return \%rows;
}

my $explained = explained();
my $printed = get($port, '/metrics')->{body};
is(join(' ', sort $printed =~ /^# TYPE (\w+)/mg), join(' ', sort keys %$explained), 'what is printed is explained, and what is explained is printed');
my @values = $printed =~ /^(\w+\{.*?(?:outcome|state)="\w+")/mg;
cmp_ok(scalar @values, '>', 20, '  and each outcome and state');
is(join(' ', grep { !/^(\w+)\{.*"(\w+)"$/ || $explained->{$1} !~ /`$2`/ } @values), '', '  is explained');
my $held = take($redis, 'default');
$m = metrics();
is(join(' ', map { $m->{qq(voiceagent_queue_jobs{queue="default",state="$_"})} } qw(in ready parked held later dead)), '0 1 0 1 0 0', 'one is worked on, one is ready');
ack($redis, $held);
is(get($port, '/guarded')->{status}, 401, 'refused');
is(outcome('refused'), 1, '  counted');
is(metrics()->{'voiceagent_refusals_total{scheme="none",reason="absent"}'}, 1, '  with the reason');
is(get($port, '/short')->{status}, 503, 'no answer');
is(outcome('timeout'), 1, '  counted');
is(get($port, '/pending')->{status}, 202, 'no answer yet');
is(outcome('pending'), 1, '  counted');
is(get($port, '/fallback')->{status}, 200, 'a fallback');
is(outcome('fallback'), 1, '  counted');
$redis->command('FLUSHALL');
my $c = VoiceAgent::Http->connect($port);
$c->ask('GET', '/call');
ok(until_true(20, sub { metrics()->{voiceagent_waiting_requests} == 1 }), 'a request waits');
is(json('/detail?d=1')->{sessions}{waiting}, 1, '  in the details too');
my $s = VoiceAgent::Sse->open($port, '/events', Authorization => 'Bearer ' . token({organizationId => 'o'}));
$s->event;
is(metrics()->{voiceagent_event_clients}, 1, 'a stream');
is(json('/detail?d=1')->{sessions}{streams}, 1, '  in the details too');
ack($redis, until_true(20, sub { take($redis) }), {body => 'x'});
$c->answer;
is(outcome('replied'), 1, 'a reply');
$redis->script('publish', ['va:events:{o}'], 1, 'note', '', '', '{}');
$s->event;
is(metrics()->{voiceagent_events_sent_total}, 1, 'an event');

# Calls, and the processes that carry them: what ran out counts no more.
sub calls { my ($m) = metrics(); return join ' ', map { $m->{"voiceagent_$_"} } qw(calls voice_streams voice_capacity voice_processes voice_processes_with_room) }
my ($soon, $before) = (1000 * time + 100_000, 1000 * time - 100_000);
is(calls(), '0 0 0 0 0', 'no calls, and nobody who carries them');
$redis->command('ZADD', 'va:voice:live', $soon, 'CA1', $soon, 'CA2', $soon, 'CA3', $before, 'CA4');
$redis->command('ZADD', 'va:voice:media', $soon, 'CA1', $soon, 'CA2', $before, 'CA4');
$redis->command('ZADD', 'va:voice:processes', $soon, 'one', $soon, 'two', $before, 'gone');
$redis->command('HSET', "va:voice:process:$_", 'listen', 'unix:/run/x', 'capacity', 2) for qw(one two gone);
$redis->command('ZADD', 'va:voice:calls:one', $soon, 'CA1', $soon, 'CA2');
$redis->command('ZADD', 'va:voice:calls:two', $soon, 'CA3', $before, 'CA4');
is(calls(), '3 2 4 2 1', 'three calls, two with a stream of four, and one of two processes with room');
is_deeply(json('/detail?d=1')->{calls}, {live => 3, streams => 2, capacity => 4, processes => 2, processesWithRoom => 1}, '  in the details too');
$redis->command('ZADD', 'va:voice:calls:two', $soon, 'CA5');
$redis->command('ZADD', 'va:voice:media', $soon, 'CA3', $soon, 'CA5');
is(calls(), '3 4 4 2 0', 'full');

# What the workers count (worker/metrics.c), each family under one type.
$redis->command('HSET', 'va:metrics', 'voiceagent_jobs_total{type="a",result="done"}', 7, 'voiceagent_sms_total', 3,
    'voiceagent_jobs_total{type="b",result="done"}', 8, 'voiceagent_jobs', 1);
$m = metrics();
is(join(' ', map { $m->{$_} } 'voiceagent_jobs_total{type="a",result="done"}', 'voiceagent_jobs_total{type="b",result="done"}',
    'voiceagent_sms_total', 'voiceagent_jobs'), '7 8 3 1', "the workers' own");

is(get($port, '/bearer')->{status}, 401, 'a guarded place');
is(metrics('/bearer', Authorization => "Bearer $VoiceAgent::Nginx::KEYS{metrics}")->{voiceagent_redis_up}, 1, '  opens with the token');

# ------------------------------------------------------- all of it without Redis

alive($redis);
$redis->pause;
$answer = get($port, '/ready');
is($answer->{status}, 503, 'not ready while Redis is stalled');
like($answer->{body}, qr/Redis does not answer\./, '  and why');
is(get($port, '/health')->{status}, 200, '  but alive');
$redis->resume;
ok(until_true(20, sub { alive($redis); get($port, '/ready')->{status} == 200 }), 'ready again');
$redis->stop;
is(get($port, '/ready')->{status}, 503, 'not ready without Redis');
$m = json('/detail?d=1');
is("$m->{status} $m->{redis} $m->{postgres}", 'ok down unknown', '  the details say so');
$m = metrics();
is($m->{voiceagent_redis_up}, 0, '  and the metrics');
is($m->{voiceagent_workers_ready}, 0, '  which know of no worker');
is($m->{'voiceagent_queue_jobs{queue="default",state="in"}'}, undef, '  nor of a queue');
is($m->{voiceagent_calls}, undef, '  nor of calls, which is not the same as none');
is(post($port, '/enqueue?d=9', 'x')->{status}, 503, 'a request that cannot be stored');
is(outcome('unavailable'), 1, '  counted');
cmp_ok(metrics()->{voiceagent_redis_failures_total}, '>', 0, '  as are the failures');
$redis->run;
ok(until_true(20, sub { alive($redis); get($port, '/ready')->{status} == 200 }), 'ready again when it is back');
cmp_ok(metrics()->{voiceagent_redis_connects_total}, '>', 4, '  over new connections');
$c = VoiceAgent::Http->connect($port);
$c->ask('GET', '/ready');
$c->reset;
is(get($port, '/health')->{status}, 200, 'a client that goes while Redis is asked');
$s->close;

$nginx->stop;
done_testing();

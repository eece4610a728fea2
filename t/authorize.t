# voiceagent_authorize: a worker says whether this token may see what the path names, and
# its word is kept for a minute.
use strict;
use warnings;

use Test::More;
use VoiceAgent::Http qw(get post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(until_true port);
use VoiceAgent::Redis;
use VoiceAgent::Token qw(token);
use VoiceAgent::Worker;

my $redis = VoiceAgent::Redis->start;

# Says what the path asks it to, and counts how often it was asked.
my $worker = VoiceAgent::Worker->start($redis, sub {
    my ($job, $redis) = @_;
    return {body => 'shown'} if $job->{type} ne 'may.see';
    $redis->command('INCR', "asked:$job->{http}{uri}");
    $redis->command('SET', 'question', $job->{_document});
    my ($says) = $job->{http}{uri} =~ m{/says-(\w+)};
    return 'later' if $says eq 'nothing';
    return {status => 0 + $says, type => 'text/plain', body => $1} if $job->{http}{uri} =~ m{/named-([\w.]+)};
    return $says eq 'garbage' ? 'garbage' : {status => 0 + $says};
});

my $closed = port();
my $away = port();
my $places = <<'END';
    voiceagent_jwt    key=jwt alg=HS256 ticket=$arg_ticket;
    voiceagent_verify bearer key=tools;
    location / {
        voiceagent_authorize may.see lane=$voiceagent_claim_org timeout=10s;
        add_header X-Named "<$voiceagent_authorized>";
        voiceagent_call show;
    }
    location /x/says-nothing {
        voiceagent_authorize may.see lane=$voiceagent_claim_org timeout=300ms;
        voiceagent_call show;
    }
    location /other/ {
        voiceagent_authorize other.see timeout=10s;
        voiceagent_call show;
    }
    location /role/ {
        voiceagent_require role admin;
        voiceagent_authorize may.see;
        voiceagent_call show;
    }
    location /lines/ {
        voiceagent_authorize may.see for=$subject;
        voiceagent_call show;
    }
    location = /metrics { voiceagent_public on; voiceagent_metrics; }
END
my $subjects = 'map $arg_of $subject { default ""; lines "\n/lines/says-200"; }';
my $nginx = VoiceAgent::Nginx->new(redis => $redis, http => $subjects, server => $places)->start;
my $without = VoiceAgent::Nginx->new(redis => "redis://127.0.0.1:$closed", http => $subjects, server => $places)->start;

my @token = (Authorization => 'Bearer ' . token({organizationId => 'o1', role => 'staff'}));
my @other = (Authorization => 'Bearer ' . token({organizationId => 'o2'}));
my @tools = (Authorization => "Bearer $VoiceAgent::Nginx::KEYS{tools}");

sub ask {
    my ($target, @headers) = @_;
    return get($nginx->port_, $target, @headers);
}

sub code {
    my $body = eval { VoiceAgent::Worker::decode($_[0]{body}) } // {};
    return "$_[0]{status} " . ($body->{error}{code} // $_[0]{body});
}

sub asked { return $redis->command('GET', "asked:$_[0]") // 0 }

ok(until_true(20, sub { ask('/metrics')->{body} =~ /^voiceagent_redis_up 1$/m }), 'Redis is there');

# ------------------------------------------------------------- what it may say

my %means = (200 => '200 shown', 404 => '404 not_found', 403 => '403 forbidden', 401 => '401 unauthorized',
    500 => '503 unavailable', 302 => '503 unavailable', 204 => '503 unavailable', garbage => '503 unavailable',
    nothing => '503 unavailable');
for my $says (sort keys %means) {
    my $answer = ask("/x/says-$says", @token);
    is(code($answer), $means{$says}, "the worker says $says");
    is($answer->{headers}{'retry-after'}, $means{$says} =~ /^503/ ? 2 : undef, '  try again?');
}

# --------------------------------------------------------------- what it is asked

post($nginx->port_, '/q/says-200?a=1', 'a body', @token, Cookie => 'a=SECRET');
my $document = $redis->command('GET', 'question');
my $job = VoiceAgent::Worker::decode($document);
is("$job->{type} $job->{org} $job->{lane} $job->{auth}{scheme}", 'may.see o1 o1 jwt', 'who asks');
is("$job->{http}{method} $job->{http}{uri} $job->{http}{args}", 'POST /q/says-200 a=1', '  for what');
is($job->{http}{body}, undef, '  without the body');
like($job->{reply}, qr/^va:reply:/, '  and where to answer');
cmp_ok($job->{deadline_ms} - $job->{enqueued_ms}, '==', 10_000, '  until when');
unlike($document, qr/SECRET|\Q$token[1]\E/, '  no credentials');

# ------------------------------------------------------------------- what is kept

is(code(ask('/k/says-200', @token)), '200 shown', 'asked') for 1 .. 3;
is(asked('/k/says-200'), 1, '  once');
ask('/k/says-200?other=arguments', @token);
is(asked('/k/says-200'), 1, '  also for other arguments');
ask('/k/says-200/else', @token);
is(asked('/k/says-200/else'), 1, 'another path is another question');
is(code(ask('/lines/says-200%0A/lines/says-404', @token)), '200 shown', 'a path of two lines');
is(code(ask('/lines/says-404?of=lines', @token)), '404 not_found', '  is not the second with a subject that ends in the first');
ask('/k/says-200', @other);
is(asked('/k/says-200'), 2, '  as is another token');
ask('/k/says-200', @tools);
is(asked('/k/says-200'), 3, '  and a signature');
is(code(ask('/n/says-404', @token)), '404 not_found', 'a no') for 1 .. 2;
is(asked('/n/says-404'), 1, '  is kept too');
is(code(ask('/s/says-500', @token)), '503 unavailable', 'no word') for 1 .. 2;
is(asked('/s/says-500'), 2, '  is not');
$redis->command('SET', 'va:ticket:t', '{"organizationId":"o1"}');
is(code(ask('/t/says-200?ticket=t')), '200 shown', 'a ticket is asked about as well');
is(code(ask('/t/says-200?ticket=t')), '401 unauthorized', '  and gone');

# ---------------------------------------------------------------------- a name

sub named { return ask($_[0], @token)->{headers}{'x-named'} }
is(named('/m/says-200/named-o1.call'), '<o1.call>', 'the worker names what the path calls by another name') for 1 .. 2;
is(asked('/m/says-200/named-o1.call'), 1, '  which is kept with its word');
is(named('/m/says-200/named-' . 'x' x 64), '<' . 'x' x 64 . '>', 'a name of 64 bytes');
is(named('/m/says-200/named-' . 'x' x 65), '<>', '  a longer one is none') for 1 .. 2;
is(named('/k/says-200'), '<>', 'what is no text is none');

# ------------------------------------------------------------------------- order

is(code(ask('/w/says-200')), '401 unauthorized', 'who is nobody');
is(code(ask('/w/says-200', Authorization => 'Bearer x')), '401 unauthorized', 'whose token is broken');
is(code(ask('/role/w/says-200', @token)), '403 forbidden', 'who lacks the role');
is(asked('/w/says-200') + asked('/role/w/says-200'), 0, '  is not asked about');

my $c = VoiceAgent::Http->connect($nginx->port_);
$c->ask('GET', '/gone/says-nothing', undef, @token);
ok(until_true(20, sub { asked('/gone/says-nothing') }), 'a client that goes while a worker is asked');
$c->reset;
ok(until_true(20, sub { ask('/metrics')->{body} =~ /^voiceagent_waiting_requests 0$/m }), '  leaves nobody waiting');

for my $reason ('jwt",reason="malformed', 'none",reason="absent', 'require",reason="role', 'authorize",reason="not_found',
    'authorize",reason="forbidden', 'authorize",reason="unavailable') {
    like(ask('/metrics')->{body}, qr/^voiceagent_refusals_total\{scheme="$reason"\} [1-9]/m, "counted: $reason");
}

# ------------------------------------------------------------------ without Redis

is(code(get($without->port_, '/x/says-200', @token)), '503 unavailable', 'with Redis away nobody knows');
is(code(get($without->port_, '/x/says-200')), '401 unauthorized', '  but who is nobody');

$_->stop for $nginx, $without;
done_testing();

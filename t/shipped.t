# The shipped locations (conf/): whom their limits count as one, whose share of the workers
# a request takes, and what makes two webhooks one. The chat's are in chat.t.
use strict;
use warnings;

use File::Path qw(make_path);
use Test::More;
use VoiceAgent::Http qw(post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(until_true);
use VoiceAgent::Redis;
use VoiceAgent::Token qw(token elevenlabs_signature);
use VoiceAgent::Worker qw(take ack encode);

my $conf   = "$VoiceAgent::Nginx::ROOT/conf";
my $secret = 'a-secret-of-more-than-thirty-two-characters';
my $redis  = VoiceAgent::Redis->start;
my $nginx  = VoiceAgent::Nginx->new;
my $dir    = $nginx->dir;

# What is counted by the second or in dozens: by the minute, so that no test runs a race, and
# by the few.
my %few = map { $_ => VoiceAgent::Nginx::slurp("$conf/locations/$_.conf") =~ s/(voiceagent_(?:streams|uploads)) \d+/$1 3/gr }
  qw(events elevenlabs shopify);
$few{tools} = VoiceAgent::Nginx::slurp("$conf/locations/tools.conf") =~ s/timeout=\d+s/timeout=300ms/gr;
VoiceAgent::Nginx::write_file("$dir/http.conf", VoiceAgent::Nginx::shipped_http() =~ s{rate=\d+r/m}{rate=1r/m}gr);
VoiceAgent::Nginx::write_file("$dir/$_.conf", $few{$_}) for keys %few;
$nginx->write_shipped_keys($secret);
make_path("$dir/voiceagent/fallback");
VoiceAgent::Nginx::write_file("$dir/voiceagent/fallback/personalization.json", '{}');

$nginx->configure(
    http => "voiceagent_redis @{[$redis->url]} timeout=6s;\ninclude $dir/http.conf;\n"
      . 'map $http_origin $voiceagent_page_origin { default ""; }',
    server => join "\n", 'set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;',
    (map { "include $conf/locations/$_.conf;" } qw(errors auth)), (map { "include $dir/$_.conf;" } sort keys %few), 'location /metrics { voiceagent_metrics; }');
$nginx->start->finds_redis;
my $port = $nginx->port_;

sub next_job { return until_true(20, sub { take($redis) }) }

# Asks from the address; the connection, whose answer nobody has read.
sub ask {
    my ($address, $method, $target, $body, %headers) = @_;
    return VoiceAgent::Http->connect($port)->ask($method, $target, $body, 'X-Real-IP' => $address, %headers);
}

sub login { return ask($_[0], 'POST', '/api/auth/login', '{}') }

# A login that becomes a job, and its lane.
sub lane_of_login {
    my $client = login(@_);
    my $job = next_job() or return "none: $client->answer->{status}";
    return $redis->command('HGET', 'va:{realtime}:job:' . $job->{id}, 'lane');
}

# ----------------------------------------------------------- tools that take longer

# A model reads the body of a 2xx and nothing else: of a 503 it would think that nothing was done.
for my $target ('/api/elevenlabs/tools/book_appointment', '/api/calendar/book') {
    my $answer = ask('192.0.2.9', 'POST', $target, '{}', Authorization => "Bearer $secret",
        'Content-Type' => 'application/json')->answer;
    my $job = next_job();
    is("$answer->{status} $answer->{body}", qq(202 {"status":"pending","job":"$job->{id}"}), "$target goes on");
}

# Clients of MCP match an answer with its request by the id, a string or a number.
for (['7'], ['"7"'], ['"a\\"b"'], ['-1.5'], ['{}', 'null'], ['}', 'null']) {
    my ($id, $told) = ($_->[0], $_->[-1]);
    my $answer = ask('192.0.2.9', 'POST', '/mcp', qq({"jsonrpc":"2.0","params":{"id":"other"},"id":$id,"method":"ping"}),
        Authorization => "Bearer $secret", 'Content-Type' => 'application/json')->answer;
    my $job = next_job();
    is($answer->{status}, 200, "a message of id $id that is late is answered as JSON-RPC");
    like($answer->{body}, qr/^\{"jsonrpc":"2.0","id":\Q$told\E,"error":\{"code":-32000,/, '  by its id');
    like($answer->{body}, qr/"status":"pending","job":"\Q$job->{id}\E"/, '  and goes on');
}

# ---------------------------------------------------------------------- technicians

sub as {
    my ($role, $method, $target) = @_;
    my $token = token({organizationId => 'o1', role => $role, userId => 'u1'}, secret => $secret);
    return ask('192.0.2.9', $method, $target, $method eq 'POST' ? '{}' : undef, Authorization => "Bearer $token");
}

sub allowed { return as(@_)->answer->{status} != 403 }

ok(allowed('service_tech', @$_), "a technician uses $_->[1]") for ['GET', '/api/calendar/availability'], ['POST', '/api/calendar/book'];
1 while take($redis);
for (['GET', '/api/shopify/inventory/helmet'], ['GET', '/api/shopify/orders/lookup'], ['POST', '/api/recommendations/products'], ['POST', '/mcp']) {
    ok(!allowed('service_tech', @$_), "  and not $_->[1]");
    is(take($redis), undef, '  of which no worker is asked');
    ok(allowed('staff', @$_), '  but staff');
    1 while take($redis);
}

# --------------------------------------------------------------------- signing up

sub sign_up { return ask($_[0], 'POST', '/api/auth/register', '{}') }

sub signs_up { my $client = sign_up(@_); return next_job() ? 1 : 0 }

is(scalar(grep { signs_up("2001:db8:9:1::$_") } 1 .. 6), 6, 'one subscriber signs up six times at once');
is(sign_up('2001:db8:9:1:ffff::1')->answer->{status}, 429, '  and not once more');
is(scalar(grep { signs_up("198.51.101.$_") } 1 .. 15), 15, 'subscribers together');
is(sign_up('203.0.113.9')->answer->{status}, 429, '  as often as is good for all');

# --------------------------------------------------------------------- signing in

ask('192.0.2.1', 'POST', '/api/admin/provisioning/resume', '{}', Authorization => 'Bearer ' . token({organizationId => 'o1', role => 'admin', userId => 'u1'}, secret => $secret));
my $resume = next_job();
is($redis->command('HGET', "va:{realtime}:job:$resume->{id}", 'serial'), 'number:o1', 'of one shop one setting up is gone on with at a time');
ack($redis, $resume, {status => 200});
is(lane_of_login('192.0.2.1'), 'auth', 'a login takes the share of all logins');
is(lane_of_login('2001:db8:1:1::1'), 'auth', '  whoever asks');
is(scalar(grep { lane_of_login("2001:db8:1:1::$_") eq 'auth' } 2 .. 21), 20, 'one subscriber signs in 21 times at once');
is(login('2001:db8:1:1:ffff::1')->answer->{status}, 429, '  by whichever of its addresses');
is(lane_of_login('2001:db8:1:2::1'), 'auth', '  and its neighbour too');
is(scalar(grep { lane_of_login("198.51.100.$_") eq 'auth' } 1 .. 28), 28, 'subscribers together');
is(login('203.0.113.1')->answer->{status}, 429, '  no more often than the workers can bear');

# ------------------------------------------------------------------ reports of calls

sub report {
    my ($body) = @_;
    return post($port, '/api/webhooks/elevenlabs/post-call', $body, 'Content-Type' => 'application/json',
        'ElevenLabs-Signature' => elevenlabs_signature($secret, $body))->{status};
}

sub reports_stored { my $n = 0; $n++ while take($redis); return $n }

# nginx joins what comes a byte at a time in the square of its size.
my $told = 'x' x ($ENV{TEST_NGINX_LD_PRELOAD} ? 7000 : 70000);
my @late = map { qq({"transcript":"$told","conversation_id":"$_"}) } 'one', 'two';
is(report($_), 200, 'a report that names its conversation late') for @late;
is(reports_stored(), 2, '  is not taken for another such');
is(report($late[0]), 200, '  and told again');
is(reports_stored(), 0, '  it is one');
my @early = map { qq({"type":"post_call_transcription","data":{"conversation_id":"c1","n":$_}}) } 1, 2;
is(report($_), 200, 'a conversation told of twice') for @early;
is(reports_stored(), 1, '  is stored once');

# ------------------------------------------------------------------- uploads at once

# What may be a report, or a webhook, and is not all there yet.
my %began = (
    '/api/webhooks/elevenlabs/post-call' => sub { ('ElevenLabs-Signature' => 't=' . time . ',v0=' . '0' x 64) },
    '/api/webhooks/shopify' => sub {
        (map { ("X-Shopify-$_" => 'x') } qw(Shop-Domain Topic Api-Version Webhook-Id)), 'X-Shopify-Hmac-Sha256' => 'A' x 43 . '=';
    },
);

sub upload {
    my ($address, $target) = @_;
    return ask($address, 'POST', $target, undef, $began{$target}->(), 'Content-Length' => 1000);
}

sub status_of_upload {
    my ($client) = upload(@_);
    $client->write('x' x 1000);
    return $client->answer->{status};
}

for my $target (sort keys %began) {
    my @uploads = map { upload("2001:db8:3:1::$_", $target) } 1 .. 3;
    ok(until_true(20, sub { status_of_upload('2001:db8:3:1::4', $target) == 429 }), "$target: no more from one subscriber than the limit");
    is(status_of_upload('2001:db8:3:2::1', $target), 401, '  which is nothing to its neighbour');
    $_->close for @uploads;
    ok(until_true(20, sub { status_of_upload('2001:db8:3:1::5', $target) == 401 }), '  until one of them has gone');
}

# -------------------------------------------------------------------- tickets

# Counted before his token is looked at; an office's pages all open their streams again at once.
sub tickets { return map { ask($_[0], 'POST', '/api/auth/ticket', '')->answer->{status} } 1 .. $_[1] }

my @tickets = tickets('2001:db8:4:1::1', 150);
is(scalar(grep { $_ == 401 } @tickets), 150, 'an office may ask for its tickets together');
ok(until_true(20, sub { grep { $_ == 429 } tickets('2001:db8:4:1::2', 100) }), '  and no more without end');
is((tickets('2001:db8:4:2::1', 1))[0], 401, '  which is nothing to its neighbour');

# -------------------------------------------------------------------- event streams

sub stream {
    my $token = token({organizationId => 'o1', role => 'staff', userId => 'u1'}, secret => $secret);
    return ask($_[0], 'GET', '/api/stream/organization', undef, Authorization => "Bearer $token");
}

# Who has no token is refused for that, unless he is counted out before.
sub status_of { return ask($_[0], 'GET', '/api/stream/organization')->answer->{status} }

my @open = map { stream("2001:db8:2:1::$_") } 1 .. 3;
ok(next_job(), 'streams are asked for');
ok(until_true(20, sub { status_of('2001:db8:2:1::4') == 429 }), 'one subscriber has no more than the limit');
is(status_of('2001:db8:2:2::1'), 401, '  which is nothing to its neighbour');
$_->close for @open;
ok(until_true(20, sub { status_of('2001:db8:2:1::5') == 401 }), '  until one of them has gone');

$nginx->stop('TERM');
done_testing;

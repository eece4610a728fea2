# The shipped location of the chat: whose share of the workers a message takes, and how many of
# them one subscriber can wait for at once.
use strict;
use warnings;

use File::Path qw(make_path);
use Test::More;
use VoiceAgent::Http;
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(until_true);
use VoiceAgent::Redis;
use VoiceAgent::Token qw(token);
use VoiceAgent::Worker qw(take ack encode);

my $conf  = "$VoiceAgent::Nginx::ROOT/conf";
my $redis = VoiceAgent::Redis->start;
my $nginx = VoiceAgent::Nginx->new(
    http   => "voiceagent_redis @{[$redis->url]} timeout=6s;\ninclude $conf/http.conf;\n"
      . 'map $http_origin $voiceagent_page_origin { default ""; }',
    server => "set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;\n"
      . "include $conf/locations/errors.conf;\ninclude $conf/locations/chat.conf;\n"
      . "include $conf/locations/elevenlabs.conf;\nlocation /metrics { voiceagent_metrics; }");
make_path("@{[$nginx->dir]}/voiceagent/fallback");
VoiceAgent::Nginx::write_file("@{[$nginx->dir]}/voiceagent/fallback/personalization.json", '{}');
my $secret = 'a-secret-of-more-than-thirty-two-characters';
$nginx->write_shipped_keys($secret);
$nginx->start->finds_redis;
my $port = $nginx->port_;

# Sends a message from the address; the connection, whose answer nobody has read.
sub message {
    my ($address, $business, $origin) = @_;
    my $body = encode({message => 'Hi', key => 'k', businessId => $business // 'bici-downtown'});
    return VoiceAgent::Http->connect($port)->ask('POST', '/api/chat', $body,
        'X-Real-IP' => $address, 'Content-Type' => 'application/json', Origin => $origin);
}

sub next_job { return until_true(20, sub { take($redis) }) }

# Sends a message that becomes a job, and the job.
sub let_in {
    return begun(message(@_));
}

sub begun {
    my ($client) = @_;
    my $job = next_job() or return;
    return {client => $client, job => $job};
}

sub answered {
    my ($talk) = @_;
    ack($redis, $talk->{job}, {body => 'answered'});
    return $talk->{client}->answer->{body} eq 'answered';
}

sub lane_of {
    my ($talk) = @_;
    return $redis->command('HGET', "va:{realtime}:job:$talk->{job}{id}", 'lane');
}

# ----------------------------------------------------------------- lanes

my $id = 'd0000000-0000-4000-8000-000000000001';
my @businesses = (
    ['bici-downtown', 'chat:bici-downtown'],
    [$id, "chat:$id"],
    [uc $id, 'chat:https://shop.example'],
    ['x' x 65, 'chat:https://shop.example'],
    ['two words', 'chat:https://shop.example'],
    ['', 'chat:https://shop.example'],
    [uc $id, 'chat:', 'https://SHOP.example'],
    [uc $id, 'chat:', undef],
);
for (@businesses) {
    my ($business, $lane) = @$_;
    my $talk = let_in('192.0.2.1', $business, @$_ > 2 ? $_->[2] : 'https://shop.example');
    is(lane_of($talk), $lane, "a message to '$business' takes its share as $lane");
    ok(answered($talk), '  and is answered');
}
my $asking = begun(VoiceAgent::Http->connect($port)->ask('OPTIONS', '/api/chat', undef,
        'X-Real-IP' => '192.0.2.1', Origin => 'https://shop.example'));
is(lane_of($asking), 'chat:https://shop.example', 'a browser that asks first takes its page\'s share');
answered($asking);

for ([undef, 'chat:bici-downtown'], [token({organizationId => 'a-shop'}, secret => $secret), 'a-shop']) {
    my ($token, $lane) = @$_;
    my $body = encode({businessId => 'bici-downtown', key => 'k'});
    my $talk = begun(VoiceAgent::Http->connect($port)->ask('POST', '/api/elevenlabs/signed-url', $body,
            'X-Real-IP' => '192.0.2.2', 'Content-Type' => 'application/json',
            Authorization => $token && "Bearer $token"));
    is(lane_of($talk), $lane, "who asks for a talk with the agent takes its share as $lane");
    ok(answered($talk), '  and is answered');
}
my @far = map { let_in("192.0.2.$_") } 10, 11;
is(lane_of($far[0]), lane_of($far[1]), 'so do messages from anywhere');
answered($_) for @far;

# ----------------------------------------------------------------- how many at once

my %subscribers = (
    'an IPv4 address' => [('198.51.100.7') x 4, '198.51.100.8'],
    'an IPv6 network' => [
        '2001:db8:1:1::1', '2001:db8:1:1::2', '2001:db8:1:1:ffff::3', '2001:db8:1:1:0:a0a:d0d:4',
        '2001:db8:1:2::1'
    ],
    'an IPv4 address in IPv6' => [('::ffff:203.0.113.7') x 4, '::ffff:203.0.113.8'],
);
for my $who (sort keys %subscribers) {
    my @from = @{$subscribers{$who}};
    my @talks = map { let_in($_) } @from[0 .. 2];
    is(scalar(grep { $_ } @talks), 3, "$who waits for three answers");
    is(message($from[3])->answer->{status}, 429, '  and for no fourth');
    ok(answered(let_in($from[4])), '  while its neighbour is answered');
    is(scalar(grep { answered($_) } @talks), 3, '  as are the three');
    ok(answered(let_in($from[3])), '  and then another');
}

done_testing;

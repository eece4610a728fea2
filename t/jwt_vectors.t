# The table of tokens of t/vectors/jwt.json, sent to a real nginx whose clock stands where
# the table says (libfaketime).
use strict;
use warnings;

use JSON::PP;
use POSIX qw(strftime);
use Test::More;
use VoiceAgent::Http qw(get);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(scratch until_true);
use VoiceAgent::Redis;

# HTTP takes blanks around a header's value away, and has no line ends within one.
my %trimmed = map { $_ => 1 } 'b64-trailing-space';
my %unsendable = map { $_ => 1 } 'b64-newline-in-sig';

my ($preload) = glob '/usr/lib/*/faketime/libfaketime.so.1' or plan skip_all => 'no libfaketime';
my $json = JSON::PP->new->canonical->utf8;
my $table = $json->decode(VoiceAgent::Nginx::slurp("$VoiceAgent::Nginx::ROOT/t/vectors/jwt.json"));
my $redis = VoiceAgent::Redis->start;

my @public = grep { $_->{kty} ne 'oct' } @{$table->{jwks}{keys}};
my $secret = VoiceAgent::Nginx::write_file(scratch() . '/secret', "hs-1 $table->{hs256_secret_utf8}\n");
my $set = VoiceAgent::Nginx::write_file(scratch() . '/jwks', $json->encode({keys => \@public}));
my $policy = "alg=HS256,RS256,ES256,EdDSA iss=$table->{policy}{issuer} aud=$table->{policy}{audience} sub=required leeway=30s";

my $nginx = VoiceAgent::Nginx->new(
    redis => $redis,
    env   => {LD_PRELOAD => $preload, FAKETIME => strftime('%Y-%m-%d %H:%M:%S', gmtime $table->{now}), TZ => 'UTC',
        FAKETIME_DONT_FAKE_MONOTONIC => 1},
    http   => "large_client_header_buffers 4 32k; voiceagent_key table file=$secret;",
    server => <<"END")->start;
    location /x      { voiceagent_jwt key=table jwks=$set $policy; voiceagent_enqueue a.b; }
    location /secret { voiceagent_jwt key=table $policy; voiceagent_enqueue a.b; }
    location /public { voiceagent_jwt jwks=$set $policy; voiceagent_enqueue a.b; }
    location /rsa    { voiceagent_jwt jwks=$set alg=RS256; voiceagent_enqueue a.b; }
END

sub status {
    my ($place, $token) = @_;
    return get($nginx->port_, $place, Authorization => "Bearer $token")->{status};
}

my %token = map { $_->{id} => $_->{token} } @{$table->{vectors}};
is($redis->command('GET', 'va:jwks:wanted'), undef, 'a token of an unknown key');
is(status('/public', $token{'kid-unknown'}), 401, '  is refused');
ok(until_true(20, sub { $redis->command('GET', 'va:jwks:wanted') }), '  and the scheduler is told to fetch the key sets');
cmp_ok($redis->command('TTL', 'va:jwks:wanted'), '>', 0, '  for a while');
$redis->command('FLUSHALL');

for my $vector (@{$table->{vectors}}) {
    next if $unsendable{$vector->{id}};
    my $accept = $vector->{expect} eq 'accept' || $trimmed{$vector->{id}};
    is(status('/x', $vector->{token}), $accept ? 200 : 401, "$vector->{id}: $vector->{reason}");
    my $jobs = $redis->command('LLEN', 'va:{default}:in');
    is($jobs, $accept ? 1 : 0, '  a job or none');
    $redis->command('FLUSHALL');
}

is(status('/secret', $token{'ok-HS256'}), 200, 'a shared secret by itself');
is(status('/secret', $token{'ok-RS256'}), 401, '  serves no other algorithm');
is(status('/public', $token{"ok-$_"}), 200, "public keys by themselves: $_") for qw(RS256 ES256 EdDSA);
is(status('/public', $token{'ok-HS256'}), 401, '  serve no shared secret');
is(status('/rsa', $token{'ok-RS256'}), 200, 'the algorithm of the place');
is(status('/rsa', $token{'ok-ES256'}), 401, '  and no other');

$nginx->stop;
done_testing();

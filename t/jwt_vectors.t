# The table of tokens of t/vectors/jwt.json, sent to a real nginx whose clock stands where
# the table says (libfaketime).
use strict;
use warnings;

use JSON::PP;
use MIME::Base64 qw(encode_base64 decode_base64url);
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
my %pem = map { $_->{kty} => VoiceAgent::Nginx::write_file(scratch() . "/$_->{kty}.pem", pem($_)) } @public;
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
    location /pem/rsa { voiceagent_jwt jwks=$pem{RSA} alg=RS256,ES256,EdDSA; voiceagent_enqueue a.b; }
    location /pem/ec  { voiceagent_jwt jwks=$pem{EC} alg=RS256,ES256,EdDSA; voiceagent_enqueue a.b; }
    location /pem/ed  { voiceagent_jwt jwks=$pem{OKP} alg=RS256,ES256,EdDSA; voiceagent_enqueue a.b; }
    location /rsa    { voiceagent_jwt jwks=$set alg=RS256; voiceagent_enqueue a.b; }
END

# Its public key as RFC 5280 writes one (SubjectPublicKeyInfo), between the lines of RFC 7468.
sub pem {
    my ($jwk) = @_;
    my %kinds = (
        RSA => ['06092a864886f70d0101010500', sub { der(0x30, der(2, "\0$_[0]{n}") . der(2, $_[0]{e})) }],
        EC  => ['06072a8648ce3d020106082a8648ce3d030107', sub { "\4$_[0]{x}$_[0]{y}" }],
        OKP => ['06032b6570', sub { $_[0]{x} }],
    );
    my ($algorithm, $bits) = @{$kinds{$jwk->{kty}}};
    my %member = map { $_ => decode_base64url($jwk->{$_} // '') } qw(n e x y);
    my $info = der(0x30, der(0x30, pack 'H*', $algorithm) . der(3, "\0" . $bits->(\%member)));
    return "-----BEGIN PUBLIC KEY-----\n" . encode_base64($info) . "-----END PUBLIC KEY-----\n";
}

sub der {
    my ($tag, $content) = @_;
    my $n = length $content;
    return chr($tag) . ($n < 128 ? chr $n : "\x82" . pack 'n', $n) . $content;
}

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

my %of_kind = (rsa => 'RS256', ec => 'ES256', ed => 'EdDSA');
for my $place (sort keys %of_kind) {
    for my $alg (qw(RS256 ES256 EdDSA)) {
        is(status("/pem/$place", $token{"ok-$alg"}), $of_kind{$place} eq $alg ? 200 : 401, "the key in PEM of $place: $alg");
    }
}

$nginx->stop;
done_testing();

# Secrets as people choose them, preset for `make up`: what t/stack/settings.sh writes of them is
# what a shell reads again, and what nginx lets in by.
use strict;
use warnings;

use Test::More;
use VoiceAgent::Http qw(get post);
use VoiceAgent::Nginx;
use VoiceAgent::Redis;
use VoiceAgent::Stack qw(in_stack);
use VoiceAgent::Token qw(token twilio_signature);

my $run = VoiceAgent::Stack::folder();
my %odd = (
    JWT_SECRET        => q{my own jwt secret with $HOME & "quotes" | 'single' \back `tick` 0123456789},
    TWILIO_AUTH_TOKEN => q{a token, $1 & "more" | it's #1},
    TOOLS_SECRET      => q{- # tools' $ecret & "x" | y},
    METRICS_TOKEN     => q{# no comment},
    VA_PUBLIC_URL     => 'https://agent.example.com',
);

# Runs the lines behind the settings' own, with these presets; what it said, and whether it ended well.
sub settle {
    my ($lines, %preset) = @_;
    return in_stack("define_settings\n$lines", %preset);
}

sub variables { return join ' ', map { qq("\$$_") } @_ }

my @names = sort keys %odd;
my ($said, $well) = settle('write_settings; write_keys', %odd);
ok($well, 'odd secrets are taken') or diag($said);
($said) = settle("(. '$run/env'; printf '%s\\n' @{[variables(@names)]})");
is_deeply([split /\n/, $said], [@odd{@names}], '  and a shell reads them again');
($said) = settle("write_settings; (. '$run/env'; printf '%s\\n' @{[variables(@names)]})");
is_deeply([split /\n/, $said], [@odd{@names}], '  the next time too, when they are not preset');

for (['JWT_SECRET', "two lines of a secret that is\nlong enough for a token"], ['TOOLS_SECRET', ' leading'],
    ['TOOLS_SECRET', "trailing\t"], ['TWILIO_ACCOUNT_SID', 'AC with blanks'], ['LIVEKIT_API_KEY', '#key']) {
    my ($name, $value) = @$_;
    ($said, $well) = settle('write_settings', %odd, $name => $value);
    ok(!$well, "$name that cannot be carried is refused");
    like($said, qr/^stack: $name must /m, '  and named');
}

# ----------------------------------------------------------------------------- nginx

my $redis = VoiceAgent::Redis->start;
my %key   = (jwt => 'jwt', twilio => 'twilio', tools => 'tools', metrics => 'metrics');
my $nginx = VoiceAgent::Nginx->new(
    http => join("\n", "voiceagent_redis @{[$redis->url]} timeout=6s;", 'voiceagent_public_origin https://agent.example.com;',
        map { "voiceagent_key $_ file=$run/keys/$_;" } sort keys %key),
    server => <<'END')->start;
    location /twilio  { voiceagent_verify twilio key=twilio; voiceagent_enqueue a.b; }
    location /tools   { voiceagent_verify bearer key=tools; voiceagent_enqueue a.b; }
    location /metrics { voiceagent_verify bearer key=metrics; voiceagent_enqueue a.b; }
    location /jwt     { voiceagent_jwt key=jwt alg=HS256; voiceagent_enqueue a.b; }
END
my $port = $nginx->port_;

sub bearer { my ($place, $token) = @_; return post($port, $place, '', Authorization => "Bearer $token")->{status} }

my %claims = (organizationId => 'o1', role => 'admin', userId => 'u1');
is(bearer('/jwt', token(\%claims, secret => $odd{JWT_SECRET})), 200, 'a token by the whole secret');
is(bearer('/jwt', token(\%claims, secret => $odd{JWT_SECRET} =~ s/^\S+ //r)), 401, '  and not by what is behind its first blank');
is(bearer('/tools', $odd{TOOLS_SECRET}), 200, 'a secret that begins as a mark does');
is(bearer('/tools', $odd{TOOLS_SECRET} =~ s/^- //r), 401, '  with all of it');
is(bearer('/metrics', $odd{METRICS_TOKEN}), 200, 'one that begins as a comment does');

my ($account) = VoiceAgent::Nginx::slurp("$run/env") =~ /^TWILIO_ACCOUNT_SID=(.*)$/m;
my %form = (AccountSid => $account, Body => 'x');
is(post($port, '/twilio', "AccountSid=$account&Body=x", 'Content-Type' => 'application/x-www-form-urlencoded',
        'X-Twilio-Signature' => twilio_signature($odd{TWILIO_AUTH_TOKEN}, 'https://agent.example.com/twilio', \%form))->{status},
    200, 'a signature by an odd token');

$nginx->stop;
done_testing;

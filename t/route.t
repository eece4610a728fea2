# voiceagent_route: who a media stream is let in for, which voice process it is given to, and
# with what.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(encode_base64url decode_base64url);
use Test::More;
use VoiceAgent::Http qw(get);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(scratch port);
use VoiceAgent::Redis;
use VoiceAgent::Token qw(twilio_signature);

my $redis = VoiceAgent::Redis->start;
my $dir = scratch();
my ($key, $before) = ('k' x 32, 'b' x 32);
VoiceAgent::Nginx::write_file("$dir/stream", "$key\n$before\n");

my $http = <<"END";
    voiceagent_key stream file=$dir/stream;
    server {
        listen unix:$dir/voice.sock;
        location / { return 200 "one \$http_upgrade \$http_x_va_admission"; }
    }
END
my $places = <<'END';
    location ~ ^/stream(?:/(?<token>[^/]+))?$ {
        voiceagent_verify twilio key=twilio;
        voiceagent_route voice key=stream token=$token;
        proxy_pass http://$voiceagent_bridge;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header X-VA-Admission $voiceagent_admission;
        add_header X-Admitted-By "$voiceagent_admission" always;
    }
    location = /metrics { voiceagent_metrics; }
    location = /unguarded {
        voiceagent_route voice key=stream;
        proxy_pass http://$voiceagent_bridge;
    }
END
my $nginx = VoiceAgent::Nginx->new(redis => $redis, http => $http, server => $places)->start;
my $closed = port();
my $without = VoiceAgent::Nginx->new(
    redis => "redis://127.0.0.1:$closed", server => $places,
    http => "voiceagent_key stream file=$dir/stream;")->start;

my @upgrade = (Upgrade => 'websocket', Connection => 'Upgrade');

sub token {
    my (%o) = @_;
    my $text = encode_base64url(join ' ', $o{purpose} // 's', $o{call} // 'CA1', 'org-1', $o{epoch} // 3,
        $o{expires} // time + 20, '0123456789abcdef');
    return "$text." . encode_base64url(hmac_sha256($text, $o{key} // $key));
}

# What an admission says, when it is ours.
sub admission {
    my ($text) = @_;
    my ($claims, $mac) = split /\./, $text // '', 2;
    return 'forged' if !defined $mac || $mac ne encode_base64url(hmac_sha256($claims, $key));
    my ($purpose, $call, $org, $epoch, $expires, $nonce) = split / /, decode_base64url($claims);
    my $life = $expires - time;
    return "$purpose $call $org $epoch " . ($life > 0 && $life <= 10 ? 'soon' : $life) . ' ' . length $nonce;
}

sub ask {
    my ($path, @headers) = @_;
    return get($nginx->port_, $path, @upgrade, @headers);
}

sub live {
    my ($name, $listen, $capacity, $lease) = @_;
    $redis->command('ZADD', 'va:voice:processes', 1000 * time + ($lease // 100_000), $name);
    $redis->command('HSET', "va:voice:process:$name", 'listen', $listen, 'capacity', $capacity);
}

sub carry {
    my ($name, @calls) = @_;
    $redis->command('ZADD', "va:voice:calls:$name", 1000 * time + 100_000, $_) for @calls;
}

# ------------------------------------------------------------------ nobody there

my $nowhere = ask('/stream/' . token());
is($nowhere->{status}, 503, 'without a voice process there is nowhere to go');
is($nowhere->{headers}{'x-admitted-by'}, undef, '  and nothing that lets in there');
live('dead', "unix:$dir/nobody.sock", 9, -1000);
is(ask('/stream/' . token())->{status}, 503, 'one whose lease ran out is none');
is(get($without->port_, '/stream/' . token(), @upgrade)->{status}, 503, 'without Redis nobody knows');

# ------------------------------------------------------------------ let in

live('one', "unix:$dir/voice.sock", 2);
my ($who, $protocol, $given) = split / /, ask('/stream/' . token())->{body};
is("$who $protocol", 'one websocket', 'a stream with a token is carried to the process');
is(admission($given), 'a CA1 org-1 3 soon 16', 'with an admission for its call and epoch');
ok($redis->command('ZSCORE', 'va:voice:calls:one', 'CA1'), 'its place there is kept');
is(ask('/stream/' . token(key => $before))->{status}, 200, 'the key before still signs');
is($redis->command('ZCARD', 'va:voice:calls:one'), 1, 'the same call is the same place');

my $wss = 'wss://agent.example.com/stream';
my $secret = $VoiceAgent::Nginx::KEYS{twilio};
my $signed = ask('/stream', 'X-Twilio-Signature' => twilio_signature($secret, $wss, {}));
is(admission((split / /, $signed->{body})[2]), 'a - - 0 soon 16', 'a signature lets in a stream that tells its call later');
is($redis->command('ZCARD', 'va:voice:calls:one'), 2, 'and it has a place of its own');
is(ask('/stream/' . token(call => 'CA2'))->{status}, 503, 'a full process gets no more');

# ------------------------------------------------------------------ the least loaded

$redis->command('DEL', 'va:voice:calls:one');
carry('one', 'CAx');
live('two', "unix:$dir/nobody.sock", 9);
carry('two', 'CAy', 'CAz');
is(ask('/stream/' . token())->{status}, 200, 'of two the one with fewer calls is taken');
carry('one', 'CAv');
$redis->command('HSET', 'va:voice:process:one', 'capacity', 9);
is(ask('/stream/' . token(call => 'CA3'))->{status}, 502, 'whoever they are');
$redis->command('ZADD', 'va:voice:calls:one', 1, 'CA1', 1, 'CAx', 1, 'CAv');
is(ask('/stream/' . token(call => 'CA4'))->{status}, 200, 'places that ran out count for nothing');
carry('one', 'CA5');
is(ask('/stream/' . token(call => 'CA5'))->{status}, 502, 'a call that fell out of one goes to another, however full');
$redis->command('ZREM', 'va:voice:processes', 'two');
is(ask('/stream/' . token(call => 'CA5'))->{status}, 200, 'and back where there is no other');

# ------------------------------------------------------------------ refused

my %refused = (
    'another key'     => token(key => 'x' x 32),
    'another purpose' => token(purpose => 'c'),
    'an admission'    => token(purpose => 'a'),
    'an old one'      => token(expires => time - 1),
    'a changed one'   => 'A' . substr(token(), 1),
    'no token at all' => 'token',
    'an endless one'  => 'A' x 2000,
);
my $places_before = $redis->command('ZCARD', 'va:voice:calls:one');
for my $what (sort keys %refused) {
    is(ask("/stream/$refused{$what}")->{status}, 403, "$what is refused");
}
my $bad = ask('/stream/token', 'X-Twilio-Signature' => twilio_signature($secret, "$wss/token", {}));
is($bad->{status}, 403, 'a signature does not save a wrong token');
is(ask('/stream')->{status}, 403, 'neither token nor signature');
is(ask('/stream', 'X-Twilio-Signature' => twilio_signature('y' x 32, $wss, {}))->{status}, 403, 'a wrong signature');
is(ask('/unguarded')->{status}, 401, 'a place with no way in lets nobody in');
is(get($nginx->port_, '/stream/' . token())->{status}, 400, 'what asks for no WebSocket is no stream');
is($redis->command('ZCARD', 'va:voice:calls:one'), $places_before, 'nobody refused takes a place');
my %counted = get($nginx->port_, '/metrics')->{body} =~ /^voiceagent_refusals_total\{scheme="(\w+)",reason="(?:mismatch|no_upgrade)"\} (\d+)$/mg;
is($counted{stream_token}, 4, 'wrong tokens are counted as such');
is($counted{route}, 1, '  and what asks for no WebSocket');

# ------------------------------------------------------------------ where a process says it listens

for my $listen ('example.com:80', 'localhost:80', '127.0.0.1', 'unix:relative', '') {
    live('one', $listen, 9);
    is(ask('/stream/' . token())->{status}, 503, "\"$listen\" is no address that could be used");
}

done_testing();

# Every signature vector of t/vectors, made with the providers' own libraries, sent to a
# real nginx whose clock stands where the vector says (libfaketime).
use strict;
use warnings;

use JSON::PP;
use MIME::Base64 qw(decode_base64);
use POSIX qw(strftime);
use Test::More;
use VoiceAgent::Http qw(request);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(scratch);
use VoiceAgent::Redis;
use VoiceAgent::Worker qw(take ack);

# What cannot be sent as the vector has it: HTTP takes blanks around a header's value
# away (RFC 9110, section 5.5), so that these are the good ones in the end.
my %trimmed = map { $_ => 1 } 'twilio header-trailing-space';

my ($preload) = glob '/usr/lib/*/faketime/libfaketime.so.1' or plan skip_all => 'no libfaketime';
my $redis = VoiceAgent::Redis->start;
my @cases = (twilio(), elevenlabs(), openai(), standard_webhooks(), hubspot(), shopify(), livekit());

my %by_clock;
push @{$by_clock{$_->{now}}}, $_ for @cases;
for my $now (sort keys %by_clock) {
    run($now, @{$by_clock{$now}});
}
done_testing();

# One server a vector, with its origin and its secret.
sub run {
    my ($now, @group) = @_;
    my $n = 0;
    $_->{host} = 'v' . $n++ . '.test' for @group;
    my $nginx = VoiceAgent::Nginx->new(
        redis => $redis,
        env   => {LD_PRELOAD => $preload, FAKETIME => strftime('%Y-%m-%d %H:%M:%S', gmtime $now), TZ => 'UTC',
            FAKETIME_DONT_FAKE_MONOTONIC => 1},
        http => join "\n", 'server_names_hash_bucket_size 128;', 'large_client_header_buffers 4 32k;');
    my $http = $nginx->{http} . join '', map { server($nginx->port_, $_) } @group;
    $nginx->configure(http => $http);
    $nginx->start;
    for my $case (@group) {
        check($nginx->port_, $case);
    }
    like($nginx->log, qr{^@{[strftime('%Y/%m/%d %H:%M:%S', gmtime $now)]} }m, "the clock stood at $now");
    $nginx->stop;
}

sub server {
    my ($port, $case) = @_;
    my $key = VoiceAgent::Nginx::write_file(scratch() . "/key-$case->{host}", "$case->{secret}\n");
    return <<"END";
    voiceagent_key $case->{host} file=$key;
    server {
        listen 127.0.0.1:$port;
        server_name $case->{host};
        voiceagent_public_origin $case->{origin};
        voiceagent_verify $case->{scheme} key=$case->{host};
        location / { voiceagent_enqueue a.b; }
    }
END
}

sub check {
    my ($port, $case) = @_;
    my $name = "$case->{from} $case->{name}";
    my $answer = request($port, $case->{method}, $case->{target}, $case->{body}, Host => $case->{host},
        %{$case->{headers}});
    my $accept = $case->{accept} || $trimmed{$name};
    my $refusal = $case->{scheme} eq 'twilio' ? 403 : 401;
    is($answer->{status}, $accept ? 200 : $refusal, "$name is " . ($accept ? 'accepted' : 'refused'));
    my $job = take($redis, 'default');
    is($job ? 1 : 0, $accept ? 1 : 0, '  and is' . ($accept ? '' : ' not') . ' a job');
    ack($redis, $job) if $job;
}

sub vectors {
    my ($file) = @_;
    return JSON::PP->new->utf8->decode(VoiceAgent::Nginx::slurp("$VoiceAgent::Nginx::ROOT/t/vectors/$file.json"));
}

sub bytes {
    my ($text) = @_;
    utf8::encode($text);
    return $text;
}

# An URL as the origin that is configured and the target that is requested.
sub url {
    my ($url) = @_;
    my ($origin, $target) = $url =~ m{^(\w+://[^/]*)(/.*)?$} or die "no URL: $url\n";
    return (origin => $origin =~ s/^ws/http/r, target => $target // '/');
}

sub twilio {
    return map {
        my $upgrade = $_->{kind} eq 'websocket';
        {
            from => 'twilio', name => $_->{id}, now => 1800000000, scheme => 'twilio', secret => $_->{auth_token},
            method => $_->{method}, url($_->{url}), body => bytes($_->{body}), accept => scalar($_->{expect} =~ /^accept/),
            headers => {
                'X-Twilio-Signature' => $_->{header},
                defined $_->{content_type} ? ('Content-Type' => $_->{content_type}) : (),
                $upgrade ? (Upgrade => 'websocket', Connection => 'Upgrade', 'Content-Length' => undef) : (),
            },
        }
    } @{vectors('twilio')->{vectors}};
}

sub elevenlabs {
    return map { {
        from => 'elevenlabs', name => $_->{name}, now => $_->{now_unix}, scheme => 'elevenlabs', secret => $_->{secret},
        method => 'POST', url('https://agent.example.com/post-call'), body => decode_base64($_->{body_base64}),
        accept => $_->{recommended_valid}, headers => {'ElevenLabs-Signature' => $_->{header}},
    } } @{vectors('elevenlabs')->{cases}};
}

sub openai {
    return map { {
        from => 'openai', name => $_->{name}, now => $_->{now_unix}, scheme => 'standard_webhooks',
        secret => $_->{secret}, method => 'POST', url('https://agent.example.com/openai'),
        body => decode_base64($_->{body_base64}), accept => $_->{recommended_valid}, headers => $_->{headers},
    } } @{vectors('openai')->{cases}};
}

sub standard_webhooks {
    return map { {
        from => 'standardwebhooks', name => $_->{id}, now => $_->{now}, scheme => 'standard_webhooks',
        secret => $_->{secret}, method => 'POST', url('https://agent.example.com/hook'), body => bytes($_->{body}),
        accept => $_->{expect} eq 'accept', headers => $_->{headers},
    } } @{vectors('standardwebhooks')->{vectors}};
}

# Version 3 alone: the older ones have no time in them.
sub hubspot {
    return map { {
        from => 'hubspot', name => $_->{id}, now => int($_->{now_ms} / 1000), scheme => 'hubspot',
        secret => $_->{client_secret}, method => $_->{method}, url($_->{uri}), body => bytes($_->{body}),
        accept => $_->{expect} eq 'accept', headers => $_->{headers},
    } } grep { $_->{headers} } @{vectors('hubspot')->{vectors}};
}

sub shopify {
    return map { {
        from => 'shopify', name => $_->{id}, now => 1800000000, scheme => 'shopify', secret => $_->{secret},
        method => 'POST', url('https://agent.example.com/shopify'), body => decode_base64($_->{body_b64}),
        accept => $_->{expect} eq 'accept', headers => $_->{headers},
    } } @{vectors('shopify')->{vectors}};
}

sub livekit {
    return map { {
        from => 'livekit', name => $_->{name}, now => $_->{now_unix}, scheme => 'livekit',
        secret => "$_->{api_key} $_->{api_secret}", method => 'POST', url('https://agent.example.com/livekit'),
        body => decode_base64($_->{body_base64}), accept => $_->{recommended_valid},
        headers => defined $_->{authorization_header} ? {Authorization => $_->{authorization_header}} : {},
    } } @{vectors('livekit')->{webhook}{cases}};
}

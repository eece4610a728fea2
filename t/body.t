# Bodies as they really come: in one piece or many, chunked, over HTTP/2, larger than
# nginx's buffer or kept in a file. The signature is over exactly those bytes, and the
# job holds exactly those bytes.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex sha256_hex);
use File::Temp;
use MIME::Base64 qw(decode_base64);
use Test::More;
use VoiceAgent::Http qw(post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(scratch stand_still until_true port);
use VoiceAgent::Redis;
use VoiceAgent::Token qw(twilio_signature);
use VoiceAgent::Worker qw(take ack);

use constant BUFFER => 1024;

# A byte at a time the larger ones take minutes.
use constant HUGE => $ENV{TEST_NGINX_LD_PRELOAD} ? 100_000 : 5_000_000;

my $SECRET = $VoiceAgent::Nginx::KEYS{tools};
my $redis = VoiceAgent::Redis->start;
my $http2 = port();
my $locations = <<'END';
    client_max_body_size    20m;
    client_body_buffer_size 1024;
    voiceagent_verify       hmac key=tools;
    voiceagent_job_body     4m;

    location /job     { voiceagent_enqueue a.b; }
    location /file    { voiceagent_enqueue a.b; client_body_in_file_only clean; }
    location /single  { voiceagent_enqueue a.b; client_body_in_single_buffer on; client_body_buffer_size 4k; }
    location /big     { voiceagent_enqueue a.b dedup=$voiceagent_body_sha256; voiceagent_job_body 1k over=omit; }
    location /small   { voiceagent_enqueue a.b; client_max_body_size 10; }
    location /slow    { voiceagent_enqueue a.b; client_body_timeout 1s; }
    location /twilio  {
        voiceagent_verify  twilio key=twilio;
        voiceagent_enqueue a.b lane=$voiceagent_form_To serial=$voiceagent_form_Body dedup=$voiceagent_form_MessageSid;
    }
    location /report { voiceagent_verify elevenlabs key=tools; voiceagent_enqueue a.b; }
    location /large   { voiceagent_enqueue a.b; voiceagent_job_body 1k over=omit; client_body_in_file_only clean; }
    location /nothing { return 204; }
    location /json {
        voiceagent_verify  hmac key=tools;
        voiceagent_json    id /id;
        voiceagent_enqueue a.b lane=$voiceagent_json_id;
    }
END
my $nginx = VoiceAgent::Nginx->new(redis => $redis, server => $locations, http => <<"END")->start;
    server { listen 127.0.0.1:$http2 http2; $locations }
END
my $port = $nginx->port_;

sub signed { return ('X-Signature' => hmac_sha256_hex($_[0], $SECRET)) }

# The body of the one job that was pushed.
sub pushed {
    my $job = take($redis, 'default') // return 'no job';
    ack($redis, $job);
    return 'more than one job' if take($redis, 'default');
    my $http = $job->{http};
    return $http->{body_omitted} ? "$http->{body_length} $http->{body_sha256}"
      : defined $http->{body_b64} ? decode_base64($http->{body_b64})
      : do { my $text = $http->{body} // ''; utf8::encode($text); $text };
}

sub whole {
    my ($target, $body, %headers) = @_;
    return post($port, $target, $body, signed($body), %headers);
}

sub in_pieces {
    my ($target, $body) = @_;
    my $c = VoiceAgent::Http->connect($port);
    my $text = VoiceAgent::Http::head('POST', $target, $body, signed($body), Connection => 'close') . $body;
    my $step = 1 + int(length($text) / 20);
    for (my $i = 0; $i < length $text; $i += $step) {
        $c->write(substr $text, $i, $step);
        select undef, undef, undef, 0.001;
    }
    return $c->answer;
}

sub in_chunks {
    my ($target, $body) = @_;
    my $c = VoiceAgent::Http->connect($port);
    $c->write(VoiceAgent::Http::head('POST', $target, $body, signed($body), Connection => 'close',
            'Transfer-Encoding' => 'chunked'));
    my $size = 1;
    for (my $i = 0; $i < length $body; $i += $size, $size = $size * 3 + 1) {
        $size = length($body) - $i if $size > length($body) - $i;
        $c->write(sprintf "%x\r\n%s\r\n", $size, substr $body, $i, $size);
    }
    $c->write("0\r\n\r\n");
    return $c->answer;
}

sub after_100 {
    my ($target, $body) = @_;
    my $c = VoiceAgent::Http->connect($port);
    $c->write(VoiceAgent::Http::head('POST', $target, $body, signed($body), Connection => 'close',
            Expect => '100-continue'));
    $c->take(qr{\AHTTP/1.1 100 Continue\r\n\r\n}) if length $body;
    $c->write($body);
    return $c->answer;
}

sub over_http2 {
    my ($target, $body) = @_;
    my $file = File::Temp->new(DIR => scratch());
    print $file $body;
    close $file;
    my @headers = signed($body);
    open my $curl, '-|', 'curl', '-sS', '--http2-prior-knowledge', '-o', '/dev/null', '-w', '%{http_code} %{http_version}',
      '-H', "$headers[0]: $headers[1]", '-H', 'Content-Type: application/octet-stream', '--data-binary', "\@$file",
      "http://127.0.0.1:$http2$target"
      or die "curl: $!\n";
    my ($status, $version) = split ' ', <$curl> // '';
    return {status => $version eq '2' ? $status : "HTTP/$version"};
}

my %ways = ('at once' => \&whole, 'in pieces' => \&in_pieces, 'chunked' => \&in_chunks,
    'after 100-continue' => \&after_100, 'over HTTP/2' => \&over_http2);

# No two of their first 64 KiB are alike where a buffer could end.
my $bytes = join '', map { chr(($_ * 7 + int($_ / 251)) % 256) } 0 .. 65536;

sub bytes {
    my ($n) = @_;
    return substr $bytes x (1 + $n / length $bytes), 0, $n;
}

for my $way (sort keys %ways) {
    for my $size (0, 1, BUFFER - 1, BUFFER, BUFFER + 1, 65535, 65536, 65537, 300_000) {
        next if $size > ($way eq 'in pieces' ? 65537 : HUGE);
        my $body = bytes($size);
        my $answer = $ways{$way}->('/job', $body);
        is($answer->{status}, 200, "$size bytes $way: accepted");
        ok(pushed() eq $body, "$size bytes $way: the job holds them");
    }
    for my $place (qw(/file /single)) {
        for my $size (0, 1, BUFFER + 1, 70_000) {
            my $body = bytes($size);
            is($ways{$way}->($place, $body)->{status}, 200, "$place: $size bytes $way: accepted");
            ok(pushed() eq $body, "$place: $size bytes $way: the job holds them");
        }
    }
    next if $way eq 'in pieces';
    my $body = bytes(HUGE);
    is($ways{$way}->('/big', $body)->{status}, 200, HUGE . " bytes $way: accepted");
    is(pushed(), HUGE . ' ' . sha256_hex($body), HUGE . " bytes $way: length and digest");
    $redis->command('FLUSHALL');
}

# ------------------------------------------------------------------- signatures

for my $size (1, BUFFER, BUFFER + 1, 70_000, HUGE) {
    my $body = bytes($size);
    my @headers = signed($body);
    substr($body, -1, 1) ^= "\x01";
    is(post($port, '/big', $body, @headers)->{status}, 401, "$size bytes, the last one changed: refused");
    is(pushed(), 'no job', '  and not pushed');
}

my %form = (MessageSid => 'SM1', To => '+14165550001', Body => 'a+b &=%', Empty => '');
my $form = 'To=%2B14165550001&Body=a%2Bb+%26%3D%25&MessageSid=SM1&Empty=';
for my $padding (0, BUFFER, 70_000) {
    my %padded = $padding ? (%form, Padding => 'x' x $padding) : %form;
    my $body = $form . ($padding ? '&Padding=' . 'x' x $padding : '');
    my $answer = post($port, '/twilio', $body, 'Content-Type' => 'application/x-www-form-urlencoded',
        'X-Twilio-Signature' => twilio_signature('twilio-token', 'https://agent.example.com/twilio', \%padded));
    is($answer->{status}, 200, 'a form of ' . length($body) . ' bytes: accepted');
    my $job = take($redis);
    is("$job->{lane} $job->{serial} $job->{dedup}", '+14165550001 a+b &=% a.b:SM1', '  and read');
    ack($redis, $job);
    $redis->command('FLUSHALL');
}

my $json = '{"padding":"' . 'x' x 60_000 . '","id":"near","more":"' . 'y' x 20_000 . '"}';
is(whole('/json', $json)->{status}, 200, 'a member within the first 64 KiB');
is(take($redis)->{lane}, 'near', '  is found');
$redis->command('FLUSHALL');
$json = '{"padding":"' . 'x' x 70_000 . '","id":"far"}';
is(whole('/json', $json)->{status}, 200, 'a member behind the first 64 KiB');
is(take($redis)->{lane}, undef, '  is not looked for');
$redis->command('FLUSHALL');

# --------------------------------------------------------------------- refusals

my $c = VoiceAgent::Http->connect($port);
$c->write(VoiceAgent::Http::head('POST', '/job', 'x' x 100_000, Expect => '100-continue'));
my $head = $c->take(qr/\A.*?\r\n\r\n/s);
like($head, qr{^HTTP/1.1 401 }, 'who brings no signature is refused before the body is asked for');

$c = VoiceAgent::Http->connect($port);
$c->ask('POST', '/job', undef, 'Content-Length' => 100_000);
is($c->answer->{status}, 401, '  and before it has come');

my $hash = '0' x 64;
for (
    ['/job',    'no signature',            'X-Signature'          => 'x'],
    ['/report', 'no signature',            'ElevenLabs-Signature' => 'x'],
    ['/report', 'a time long ago',         'ElevenLabs-Signature' => "t=1700000000,v0=$hash"],
    ['/report', 'a time to come',          'ElevenLabs-Signature' => 't=' . (time + 86400) . ",v0=$hash"],
    ['/twilio', 'no signature',            'X-Twilio-Signature'   => 'x'],
) {
    my ($target, $what, @header) = @$_;
    $c = VoiceAgent::Http->connect($port);
    $c->write(VoiceAgent::Http::head('POST', $target, 'x' x 100_000, @header, Expect => '100-continue'));
    like($c->take(qr/\A.*?\r\n\r\n/s), qr{^HTTP/1.1 40[13] }, "$target: $what in the signature's header: the body is not asked for");
}
$c = VoiceAgent::Http->connect($port);
$c->write(VoiceAgent::Http::head('POST', '/report', 'x' x 10, 'ElevenLabs-Signature' => 't=' . time . ",v0=$hash", Expect => '100-continue'));
ok($c->take(qr{\AHTTP/1.1 100 Continue\r\n\r\n}), 'what may be a signature is held against the body');
$c->write('x' x 10);
is($c->answer->{status}, 401, '  and refused then');

# A large body is hashed in turns: what comes with its last byte is answered between them.
SKIP: {
    skip 'a byte at a time the body is no large one', 5 if HUGE < 1_000_000;
    my $body = bytes(HUGE);
    my $upload = VoiceAgent::Http->connect($port);
    $upload->write(VoiceAgent::Http::head('POST', '/large', $body, 'X-Signature' => $hash) . substr $body, 0, -1);
    my $other = VoiceAgent::Http->connect($port);
    is($other->ask('GET', '/nothing')->answer->{status}, 204, 'a request beside an upload');
    ok(until_true(20, sub { ((map { -s } glob $nginx->dir . '/tmp/body/*')[0] // 0) > HUGE - 2 * BUFFER }), 'all but the last byte has been read');
    my ($worker) = $nginx->workers;
    stand_still($worker);
    $upload->write(substr $body, -1);
    $other->ask('GET', '/nothing');
    kill 'CONT', $worker;
    is($upload->answer->{status}, 401, 'an upload of ' . HUGE . ' bytes');
    is($other->answer->{status}, 204, '  and a request that came with its last byte');
    my @order;
    until_true(20, sub { @order = $nginx->access =~ m{"\w+ (/large|/nothing) }g; @order == 3 });
    is("@order", '/nothing /nothing /large', '  which did not wait until all of it was hashed');
}

is(whole('/small', 'x' x 11)->{status}, 413, 'above client_max_body_size');
is(in_chunks('/small', 'x' x 11)->{status}, 413, '  chunked too');

$c = VoiceAgent::Http->connect($port);
$c->write(VoiceAgent::Http::head('POST', '/job', undef, signed('x'), 'Transfer-Encoding' => 'chunked') . "1\r\nxx\r\n");
is($c->answer->{status}, 400, 'broken chunks');

$c = VoiceAgent::Http->connect($port);
$c->write(VoiceAgent::Http::head('POST', '/slow', 'x' x 10, signed('x' x 10)) . 'xxx');
my $answer = $c->answer;
ok(!$answer || $answer->{status} == 408, 'a body that does not end');

for my $size (3, 5000) {
    $c = VoiceAgent::Http->connect($port);
    $c->write(VoiceAgent::Http::head('POST', '/job', 'x' x 10_000, signed('x' x 10_000)) . 'x' x $size);
    $c->reset;
}
is(post($port, '/job', 'ok', signed('ok'))->{status}, 200, 'after clients that went away in the middle');
is(pushed(), 'ok', '  nothing of theirs was pushed');

# --------------------------------------------------------------- one connection

$c = VoiceAgent::Http->connect($port);
for my $body ('one', '', bytes(3000), 'two') {
    is($c->ask('POST', '/job', $body, signed($body))->answer->{status}, 200, 'the same connection again');
    ok(pushed() eq $body, '  with its own body');
}
$c->write(join '', map { VoiceAgent::Http::head('POST', '/job', $_, signed($_)) . $_ } 'first', 'second');
is($c->answer->{status}, 200, 'the first of two requests sent in a row');
is($c->answer->{status}, 200, 'the second');
is(join(' ', map { take($redis)->{http}{body} } 1, 2), 'first second', '  in their order');

opendir my $temp, $nginx->dir . '/tmp/body' or die $!;
is(join(' ', grep { !/^\./ } readdir $temp), '', 'no temporary file is left');

# A worker that is to leave hashes first what it has read.
SKIP: {
    skip 'a byte at a time the body is no large one', 1 if HUGE < 1_000_000;
    my $body = bytes(HUGE);
    my $upload = VoiceAgent::Http->connect($port);
    $upload->write(VoiceAgent::Http::head('POST', '/large', $body, 'X-Signature' => $hash) . substr $body, 0, -1);
    until_true(20, sub { ((map { -s } glob $nginx->dir . '/tmp/body/*')[0] // 0) > HUGE - 2 * BUFFER }) or fail('the upload');
    my ($worker) = $nginx->workers;
    stand_still($worker);
    $upload->write(substr $body, -1);
    kill 'QUIT', $worker;
    kill 'CONT', $worker;
    is(($upload->answer // {})->{status}, 401, 'a large body is hashed to its end by a worker that is leaving');
}

$nginx->stop;
done_testing();

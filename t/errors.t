# The shipped locations (conf/): what nginx itself refuses is answered in our words, whatever it
# could read of the request; which methods a route has; what the carrier is given; and whose pages may read.
use strict;
use warnings;

use File::Path qw(make_path);
use Test::More;
use VoiceAgent::Http qw(request get post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(until_true);
use VoiceAgent::Redis;
use VoiceAgent::Token qw(token twilio_signature);
use VoiceAgent::Worker qw(take ack);

my $conf   = "$VoiceAgent::Nginx::ROOT/conf";
my $secret = 'a-secret-of-more-than-thirty-two-characters';
my $redis  = VoiceAgent::Redis->start;
my $nginx  = VoiceAgent::Nginx->new(allow => [qr/connect\(\) to unix:\S+ failed/]);    # Redis goes
my $dir    = $nginx->dir;

# One login and no more, so that the next is one too many.
my $auth = VoiceAgent::Nginx::slurp("$conf/locations/auth.conf") =~ s/ burst=\d+ nodelay//gr;
VoiceAgent::Nginx::write_file("$dir/http.conf", VoiceAgent::Nginx::shipped_http());
VoiceAgent::Nginx::write_file("$dir/auth.conf", $auth);
$nginx->write_shipped_keys($secret);
make_path("$dir/voiceagent/jwks");
symlink "$conf/fallback", "$dir/voiceagent/fallback" or die "fallback: $!\n";

my @locations = grep { !/auth\.conf$/ } glob "$conf/locations/*.conf";
# With what an operator's http block may have already.
$nginx->configure(
    http => "include /etc/nginx/mime.types;\nlimit_req_status 503;\nlimit_conn_status 503;\nvoiceagent_redis @{[$redis->url]} timeout=6s;\n"
      . "voiceagent_public_origin https://agent.example.com;\ninclude $dir/http.conf;\n"
      . 'map $http_origin $voiceagent_page_origin { https://page.example $http_origin; }',
    server => join "\n", map { "include $_;" } "$dir/auth.conf", @locations);
$nginx->start->finds_redis;
my $port = $nginx->port_;

# Status, type and the error's code.
sub seen {
    my ($answer) = @_;
    my ($code) = $answer->{body} =~ /\A\{"success":false,"error":\{"code":"(\w+)","message":"[^"]+"\}\}\z/;
    return join ' ', $answer->{status}, $answer->{headers}{'content-type'}, $code // $answer->{body};
}

# Bytes as they are.
sub raw {
    my ($text) = @_;
    my $client = VoiceAgent::Http->connect($port);
    $client->write($text);
    return $client->answer;
}

# ------------------------------------------------------------------- nginx' own errors

is(seen(get($port, '/api/calls/%00')), '400 application/json bad_request', 'an address with a zero byte');
is(seen(post($port, '/api/calls/%00', 'x')), '400 application/json bad_request', '  posted to');
is(seen(raw("FOO BAR\r\n\r\n")), '400 application/json bad_request', 'a line that is no request');
is(seen(raw("GET / HTTP/3.0\r\n\r\n")), '505 application/json bad_request', 'another version of HTTP');
is(seen(get($port, '/api/' . 'a' x 9000)), '414 application/json too_large', 'a long address');
is(seen(get($port, '/api/plan', 'X-Big' => 'a' x 9000)), '400 application/json bad_request', 'a long header');
is(seen(get($port, '/api/plan', 'Content-Length' => 'x')), '400 application/json bad_request', 'a length that is no number');
is(seen(get($port, $_)), '404 application/json not_found', "$_ is not there") for '/api/nothing', '/api/nothing.js', '/nothing.js', '/x.mp3', '/voiceagent_error', '/voiceagent_400';
is(seen(post($port, '/api/nothing', 'x')), '404 application/json not_found', '  nor is it to be posted to');
is(seen(post($port, '/api/auth/login', 'x' x 20_000)), '413 application/json too_large', 'a large body');

my $first = VoiceAgent::Http->connect($port)->ask('POST', '/api/auth/login', '{}');
ok(until_true(20, sub { take($redis) }), 'one login');
my $second = post($port, '/api/auth/login', '{}');
is(seen($second), '429 application/json too_many_requests', '  and one too many');
like($second->{headers}{'retry-after'}, qr/^[1-9]\d*$/, '  which is told when to come again');

# ------------------------------------------------------------------------------ methods

my $token = token({organizationId => 'o1', role => 'admin', userId => 'u1'}, secret => $secret);

sub allowed {
    my ($method, $path) = @_;
    my $answer = request($port, $method, $path, $method eq 'HEAD' ? undef : '{}', Authorization => "Bearer $token");
    return join ' ', $answer->{status}, $answer->{headers}{allow} // 'none';
}

for my $path (qw(/api/leads /api/customers /api/calls /api/calls/c1 /api/conversations/c1 /api/jobs/j1 /api/plan
    /api/analytics /api/analytics.csv /api/privacy/deletion/0 /api/integrations /health /ready /metrics)) {
    is(allowed('POST', $path), '405 GET, HEAD', "$path is read");
}
is(allowed('PUT', '/api/calls/c1'), '405 GET, HEAD', '  and not written in another way');
my %others = ('/api/appointments' => 'GET, HEAD, POST', '/api/appointments/a1' => 'GET, HEAD, PATCH, DELETE',
    '/api/knowledge' => 'GET, HEAD, POST', '/api/knowledge/k1' => 'GET, HEAD, PUT, DELETE', '/api/team' => 'GET, HEAD, POST',
    '/api/team/u1' => 'PATCH, DELETE', '/api/settings' => 'GET, HEAD, PUT', '/api/stream/organization' => 'GET', '/mcp' => 'POST',
    '/api/auth/login' => 'POST', '/api/calls/c1/outcome' => 'POST', '/api/leads/l1' => 'GET, HEAD, PATCH',
    '/api/chat' => 'POST, OPTIONS', '/api/voice/incoming' => 'POST', '/auth/callback' => 'GET',
    '/sounds/thinking-sound-fx.mp3' => 'GET, HEAD');
is(allowed('TRACK', $_), "405 $others{$_}", "$_ knows its methods") for sort keys %others;
is(allowed('GE', '/api/plan'), '405 GET, HEAD', 'a piece of a method is none');

my $head = VoiceAgent::Http->connect($port)->ask('HEAD', '/api/appointments', undef, Authorization => "Bearer $token");
my $job = until_true(20, sub { take($redis) });
is($job->{http}{method}, 'GET', 'HEAD is asked of a worker as GET');
ack($redis, $job, {body => 'twelve bytes'});
my $answer = $head->answer;
is("$answer->{status} $answer->{headers}{'content-length'}", '200 12', '  and answered without the body');
ok(!defined $head->take(qr/./s, 0.2), '  of which nothing comes');

# ------------------------------------------------------------------ pages of other origins

my @page  = (Origin => 'https://page.example');
my @asks  = ('Access-Control-Request-Method' => 'PATCH', 'Access-Control-Request-Headers' => 'authorization');
my @known = (Authorization => "Bearer $token");

# Status, the origin named, what it varies by, and whether cookies are allowed.
sub read_by {
    my ($answer) = @_;
    my $h = $answer->{headers};
    return join ' ', $answer->{status}, $h->{'access-control-allow-origin'} // 'none', $h->{vary} // 'none',
      $h->{'access-control-allow-credentials'} // 'none';
}

for my $path (qw(/api/leads/l1 /api/plan /api/stream/organization /api/nothing)) {
    my $asked = request($port, 'OPTIONS', $path, undef, @page, @asks);
    is(read_by($asked), '204 https://page.example Origin none', "a page may ask for $path");
    like($asked->{headers}{'access-control-allow-methods'}, qr/\bPATCH\b/, '  by its method');
    like($asked->{headers}{'access-control-allow-headers'}, qr/\bAuthorization\b.*\bRange\b/, '  with a token, and of a part');
}
my $foreign = request($port, 'OPTIONS', '/api/plan', undef, Origin => 'https://page.example.org', @asks);
is(read_by($foreign), '403 none Origin none', 'another page may not');
is(read_by(request($port, 'OPTIONS', '/api/plan', undef, Origin => 'null', @asks)), '403 none Origin none', '  nor one of no origin');
is(allowed('OPTIONS', '/api/plan'), '405 GET, HEAD', 'who is no browser is told the methods');
is(seen(get($port, '/voiceagent_preflight')), '404 application/json not_found', 'which is no address of its own');

my $reader = VoiceAgent::Http->connect($port)->ask('GET', '/api/plan', undef, @page, @known);
ack($redis, until_true(20, sub { take($redis) }), {body => '{}'});
my @read = ([$reader->answer, 200, 'an answer is read by the page'], [get($port, '/api/plan', @page), 401, 'a refusal too'],
    [post($port, '/api/plan', '{}', @page), 405, 'and what nginx says']);
for (@read) {
    my ($by_page, $status, $name) = @$_;
    is(read_by($by_page), "$status https://page.example Origin none", $name);
    is($by_page->{headers}{'access-control-expose-headers'}, 'Retry-After, Content-Disposition, Accept-Ranges, Content-Range',
        '  with when to come again, what a file is called, and which part it is');
}
my $other = VoiceAgent::Http->connect($port)->ask('GET', '/api/plan', undef, Origin => 'https://evil.example', @known);
ack($redis, until_true(20, sub { take($redis) }), {body => '{}'});
is(read_by($other->answer), '200 none Origin none', '  and by no other');

my $stream = VoiceAgent::Http->connect($port)->ask('GET', '/api/stream/organization', undef, @page, @known);
ack($redis, until_true(20, sub { take($redis) }), {body => '{}'});
is(read_by($stream->answer_head), '200 https://page.example Origin none', 'events are read by the page');
$stream->close;

# -------------------------------------------------------------------------- the carrier

sub form {
    my ($path, %form) = @_;
    my $body = join '&', map { "$_=$form{$_}" } sort keys %form;
    return post($port, $path, $body, 'Content-Type' => 'application/x-www-form-urlencoded',
        'X-Twilio-Signature' => twilio_signature($secret, "https://agent.example.com$path", \%form));
}

my $nothing = '200 text/xml <?xml version="1.0" encoding="UTF-8"?><Response/>';
my $moment  = qr{^200 text/xml <\?xml version="1.0" encoding="UTF-8"\?><Response><Say [^<]*</Say><Play>https://agent\.example\.com/sounds/thinking-sound-fx\.mp3</Play><Redirect method="POST">};
is(seen(form('/api/webhooks/twilio/sms', Body => 'Hi')), $nothing, 'a text without an identifier is not asked for again');
ok(!take($redis, 'default'), '  and is no job');

my @large = (Body => 'x' x 70_000);
is(seen(form($_, @large)), $nothing, "$_ with too much") for qw(/api/webhooks/twilio/sms /api/webhooks/twilio/sms-status
    /api/webhooks/twilio/status /webhooks/twilio/status /api/voice/status /api/voice/answered-by /api/voice/stream-status);
like(seen(form($_, @large)), $moment, "$_ with too much") for qw(/api/voice/incoming /api/webhooks/twilio/voice
    /webhooks/twilio/voice /voice/rachel/ /api/voice/held /api/voice/handle-error);
like(seen(form('/api/voice/handle-speech?c=t&n=3', @large)), qr{>/api/voice/continue-conversation\?c=t&amp;n=3&}, 'a turn of a call goes on');
like(seen(form('/api/voice/held?c=t&n=230&l=en&s=104', @large)), qr{>/api/voice/held\?c=t&amp;n=230&amp;l=en&amp;s=104&}, '  and one with a person who has written a hundred times');
like(seen(form('/api/voice/incoming?e=1&refused=livekit', @large)), qr{\?[^<]*&amp;e=1&amp;refused=livekit&amp;w=1<}, 'a call that begins anew leaves out the same engine');
unlike(seen(form('/api/voice/incoming?e=1&refused=%3Cx', @large)), qr{refused}, '  if it is a name of one');
is(get($port, '/sounds/thinking-sound-fx.mp3')->{status}, 404, 'a sound that is not installed is missed alone');
is(seen(post($port, '/api/voice/incoming', 'x=1')), '403 application/json forbidden', 'what is not signed is refused');
is(seen(get($port, '/api/voice/incoming', 'X-Big' => 'a' x 9000)) =~ $moment, 1, 'a long header of the carrier');

$redis->stop;
my %text = (MessageSid => 'SM1', Body => 'Hi');
my $lost = form('/api/webhooks/twilio/sms', %text);
is(seen($lost), '503 application/json unavailable', 'a text that is not stored is not acknowledged');
like($lost->{headers}{'retry-after'}, qr/^\d+$/, '  and may come again');
is(seen(form('/api/voice/status', CallSid => 'CA1')), '503 application/json unavailable', '  nor is how a call fares');
like(seen(form('/api/voice/incoming', CallSid => 'CA1')), $moment, '  while a call is answered');

# In which language is known by the talk's addresses, before there is a talk by the number's country.
sub moment_of {
    my ($path, %form) = @_;
    return form($path, CallSid => 'CA1', %form)->{body} =~ /language="([^"]+)">([^<]*)</ ? "$1 $2" : 'none';
}
my ($en, $fr, $es) = ('en-US One moment, please.', "fr-CA Un instant, s'il vous plaît.", 'es-US Un momento, por favor.');
for (['/api/voice/incoming', {ToCountry => 'FR', FromCountry => 'US'}, $fr],
    ['/api/voice/incoming', {ToCountry => 'MX'}, $es], ['/api/voice/incoming', {ToCountry => 'CA'}, $en],
    ['/api/voice/incoming', {}, $en], ['/api/voice/outgoing?e=1', {FromCountry => 'ES', ToCountry => 'FR'}, $es],
    ['/api/voice/held?c=t&n=2&l=en', {ToCountry => 'FR'}, $en], ['/api/voice/held?c=t&n=2&l=es', {ToCountry => 'FR'}, $es]) {
    my ($path, $form, $says) = @$_;
    is(moment_of($path, %$form), $says, join ' ', $path, map { "$_ $form->{$_}" } sort keys %$form);
}

# Which address failed is told once, to the number's fallback address.
sub fall_back {
    my ($failed) = @_;
    my %form = (CallSid => 'CA1', ErrorCode => '11200', ErrorUrl => "https://agent.example.com$failed");
    (my $encoded = $form{ErrorUrl}) =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;
    return seen(post($port, '/voice/rachel/', "CallSid=CA1&ErrorCode=11200&ErrorUrl=$encoded",
        'Content-Type' => 'application/x-www-form-urlencoded',
        'X-Twilio-Signature' => twilio_signature($secret, 'https://agent.example.com/voice/rachel/', \%form)));
}
like(fall_back('/api/voice/handle-speech?c=T.k&n=7&l=fr&s=0&e=1'),
    qr{>Un instant.*>/api/voice/handle-error\?c=T\.k&amp;n=7&amp;l=fr&amp;e=1&amp;w=1<}, 'a turn whose document failed is still known when that is late');
like(fall_back('/api/voice/resume?c=T.k&n=3&l=en'), qr{>/api/voice/handle-error\?c=T\.k&amp;n=3&amp;l=en&amp;e=&amp;w=1<}, '  whatever it was');
like(fall_back('/api/voice/incoming'), qr{>/voice/rachel/\?}, '  and a call that never began is not');

$nginx->stop('TERM');
done_testing;

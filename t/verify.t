# voiceagent_verify: what of a request is looked at and what is not, accounts, tolerance,
# and why something was refused. The signatures themselves stand in vectors.t.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha1_hex hmac_sha256 hmac_sha256_hex hmac_sha256_base64);
use MIME::Base64 qw(encode_base64);
use Test::More;
use VoiceAgent::Http qw(request get post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(scratch);
use VoiceAgent::Redis;
use VoiceAgent::Token qw(twilio_signature elevenlabs_signature shopify_signature);
use VoiceAgent::Worker qw(take ack);

my $redis = VoiceAgent::Redis->start;
my $dir = scratch();
my ($one, $two) = ('1' x 32, '2' x 32);
VoiceAgent::Nginx::write_file("$dir/accounts", "AC1 $one\nAC2 $two\n");
VoiceAgent::Nginx::write_file("$dir/rotation", "$one\n$two\n");
VoiceAgent::Nginx::write_file("$dir/mixed", "a.myshopify.com $one\n- $two\n");

my $nginx = VoiceAgent::Nginx->new(redis => $redis, http => <<"END", server => <<'END2')->start;
    voiceagent_key accounts file=$dir/accounts;
    voiceagent_key rotation file=$dir/rotation;
    voiceagent_key mixed    file=$dir/mixed;
    log_format why 'refused=\$voiceagent_reason by=\$voiceagent_verified account=\$voiceagent_account id=\$voiceagent_signed_id';
    access_log $dir/access.log why;
END
    location /bearer   { voiceagent_verify bearer key=tools; voiceagent_enqueue a.b; }
    location /channel  { voiceagent_verify google_channel key=rotation; voiceagent_enqueue a.b; }
    location /hmac     { voiceagent_verify hmac key=rotation; voiceagent_enqueue a.b; }
    location /hmac1    { voiceagent_verify hmac key=rotation digest=sha1 header=X-Hub-Signature; voiceagent_enqueue a.b; }
    location /twilio   { voiceagent_verify twilio key=accounts; voiceagent_enqueue a.b; }
    location /rotation { voiceagent_verify twilio key=rotation; voiceagent_enqueue a.b; }
    location /shopify  { voiceagent_verify shopify key=mixed; voiceagent_enqueue a.b; }
    location /eleven   { voiceagent_verify elevenlabs key=rotation; voiceagent_enqueue a.b; }
    location /brief    { voiceagent_verify elevenlabs key=rotation tolerance=100s; voiceagent_enqueue a.b; }
    location /long     { voiceagent_verify elevenlabs key=rotation tolerance=1d; voiceagent_enqueue a.b; }
    location /webhook  { voiceagent_verify standard_webhooks key=tools; voiceagent_enqueue a.b dedup=$voiceagent_signed_id; }
    location /both     { voiceagent_verify bearer key=tools; voiceagent_verify twilio key=accounts; voiceagent_enqueue a.b; }
    location = /metrics { access_log off; voiceagent_metrics; }
END2
my $port = $nginx->port_;

# Sends it; returns the status and, from the log, why or by whom.
my $seen = 0;

sub send_it {
    my ($place, $body, @headers) = @_;
    my $status = post($port, $place, $body, @headers)->{status};
    my @lines;
    VoiceAgent::Process::until_true(20, sub { @lines = split /\n/, VoiceAgent::Nginx::slurp("$dir/access.log"); @lines > $seen });
    $seen = @lines;
    my %log = $lines[-1] =~ /(\w+)=(\S+)/g;
    my $job = take($redis, 'default');
    if ($job) {
        ack($redis, $job);
        return "$status $log{by} $log{account} $log{id}";
    }
    return "$status $log{refused}";
}

sub bearer { return send_it('/bearer', '', Authorization => $_[0]) }

my $tools = $VoiceAgent::Nginx::KEYS{tools};
is(bearer("Bearer $tools"),   '200 bearer - -', 'a bearer');
is(bearer("bearer   $tools"), '200 bearer - -', '  in any case, with blanks');
is(bearer("Bearer ${tools}x"), '401 mismatch', '  longer');
is(bearer('Bearer ' . substr $tools, 0, -1), '401 mismatch', '  shorter');
is(bearer("Bearer x$tools"), '401 mismatch', '  with something before it');
is(bearer("Basic $tools"), '401 absent', 'another scheme');
is(bearer("Bearer$tools"), '401 absent', 'no blank');
is(bearer('Bearer '), '401 absent', 'nothing');
is(bearer(undef), '401 absent', 'no header');

is(send_it('/channel', '', 'X-Goog-Channel-Token' => $_), '200 google_channel - -', 'a channel token') for $one, $two;
is(send_it('/channel', '', 'X-Goog-Channel-Token' => 'x'), '401 mismatch', '  a wrong one');
is(send_it('/channel', '', 'X-Goog-Channel-Token' => ''), '401 absent', '  an empty one');

my $hex = hmac_sha256_hex('body', $two);
my $base64 = encode_base64(hmac_sha256('body', $two), '');
is(send_it('/hmac', 'body', 'X-Signature' => $_), '200 hmac - -', 'an HMAC as ' . substr $_, 0, 10)
  for $hex, "sha256=$hex", $base64, "sha256=$base64";
is(send_it('/hmac', 'body', 'X-Signature' => $_), '401 malformed', '  not as ' . substr $_, 0, 10)
  for "sha1=$hex", hmac_sha1_hex('body', $two), hmac_sha256_base64('body', $two), 'x';
is(send_it('/hmac', 'body', 'X-Signature' => uc $hex), '401 mismatch', '  not in upper case');
is(send_it('/hmac', 'other', 'X-Signature' => $hex), '401 mismatch', '  of another body');
is(send_it('/hmac1', 'body', 'X-Hub-Signature' => 'sha1=' . hmac_sha1_hex('body', $one)), '200 hmac - -', 'in another header, by another digest');
is(send_it('/hmac1', 'body', 'X-Signature' => hmac_sha1_hex('body', $one)), '401 absent', '  and not in the usual one');

# ------------------------------------------------------------------- accounts

my @form = ('Content-Type' => 'application/x-www-form-urlencoded');

sub twilio {
    my ($place, $secret, $account, $origin) = @_;
    my %form = (Body => 'x', defined $account ? (AccountSid => $account) : ());
    my $body = join '&', map { "$_=$form{$_}" } sort keys %form;
    return send_it($place, $body, @form, 'X-Twilio-Signature' =>
        twilio_signature($secret, ($origin // 'https://agent.example.com') . $place, \%form));
}

is(twilio('/twilio', $one, 'AC1'), '200 twilio AC1 -', 'an account with its own secret');
is(twilio('/twilio', $two, 'AC2'), '200 twilio AC2 -', '  and another');
is(twilio('/twilio', $two, 'AC1'), '403 mismatch', 'an account with the secret of another');
is(twilio('/twilio', $one, 'AC3'), '403 account', 'an account nobody has');
is(twilio('/twilio', $one, undef), '403 account', 'no account');
is(twilio('/rotation', $_, 'AC9'), '200 twilio - -', 'secrets for all accounts, two of them live') for $one, $two;
is(twilio('/rotation', 'x' x 32, 'AC9'), '403 mismatch', '  and no third');

sub shopify {
    my ($secret, $shop) = @_;
    return send_it('/shopify', '{}', 'X-Shopify-Shop-Domain' => $shop, 'X-Shopify-Topic' => 'orders/create',
        'X-Shopify-API-Version' => '2026-07', 'X-Shopify-Webhook-Id' => 'w1',
        'X-Shopify-Hmac-Sha256' => shopify_signature($secret, '{}'));
}
is(shopify($one, 'a.myshopify.com'), '200 shopify a.myshopify.com -', 'a shop with its own secret');
is(shopify($one, 'A.MyShopify.com'), '200 shopify a.myshopify.com -', '  domains have no case');
is(shopify($two, 'b.myshopify.com'), '200 shopify - -', 'the secret of all shops');
is(shopify($one, 'b.myshopify.com'), '401 mismatch', 'the secret of another shop');

# ------------------------------------------------------------ what is signed

is(twilio('/rotation', $one, 'AC1', 'https://other.example'), '403 mismatch', 'another origin is signed');
for my $header ('Host', 'X-Forwarded-Host', 'X-Original-Host', 'Forwarded') {
    my $signed = twilio_signature($one, 'https://evil.example/rotation', {});
    is(send_it('/rotation', '', 'X-Twilio-Signature' => $signed, $header => $header eq 'Forwarded'
            ? 'host=evil.example;proto=https' : 'evil.example'), '403 mismatch', "  whatever $header says");
}
is(send_it('/rotation', '', Host => 'evil.example', 'X-Forwarded-Proto' => 'http',
        'X-Twilio-Signature' => twilio_signature($one, 'https://agent.example.com/rotation', {})),
    '200 twilio - -', 'the configured one is, whatever the request says');
is(request($port, 'POST', '/x/../rotation', '', 'X-Twilio-Signature' =>
        twilio_signature($one, 'https://agent.example.com/x/../rotation', {}))->{status}, 200, 'the URL as it was sent');
$seen++;
take($redis);
is(request($port, 'POST', '/x/../rotation', '', 'X-Twilio-Signature' =>
        twilio_signature($one, 'https://agent.example.com/rotation', {}))->{status}, 403, '  and not as nginx reads it');
$seen++;
is(send_it('/rotation', 'a=1&' x 1001, @form, 'X-Twilio-Signature' => twilio_signature($one, 'https://agent.example.com/rotation', {a => 1})),
    '403 limit', 'a form of more than a thousand parameters');

# ---------------------------------------------------------------------- time

my $now = time;
is(send_it('/eleven', 'b', 'ElevenLabs-Signature' => elevenlabs_signature($one, 'b', $now - $_)), '200 elevenlabs - -', "$_ s ago") for 0, 1700, -1700;
is(send_it('/eleven', 'b', 'ElevenLabs-Signature' => elevenlabs_signature($one, 'b', $now - $_)), '401 stale', "$_ s ago") for 2000, -2000;
is(send_it('/brief', 'b', 'ElevenLabs-Signature' => elevenlabs_signature($one, 'b', $now - 300)), '401 stale', 'a shorter tolerance');
is(send_it('/long', 'b', 'ElevenLabs-Signature' => elevenlabs_signature($two, 'b', $now - 80_000)), '200 elevenlabs - -', 'a longer one');
is(send_it('/eleven', 'b', 'xi-signature' => elevenlabs_signature($one, 'b')), '200 elevenlabs - -', 'the older name of the header');
is(send_it('/eleven', 'b', 'ElevenLabs-Signature' => 'v0=1'), '401 malformed', 'half a header');

# ----------------------------------------------------------------- signed id

my $mac = encode_base64(hmac_sha256("msg-1.$now.b", $tools), '');
my @webhook = ('webhook-id' => 'msg-1', 'webhook-timestamp' => $now, 'webhook-signature' => "v1,$mac");
is(send_it('/webhook', 'b', @webhook), '200 standard_webhooks - msg-1', 'an id that is signed');
is(send_it('/webhook', 'b', @webhook), '200 -', '  comes once');
is(send_it('/webhook', 'b', @webhook, 'webhook-id' => 'msg-2'), '401 mismatch', '  and cannot be changed');

# --------------------------------------------------------------- several guards

is(send_it('/both', '', Authorization => "Bearer $tools", 'X-Twilio-Signature' => 'x'), '200 bearer - -', 'the first that fits');
is(send_it('/both', '', 'X-Twilio-Signature' => 'x'), '401 malformed', 'the one whose header is there');

for ('twilio",reason="mismatch', 'twilio",reason="account', 'twilio",reason="limit', 'hmac",reason="mismatch',
    'elevenlabs",reason="stale', 'elevenlabs",reason="malformed', 'none",reason="absent', 'shopify",reason="mismatch') {
    like(get($port, '/metrics')->{body}, qr/^voiceagent_refusals_total\{scheme="$_"\} [1-9]\d*$/m, "counted: $_");
}

$nginx->stop;
done_testing();

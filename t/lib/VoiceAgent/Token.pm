package VoiceAgent::Token;

# JSON Web Tokens with a shared secret, and the signatures of webhooks.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha1_base64 hmac_sha256_base64 hmac_sha256_hex);
use Exporter qw(import);
use JSON::PP;
use MIME::Base64 qw(encode_base64url);

our @EXPORT_OK = qw(token twilio_signature elevenlabs_signature shopify_signature $JWT_SECRET);

our $JWT_SECRET = '0123456789abcdef0123456789abcdef';

my $json = JSON::PP->new->canonical->utf8;

# Claims of an hour's life. header and secret replace the usual ones.
sub token {
    my ($claims, %o) = @_;
    my $header = {alg => 'HS256', typ => 'JWT', %{$o{header} // {}}};
    my $text = join '.', map { encode_base64url($json->encode($_)) } $header,
      {exp => time + 3600, %$claims};
    my $mac = hmac_sha256_base64($text, $o{secret} // $JWT_SECRET);
    return "$text." . ($mac =~ tr{+/}{-_}r);
}

# The parameters' names and decoded values, in a hash, as Twilio signs them.
sub twilio_signature {
    my ($secret, $url, $form) = @_;
    my $mac = hmac_sha1_base64($url . join('', map { $_ . $form->{$_} } sort keys %$form), $secret);
    return pad($mac);
}

sub elevenlabs_signature {
    my ($secret, $body, $time) = @_;
    $time //= time;
    return "t=$time,v0=" . hmac_sha256_hex("$time.$body", $secret);
}

sub shopify_signature {
    my ($secret, $body) = @_;
    return pad(hmac_sha256_base64($body, $secret));
}

sub pad {
    my ($base64) = @_;
    return $base64 . '=' x (-length($base64) % 4);
}

1;

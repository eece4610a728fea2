package VoiceAgent::WebSocket;

# A client of WebSockets (RFC 6455) that sends whatever frames it is told to, also those that
# no client may send.

use strict;
use warnings;

use parent 'VoiceAgent::Http';

use Digest::SHA qw(sha1_base64);
use JSON::PP;
use Time::HiRes qw(time);
use VoiceAgent::Process qw(patience);

our %OPCODES = (continuation => 0, text => 1, binary => 2, close => 8, ping => 9, pong => 10);
my %names = reverse %OPCODES;

our %HEADERS = (
    Connection              => 'Upgrade',
    Upgrade                 => 'websocket',
    'Sec-WebSocket-Key'     => 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version' => 13,
);

# options: rcvbuf, behind (bytes sent in one piece with the handshake), and headers by name.
sub open {
    my ($class, $port, $target, %o) = @_;
    my $self = $class->connect($port, rcvbuf => delete $o{rcvbuf});
    my $behind = delete $o{behind} // '';
    $self->{method} = 'GET';
    $self->write(VoiceAgent::Http::head('GET', $target, undef, %HEADERS, %o) . $behind);
    my $head = $self->take(qr/\A.*?\r\n\r\n/s) // die "no answer to $target\n";
    ($self->{status}) = $head =~ m{^HTTP/1\.1 (\d+)};
    %{$self->{headers}} = map { /^([^:]+): (.*)$/ ? (lc $1 => $2) : () } split /\r\n/, $head;
    return $self;
}

sub status { $_[0]{status} }
sub header { $_[0]{headers}{$_[1]} }

# What the server has to answer the key of %HEADERS with.
sub accept_key {
    return sha1_base64($HEADERS{'Sec-WebSocket-Key'} . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11') . '=';
}

# kind: a name of %OPCODES, or a number. options: fin, rsv, unmasked, length (that is claimed).
sub frame {
    my ($kind, $payload, %o) = @_;
    my $n = $o{length} // length $payload;
    my $head = chr((($o{fin} // 1) << 7) | (($o{rsv} // 0) << 4) | ($OPCODES{$kind} // $kind));
    my $bit = $o{unmasked} ? 0 : 0x80;
    $head .= $n < 126 ? chr($bit | $n) : $n < 65536 ? pack('Cn', $bit | 126, $n) : pack('CQ>', $bit | 127, $n);
    return $head . $payload if $o{unmasked};
    my $mask = "\x12\x34\x56\x78";
    return $head . $mask . ($payload ^ substr $mask x (1 + length($payload) / 4), 0, length $payload);
}

sub send { my ($self, @frame) = @_; return $self->write(frame(@frame)) }
sub text { my ($self, $text) = @_; return $self->send(text => $text) }

# The next frame: {kind, payload}, of a close code too; undef when none comes.
sub next {
    my ($self, $seconds) = @_;
    my $end = time + patience($seconds // VoiceAgent::Http::SECONDS);
    while (1) {
        my $frame = $self->parse;
        return $frame if $frame;
        my $left = $end - time;
        return if $left <= 0 || (!$self->read($left) && $self->{eof});
    }
}

sub parse {
    my ($self) = @_;
    my $in = $self->{in};
    return if length $in < 2;
    my ($first, $n) = unpack 'CC', $in;
    my $at = 2;
    if ($n == 126) { return if length $in < 4;  $n = unpack 'x2n', $in;  $at = 4 }
    if ($n == 127) { return if length $in < 10; $n = unpack 'x2Q>', $in; $at = 10 }
    return if length $in < $at + $n;
    my %frame = (kind => $names{$first & 15} // 'unknown', payload => substr $in, $at, $n);
    die "a frame with reserved bits, or a fragment\n" if ($first & 0xf0) != 0x80;
    substr $self->{in}, 0, $at + $n, '';
    $frame{code} = $n >= 2 ? unpack 'n', $frame{payload} : 0 if $frame{kind} eq 'close';
    $frame{json} = eval { JSON::PP->new->utf8->decode($frame{payload}) } if $frame{kind} eq 'text';
    return \%frame;
}

# The next frame in a few words: "text hello", "close 1000", "nothing".
sub said {
    my ($self, $seconds) = @_;
    my $frame = $self->next($seconds) // return 'nothing';
    return $frame->{kind} eq 'close' ? "close $frame->{code}" : "$frame->{kind} $frame->{payload}";
}

1;

package VoiceAgent::Http;

# HTTP/1.1 as bytes: requests may be sent in pieces, answers read while they grow, and
# connections dropped at any moment.

use strict;
use warnings;

use Exporter qw(import);
use IO::Select;
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_RCVBUF SO_LINGER IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);
use VoiceAgent::Process qw(patience);

our @EXPORT_OK = qw(request get post);

use constant SECONDS => 20;    # a failure takes as long; nothing is judged by it

# rcvbuf: bytes the kernel may keep for us.
sub connect {
    my ($class, $port, %o) = @_;
    my $socket = IO::Socket::INET->new(Proto => 'tcp') or die "socket: $!\n";
    setsockopt $socket, SOL_SOCKET, SO_RCVBUF, $o{rcvbuf} if $o{rcvbuf};
    $socket->connect($port, Socket::inet_aton('127.0.0.1')) or die "connect to port $port: $!\n";
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    binmode $socket;
    return bless {socket => $socket, in => '', eof => 0}, $class;
}

# One request on a connection of its own, and its answer.
sub request {
    my ($port, $method, $target, $body, %headers) = @_;
    my $c = __PACKAGE__->connect($port);
    $c->ask($method, $target, $body, Connection => 'close', %headers);
    return $c->answer;
}

sub get  { my ($port, $target, %headers) = @_; return request($port, 'GET', $target, undef, %headers) }
sub post { my ($port, $target, $body, %headers) = @_; return request($port, 'POST', $target, $body, %headers) }

sub ask {
    my ($self, $method, $target, $body, %headers) = @_;
    $self->{method} = $method;
    $self->write(head($method, $target, $body, %headers) . ($body // ''));
    return $self;
}

# A header's value may be an array: the header is sent several times. Without a value
# it is left out.
sub head {
    my ($method, $target, $body, %headers) = @_;
    %headers = (Host => 'localhost', %headers);
    if (defined $body && !$headers{'Transfer-Encoding'}) {
        $headers{'Content-Length'} //= length $body;
    }
    my $head = "$method $target HTTP/1.1\r\n";
    for my $name (sort keys %headers) {
        my $value = $headers{$name};
        $head .= "$name: $_\r\n" for grep { defined } ref $value ? @$value : $value;
    }
    return "$head\r\n";
}

sub write {
    my ($self, $text) = @_;
    local $SIG{PIPE} = 'IGNORE';
    while (length $text) {
        my $n = syswrite $self->{socket}, $text, 65536;
        return 0 unless $n;
        substr($text, 0, $n, '');
    }
    return 1;
}

# Writes the text again and again, until the kernel takes no more of it; how many bytes it took.
sub fill {
    my ($self, $text) = @_;
    my ($all, $n) = 0;
    $self->{socket}->blocking(0);
    $all += $n while $n = syswrite $self->{socket}, $text, length $text, 0;
    $self->{socket}->blocking(1);
    return $all;
}

# Reads once; false when nothing comes in time, or nothing more will.
sub read {
    my ($self, $seconds) = @_;
    return 0 if $self->{eof};
    return 0 unless IO::Select->new($self->{socket})->can_read($seconds);
    my $n = sysread $self->{socket}, $self->{in}, 65536, length $self->{in};
    $self->{eof} = 1 unless $n;
    return $n;
}

# Reads until the pattern matches what came, takes it out of there and returns its match.
sub take {
    my ($self, $pattern, $seconds) = @_;
    my $end = time + patience($seconds // SECONDS);
    while (1) {
        return $& if $self->{in} =~ s/$pattern//;
        my $left = $end - time;
        return if $left <= 0;
        return if !$self->read($left) && $self->{eof};
    }
}

# {status, headers, body}, names in lower case; undef when none came. Repeated headers
# are joined by a line's end.
sub answer {
    my ($self, $seconds) = @_;
    my $answer = $self->answer_head($seconds) or return;
    $answer->{body} = $self->body($answer, $seconds);
    return $answer;
}

sub answer_head {
    my ($self, $seconds) = @_;
    my $head;
    do {
        $head = $self->take(qr/\A.*?\r\n\r\n/s, $seconds) // return;
    } while ($head =~ m{^HTTP/1.1 1\d\d });
    my ($line, @lines) = split /\r\n/, $head;
    my ($status) = $line =~ m{^HTTP/1\.[01] (\d+)} or die "no status: $line\n";
    my %headers;
    for (@lines) {
        my ($name, $value) = /^([^:]+): ?(.*)$/ or die "no header: $_\n";
        my $known = $headers{lc $name};
        $headers{lc $name} = defined $known ? "$known\n$value" : $value;
    }
    return {status => $status, headers => \%headers};
}

sub body {
    my ($self, $answer, $seconds) = @_;
    my $h = $answer->{headers};
    return '' if ($self->{method} // '') eq 'HEAD' || $answer->{status} =~ /^(204|304)$/;
    if (defined $h->{'content-length'}) {
        my $n = $h->{'content-length'};
        1 while length $self->{in} < $n && $self->read(patience($seconds // SECONDS));
        return length $self->{in} < $n ? undef : substr $self->{in}, 0, $n, '';
    }
    if (($h->{'transfer-encoding'} // '') eq 'chunked') {
        my $body = '';
        while (defined(my $chunk = $self->chunk($seconds))) {
            return $body if $chunk eq '';
            $body .= $chunk;
        }
        return;
    }
    1 while $self->read(patience($seconds // SECONDS));
    return delete $self->{in};
}

# The next chunk, '' for the last one, undef when none came.
sub chunk {
    my ($self, $seconds) = @_;
    my $size = $self->take(qr/\A[0-9a-fA-F]+\r\n/, $seconds) // return;
    my $n = 2 + hex $size =~ s/\r\n//r;
    my $end = time + patience($seconds // SECONDS);
    while (length $self->{in} < $n) {
        my $left = $end - time;
        return if $left <= 0 || (!$self->read($left) && $self->{eof});
    }
    return substr substr($self->{in}, 0, $n, ''), 0, -2;
}

# True when the other side closes; what it still sends is thrown away.
sub closed {
    my ($self, $seconds) = @_;
    my $end = time + patience($seconds // SECONDS);
    while (!$self->{eof}) {
        my $left = $end - time;
        return 0 if $left <= 0;
        $self->read($left);
        $self->{in} = '';
    }
    return 1;
}

sub close { close delete $_[0]{socket} }

# As a client that crashes: a reset instead of a goodbye.
sub reset {
    my ($self) = @_;
    setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    $self->close;
}

1;

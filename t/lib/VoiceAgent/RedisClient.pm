package VoiceAgent::RedisClient;

# RESP2 (https://redis.io/docs/latest/develop/reference/protocol-spec/), blocking.

use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::UNIX;

# A path, or host:port.
sub connect {
    my ($class, $where) = @_;
    my $socket = $where =~ m{^/}
      ? IO::Socket::UNIX->new(Peer => $where)
      : IO::Socket::INET->new(PeerAddr => $where);
    $socket or die "connect $where: $!\n";
    binmode $socket;
    return bless {socket => $socket, in => ''}, $class;
}

sub open { return defined $_[0]{socket} }

# The reply: a string or integer, undef for nil, an array. Dies of an error reply.
sub command {
    my ($self, @args) = @_;
    $self->send(@args);
    return $self->reply;
}

sub send {
    my ($self, @args) = @_;
    my $text = join '', '*' . @args . "\r\n", map { '$' . length($_) . "\r\n$_\r\n" } @args;
    local $SIG{PIPE} = 'IGNORE';
    while (length $text) {
        my $n = syswrite $self->{socket}, $text;
        $self->fail('closed') unless $n;
        substr($text, 0, $n, '');
    }
}

sub reply {
    my ($self) = @_;
    my ($kind, $rest) = $self->line =~ /^(.)(.*)$/s;
    return $rest                      if $kind eq '+' || $kind eq ':';
    die "redis: $rest\n"              if $kind eq '-';
    return $rest < 0 ? undef : $self->bytes($rest) if $kind eq '$';
    return $rest < 0 ? undef : [map { $self->reply } 1 .. $rest] if $kind eq '*';
    $self->fail("does not speak RESP: $kind$rest");
}

sub line {
    my ($self) = @_;
    $self->more until $self->{in} =~ /\r\n/;
    $self->{in} =~ s/^(.*?)\r\n//s;
    return $1;
}

sub bytes {
    my ($self, $n) = @_;
    $self->more while length $self->{in} < $n + 2;
    my $text = substr $self->{in}, 0, $n, '';
    substr $self->{in}, 0, 2, '';
    return $text;
}

sub more {
    my ($self) = @_;
    sysread $self->{socket}, $self->{in}, 65536, length $self->{in} or $self->fail('closed');
}

sub fail {
    my ($self, $why) = @_;
    delete $self->{socket};
    die "redis: $why\n";
}

1;

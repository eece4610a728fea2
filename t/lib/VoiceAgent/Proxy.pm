package VoiceAgent::Proxy;

# Stands between nginx and Redis and does to their connections what networks do. nginx
# has some for "commands" and one "channel" (ngx_voiceagent_redis.c, ngx_voiceagent_channel.c), told apart by the
# name they give themselves (CLIENT SETNAME).

use strict;
use warnings;

use IO::Select;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM PF_UNSPEC);
use VoiceAgent::Process qw(scratch);
use VoiceAgent::RedisClient;

my $count = 0;

sub start {
    my ($class, $redis) = @_;
    my $path = scratch() . '/proxy' . $count++;
    my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 100) or die "$path: $!\n";
    socketpair my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die "socketpair: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        close $ours;
        $SIG{PIPE} = 'IGNORE';
        my $self = bless {redis => $redis->socket, listener => $listener, control => $theirs,
            links => {}, held => {}, dribble => {}}, $class;
        eval { $self->run };
        print STDERR "proxy: $@" if $@;
        POSIX::_exit(0);
    }
    close $theirs;
    VoiceAgent::Process::adopt($pid);
    return bless {path => $path, control => $ours}, $class;
}

sub url { return "unix:$_[0]{path}" }

# What a test may do to all connections of that name:
sub hold    { $_[0]->tell("hold $_[1]") }       # replies stay here
sub release { $_[0]->tell("release $_[1]") }    # and go on, those held first
sub cut     { $_[0]->tell("cut $_[1]") }        # closed, what is held with them
sub dribble { $_[0]->tell("dribble $_[1]") }    # replies come a byte at a time from now on
sub flow    { $_[0]->tell("flow $_[1]") }       # and as usual again
sub refuse  { $_[0]->tell('refuse') }           # new connections are closed at once
sub accept  { $_[0]->tell('accept') }
# Bytes in place of what Redis would say next; "\r\n" written as it is.
sub say     { $_[0]->tell("say $_[1] " . unpack 'H*', $_[2]) }
# How many bytes are held back.
sub held    { return $_[0]->tell("held $_[1]") }

sub tell {
    my ($self, $line) = @_;
    syswrite $self->{control}, "$line\n" or die "proxy: $!\n";
    my $answer = '';
    while ($answer !~ /\n/) {
        sysread $self->{control}, $answer, 100, length $answer or die "proxy is gone\n";
    }
    chomp $answer;
    return $answer;
}

# ------------------------------------------------------------- the child's side

sub run {
    my ($self) = @_;
    while (1) {
        my @links = values %{$self->{links}};
        my $select = IO::Select->new($self->{listener}, $self->{control}, map { @$_{qw(client server)} } @links);
        for my $ready ($select->can_read(1)) {
            if ($ready == $self->{listener}) {
                $self->connection;
            } elsif ($ready == $self->{control}) {
                $self->command or return;
            } else {
                $self->data($ready);
            }
        }
    }
}

sub connection {
    my ($self) = @_;
    my $client = $self->{listener}->accept or return;
    my $server = $self->{refuse} ? undef : IO::Socket::UNIX->new(Peer => $self->{redis});
    return close $client unless $server;
    my $link = {client => $client, server => $server, name => '', seen => '', held => ''};
    $self->{links}{$client} = $link;
}

sub data {
    my ($self, $from) = @_;
    my ($link) = grep { $_->{client} == $from || $_->{server} == $from } values %{$self->{links}};
    return unless $link;
    my $n = sysread $from, my $bytes, 65536;
    return $self->drop($link) unless $n;
    if ($from == $link->{client}) {
        $link->{seen} .= $bytes if $link->{name} eq '';
        $link->{name} = $1 if $link->{name} eq '' && $link->{seen} =~ /va-nginx-\d+-(\w+)\r\n/;
        return $self->pass($link->{server}, $bytes);
    }
    if ($self->{held}{$link->{name}}) {
        $link->{held} .= $bytes;
    } else {
        $self->reply($link, $bytes);
    }
}

sub reply {
    my ($self, $link, $bytes) = @_;
    if (!$self->{dribble}{$link->{name}}) {
        return $self->pass($link->{client}, $bytes);
    }
    for my $byte (split //, $bytes) {
        $self->pass($link->{client}, $byte);
        select undef, undef, undef, 0.0005;    # so that it is read by itself
    }
}

sub pass {
    my ($self, $to, $bytes) = @_;
    while (length $bytes) {
        my $n = syswrite $to, $bytes or return;
        substr $bytes, 0, $n, '';
    }
}

sub drop {
    my ($self, $link) = @_;
    delete $self->{links}{$link->{client}};
    close $link->{client};
    close $link->{server};
}

sub command {
    my ($self) = @_;
    my $line = readline($self->{control}) // return 0;
    my ($verb, $name, $rest) = split ' ', $line;
    my @links = grep { $_->{name} eq ($name // '') } values %{$self->{links}};
    my $answer = 'ok';
    if ($verb eq 'hold') {
        $self->{held}{$name} = 1;
    } elsif ($verb eq 'release') {
        delete $self->{held}{$name};
        $self->reply($_, delete $_->{held}), $_->{held} = '' for @links;
    } elsif ($verb eq 'cut') {
        $self->drop($_) for @links;
    } elsif ($verb eq 'dribble') {
        $self->{dribble}{$name} = 1;
    } elsif ($verb eq 'flow') {
        delete $self->{dribble}{$name};
    } elsif ($verb eq 'refuse') {
        $self->{refuse} = 1;
    } elsif ($verb eq 'accept') {
        delete $self->{refuse};
    } elsif ($verb eq 'say') {
        $self->pass($_->{client}, pack 'H*', $rest) for @links;
    } elsif ($verb eq 'held') {
        $answer = 0;
        $answer += length $_->{held} for @links;
    }
    syswrite $self->{control}, "$answer\n";
    return 1;
}

1;

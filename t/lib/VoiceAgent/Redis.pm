package VoiceAgent::Redis;

# A redis-server of the test's own, on a unix socket, and on a port where asked for.

use strict;
use warnings;

use File::Basename qw(dirname);
use VoiceAgent::Process qw(scratch spawn reap stand_still until_true port);
use VoiceAgent::RedisClient;

my $root = dirname(__FILE__) . '/../../..';
my $count = 0;

# tcp: listens on a port too.  program: redis-server or redis-sentinel.  config: lines.
sub start {
    my ($class, %o) = @_;
    my $dir = scratch() . '/redis' . $count++;
    mkdir $dir or die "mkdir $dir: $!\n";
    my $self = bless {
        dir     => $dir,
        socket  => "$dir/s",
        port    => $o{tcp} ? port() : 0,
        program => $o{program} // 'redis-server',
        config  => $o{config}  // [],
        password => $o{password},
    }, $class;
    $self->write_config;
    return $self->run;
}

sub write_config {
    my ($self) = @_;
    open my $out, '>', "$self->{dir}/conf" or die "$self->{dir}/conf: $!\n";
    print $out map { "$_\n" }
      'bind 127.0.0.1', "port $self->{port}", "unixsocket $self->{socket}", 'unixsocketperm 777',
      "dir $self->{dir}", ($self->{program} eq 'redis-server' ? ('save ""', 'appendonly no') : ()),
      defined $self->{password} ? "requirepass $self->{password}" : (), @{$self->{config}};
    close $out or die "$self->{dir}/conf: $!\n";
}

sub run {
    my ($self) = @_;
    $self->{pid} = spawn("$self->{dir}/log", $self->{program}, "$self->{dir}/conf");
    until_true(20, sub { eval { $self->client->command('PING') } })
      or die "$self->{program} does not answer: see $self->{dir}/log\n";
    return $self;
}

sub socket { $_[0]{socket} }
sub port_  { $_[0]{port} }
sub pid    { $_[0]{pid} }

# What voiceagent_redis takes.
sub url {
    my ($self) = @_;
    return "unix:$self->{socket}" unless $self->{port};
    return 'redis://' . (defined $self->{password} ? ":$self->{password}\@" : '')
      . "127.0.0.1:$self->{port}";
}

# A connection of its own.
sub client {
    my ($self) = @_;
    my $client = VoiceAgent::RedisClient->connect($self->{socket});
    $client->command('AUTH', $self->{password}) if defined $self->{password};
    return $client;
}

# On a connection that is kept, and made again after a restart.
sub command {
    my ($self, @args) = @_;
    $self->{own} = $self->client if !$self->{own} || !$self->{own}->open || $self->{own_pid} != $$;
    $self->{own_pid} = $$;
    return $self->{own}->command(@args);
}

# The ids of nginx' connections for commands.
sub connections_of_nginx {
    my ($self) = @_;
    return $self->command('CLIENT', 'LIST', 'TYPE', 'normal') =~ /^id=(\d+) .* name=va-nginx-\d+-commands /mg;
}

# One of the product's scripts: core/scripts or worker/scripts.
sub script {
    my ($self, $name, $keys, @args) = @_;
    return $self->command('EVAL', script_text($name), scalar @$keys, @$keys, @args);
}

my %text;

sub script_text {
    my ($name) = @_;
    return $text{$name} //= do {
        my ($file) = grep { -f } map { "$root/$_/scripts/$name.lua" } qw(core worker);
        $file or die "no script $name\n";
        my $dir = dirname($file);
        slurp($file) =~ s/^--\@include (\S+)$/slurp("$dir\/$1")/gemr;
    };
}

sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$in>;
}

sub stop {
    my ($self, $signal) = @_;
    return unless $self->{pid};
    kill 'CONT', $self->{pid};
    kill $signal // 'TERM', $self->{pid};
    defined reap($self->{pid}) or die "$self->{program} does not end\n";
    delete $self->{pid};
    delete $self->{own};
}

# Stalled: it neither answers nor closes.
sub pause  { stand_still($_[0]{pid}) }
sub resume { kill 'CONT', $_[0]{pid} }

1;

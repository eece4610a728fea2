package VoiceAgent::Nginx;

# An nginx of the test's own, for what Test::Nginx has no words for: reloads and binary
# upgrades with requests under way, and streams. It obeys Test::Nginx's environment
# (binary, modules, valgrind), so that both kinds of tests run in all modes.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Path qw(make_path);
use Cwd qw(abs_path);
use POSIX ();
use Test::More;
use VoiceAgent::Process qw(scratch spawn reap alive until_true patience port);
use VoiceAgent::Token qw($JWT_SECRET);

our $BINARY = $ENV{TEST_NGINX_BINARY} // '/usr/sbin/nginx';
our $ROOT   = abs_path(dirname(__FILE__) . '/../../..');
our @MODULES = split ' ', $ENV{TEST_NGINX_LOAD_MODULES} // "$ROOT/build/ngx_voiceagent_module.so";

our %KEYS = (
    jwt        => $JWT_SECRET,
    twilio     => 'twilio-token',
    elevenlabs => 'elevenlabs-secret',
    shopify    => 'shopify-secret',
    tools      => 'tools-secret-0123456789',
    metrics    => 'metrics-secret',
);

my $count = 0;

# The default keys as files, one a scheme; returns their folder.
my $keys;

sub keys_dir {
    return $keys if $keys;
    $keys = scratch() . '/keys';
    make_path($keys);
    write_file("$keys/$_", "$KEYS{$_}\n") for keys %KEYS;
    return $keys;
}

# Written aside and renamed, as an operator should.
sub write_file {
    my ($path, $text) = @_;
    open my $out, '>', "$path.new" or die "$path: $!\n";
    binmode $out;
    print $out $text;
    close $out or die "$path: $!\n";
    rename "$path.new", $path or die "$path: $!\n";
    return $path;
}

# What nearly every configuration has in its http block.
sub http_defaults {
    my ($redis) = @_;
    my $dir = keys_dir();
    # A busy machine is no failure; less than what clients wait for (VoiceAgent::Http).
    $redis .= ' timeout=' . patience(6) . 's' if $redis !~ / timeout=/;
    return join "\n", "voiceagent_redis $redis;",
      'voiceagent_public_origin https://agent.example.com;',
      map { "voiceagent_key $_ file=$dir/$_;" } sort keys %KEYS;
}

# The shipped http.conf, with what is counted by the second counted by the minute, so that no
# test runs a race.
sub shipped_http {
    return slurp("$ROOT/conf/http.conf") =~ s{rate=\d+r/s}{rate=1r/m}gr;
}

# Writes the secret into each key file that the shipped configuration names.
sub write_shipped_keys {
    my ($self, $secret) = @_;
    make_path("$self->{dir}/voiceagent/keys");
    write_file("$self->{dir}/voiceagent/keys/$_", "$secret\n")
      for slurp("$ROOT/conf/http.conf") =~ m{file=voiceagent/keys/([\w-]+)}g;
}

# redis: a VoiceAgent::Redis or a URL with parameters.  main, events, http, server: lines
# of their blocks.  text: the whole configuration instead.  env: of the process.  single:
# one process for all.  daemon: no child of ours, as a binary upgrade needs it.
sub new {
    my ($class, %o) = @_;
    my $dir = scratch() . '/nginx' . $count++;
    make_path("$dir/logs", "$dir/html", "$dir/tmp");
    my $self = bless {dir => $dir, workers => 1, level => 'info', allow => [], env => {},
        connections => 512, %o}, $class;
    $self->{port}  //= port();
    $self->{binary} //= $BINARY;
    write_file("$dir/html/index.html", "hello\n");
    $self->configure(%o);
    return $self;
}

sub port_ { $_[0]{port} }
sub dir   { $_[0]{dir} }

sub configure {
    my ($self, %o) = @_;
    @$self{keys %o} = values %o;
    my $redis = ref $self->{redis} ? $self->{redis}->url : $self->{redis};
    my $http = join "\n", defined $redis ? http_defaults($redis) : (), $self->{http} // '';
    write_file("$self->{dir}/nginx.conf", $self->{text} // <<"END");
@{[map { "load_module $_;\n" } @MODULES]}
@{[$> == 0 ? 'user root;' : '']}
worker_processes $self->{workers};
master_process @{[$self->{single} ? 'off' : 'on']};
daemon @{[$self->{daemon} ? 'on' : 'off']};
pid $self->{dir}/nginx.pid;
error_log $self->{dir}/logs/error.log $self->{level};
@{[map { "env $_;\n" } sort keys %{$self->{env}}, 'ASAN_OPTIONS', 'UBSAN_OPTIONS']}
@{[$self->{main} // '']}
events {
    worker_connections $self->{connections};
    @{[$ENV{TEST_NGINX_EVENT_TYPE} ? "use $ENV{TEST_NGINX_EVENT_TYPE};" : '']}
    @{[$self->{events} // '']}
}
http {
    access_log $self->{dir}/logs/access.log;
    client_body_temp_path $self->{dir}/tmp/body;
    proxy_temp_path $self->{dir}/tmp/proxy;
    fastcgi_temp_path $self->{dir}/tmp/fastcgi;
    uwsgi_temp_path $self->{dir}/tmp/uwsgi;
    scgi_temp_path $self->{dir}/tmp/scgi;
    $http
    server {
        listen 127.0.0.1:$self->{port}@{[$self->{listen} // '']};
        root $self->{dir}/html;
        @{[$self->{server} // '']}
    }
}
END
}

sub command {
    my ($self, @more) = @_;
    my @valgrind = split ' ', $ENV{TEST_NGINX_USE_VALGRIND} // '';
    return (@valgrind ? ('valgrind', '-q', @valgrind) : (),
        $self->{binary}, '-e', "$self->{dir}/logs/error.log", '-p', "$self->{dir}/", '-c',
        "$self->{dir}/nginx.conf", @more);
}

# Runs nginx -t; returns what it said when it refused, '' when the configuration is good:
# then it ends without freeing that configuration, and leaks must not be looked for.
sub check {
    my ($self, %o) = @_;
    my %careless = (ASAN_OPTIONS => ',detect_leaks=0', TEST_NGINX_USE_VALGRIND => ' --leak-check=no');
    my @ways = grep { $ENV{$_} && !$o{leaks} } keys %careless;
    local @ENV{@ways} = map { $ENV{$_} . $careless{$_} } @ways;
    my $log = "$self->{dir}/logs/check.log";
    unlink $log;
    my $status = reap(spawn($log, $self->command('-t')));
    open my $in, '<', $log or die "$log: $!\n";
    my $said = $self->{said} = do { local $/; <$in> } // '';
    return $status ? $said || "status $status" : '';
}

sub start {
    my ($self) = @_;
    local %ENV = (%ENV, %{$self->{env}});
    $ENV{LD_PRELOAD} = join ' ', grep { defined } $self->{env}{LD_PRELOAD}, $ENV{TEST_NGINX_LD_PRELOAD}
      if $ENV{TEST_NGINX_LD_PRELOAD};
    $self->{pid} = spawn("$self->{dir}/logs/output.log", $self->command);
    $self->{pid} = $self->daemon_of($self->{pid}) if $self->{daemon};
    until_true(20, sub { $self->answers || !alive($self->{pid}) });
    $self->answers or die "nginx does not start:\n" . $self->log . $self->output;
    return $self;
}

# Returns when jobs can be pushed; the configuration has a location /metrics.
sub finds_redis {
    my ($self) = @_;
    until_true(20, sub { VoiceAgent::Http::get($self->{port}, '/metrics')->{body} =~ /^voiceagent_redis_up 1$/m })
      or die "nginx finds no Redis\n";
    return $self;
}

# The process that the one we started has left behind.
sub daemon_of {
    my ($self, $pid) = @_;
    reap($pid);
    return VoiceAgent::Process::adopt(until_true(20, sub { $self->pid_written })
          // die "nginx does not start:\n" . $self->log . $self->output);
}

# What stands in its pid file.
sub pid_written {
    my ($self) = @_;
    return (slurp("$self->{dir}/nginx.pid") =~ /^(\d+)/)[0];
}

sub answers {
    my ($self) = @_;
    return -s "$self->{dir}/nginx.pid"
      && defined eval { VoiceAgent::Process::until_true(0.01, sub { 1 }); VoiceAgent::Http->connect($self->{port}) };
}

sub log    { return slurp("$_[0]{dir}/logs/error.log") }
sub access { return slurp("$_[0]{dir}/logs/access.log") }
sub output { return slurp("$_[0]{dir}/logs/output.log") }

sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or return '';
    local $/;
    return <$in> // '';
}

sub logged {
    my ($self, $pattern, $seconds) = @_;
    return until_true($seconds // 20, sub { $self->log =~ $pattern });
}

sub pid { $_[0]{pid} }

# The worker processes that still take requests, or those that are leaving.
sub workers {
    my ($self, %o) = @_;
    my $leaving = $o{leaving} ? 1 : 0;
    return grep { $self->is_leaving($_) == $leaving }
      grep { title($_) =~ /^nginx: worker process|valgrind/ } children($self->{pid});
}

# Below valgrind a process keeps the title it began with, and its log tells.
sub is_leaving {
    my ($self, $pid) = @_;
    my $title = title($pid);
    my $said = $title =~ /valgrind/ ? $self->log =~ / $pid#\d+: (?:gracefully )?shutting down/
                                    : $title =~ /is shutting down/;
    return $said ? 1 : 0;
}

sub children {
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/task/$pid/children" or return;
    return split ' ', <$in> // '';
}

sub title {
    my ($pid) = @_;
    my $title = slurp("/proc/$pid/cmdline") =~ tr/\0/ /r;
    return $title;
}

sub signal {
    my ($self, $signal) = @_;
    kill $signal, $self->{pid};
}

# The seconds of a processor that a process has used.
sub processor_time {
    my ($pid) = @_;
    my @fields = split ' ', slurp("/proc/$pid/stat") =~ s/^.*\)//sr;
    return ($fields[11] + $fields[12]) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# The most memory a process ever had, in KB.
sub peak_memory { return (slurp("/proc/$_[0]/status") =~ /^VmHWM:\s+(\d+)/m)[0] }

# Returns when only new workers take requests.
sub reload {
    my ($self) = @_;
    my %old = map { $_ => 1 } $self->workers;
    $self->signal('HUP');
    until_true(20, sub {
        my @new = grep { !$old{$_} } $self->workers;
        @new == $self->{workers} && !grep { $old{$_} } $self->workers;
    }) or die "no new workers:\n" . $self->log;
}

# True when nobody is leaving any more. Who has given his memory back and is not dead yet has
# no title, and the next worker would inherit the descriptor that leads to him.
sub settled {
    my ($self, $seconds) = @_;
    return until_true($seconds // 20, sub {
        !$self->workers(leaving => 1) && !grep { title($_) eq '' } children($self->{pid});
    });
}

# How many the workers have open together, when nobody is connected to them: the same
# number time and again.
sub descriptors {
    my ($self) = @_;
    my ($count, $same) = (0, 0);
    until_true(20, sub {
        my $now = () = map { glob "/proc/$_/fd/*" } $self->workers;
        $same = $now == $count ? $same + 1 : 0;
        $count = $now;
        return $same == 20;
    }) or die "descriptors come and go\n";
    return $count;
}

# Ends it, and judges what it left in its log: nothing an operator should be woken for.
sub stop {
    my ($self, $signal) = @_;
    return unless $self->{pid};
    kill $signal // 'QUIT', $self->{pid};
    my $status = reap($self->{pid}, 30);
    my $name = "nginx on port $self->{port}";
    delete $self->{pid};
    is($status, 0, "$name ends by itself and well") or diag($self->output);
    my @bad = grep { /\[(alert|crit|emerg)\]/ } split /^/, $self->log;
    # after TERM nginx gives a worker a second, and a sanitizer's last look takes longer
    my @slow = ($signal // '') eq 'TERM' ? qr/worker process \d+ exited on signal 9$/ : ();
    for my $allowed (@{$self->{allow}}, @slow) {
        @bad = grep { !/$allowed/ } @bad;
    }
    is(join('', @bad), '', "$name logged nothing alarming");
}

1;

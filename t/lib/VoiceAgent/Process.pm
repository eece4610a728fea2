package VoiceAgent::Process;

# Child processes, temporary folders and ports of one test program. All of it goes
# when the program ends, however it ends.

use strict;
use warnings;

use Exporter qw(import);
use Fcntl qw(:flock O_CREAT O_RDWR);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(scratch spawn reap alive stand_still until_true patience port);

use constant {FIRST_PORT => 31000, PORTS => 10, BLOCKS => 100};

my $owner = $$;
my %children;
my ($dir, $lock, $base, $next_port);

# A folder of this program's own; short, since the path of a unix socket ends at 107.
sub scratch {
    if (!$dir) {
        $dir = tempdir('va-XXXXXX', DIR => '/tmp', CLEANUP => 1);
        chmod 0755, $dir or die "chmod $dir: $!\n";
    }
    return $dir;
}

# Everything is ten times slower below valgrind or a byte at a time, and somewhat with a
# sanitizer.
sub patience {
    my ($seconds) = @_;
    return $seconds * ($ENV{TEST_NGINX_USE_VALGRIND} || $ENV{TEST_NGINX_LD_PRELOAD} ? 10 : $ENV{ASAN_OPTIONS} ? 3 : 1);
}

# Runs a program, its output in $log. Returns the process id.
sub spawn {
    my ($log, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        open STDIN,  '<',  '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>>', $log        or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT    or POSIX::_exit(126);
        exec {$command[0]} @command or POSIX::_exit(127);
    }
    return adopt($pid);
}

sub adopt {
    my ($pid) = @_;
    $children{$pid} = 1;
    return $pid;
}

# Waits for a child to end and returns its wait status, or undef when it does not.
sub reap {
    my ($pid, $seconds) = @_;
    my $end = time + patience($seconds // 20);
    while (1) {
        my $got = waitpid $pid, WNOHANG;
        if ($got == $pid || $got == -1) {
            delete $children{$pid};
            return $got == -1 ? 0 : $?;
        }
        return if time > $end;
        sleep 0.01;
    }
}

sub alive {
    my ($pid) = @_;
    return 0 if waitpid($pid, WNOHANG) == $pid;
    return 0 unless kill 0, $pid;
    open my $in, '<', "/proc/$pid/stat" or return 0;
    return (<$in> // '') !~ /\) Z /;
}

# Stops a process, and returns when it has stopped: what comes from then on it finds all at once.
sub stand_still {
    my ($pid) = @_;
    kill 'STOP', $pid;
    until_true(20, sub {
        open my $in, '<', "/proc/$pid/stat" or return 1;
        return (<$in> // '') =~ /\) T /;
    }) or die "process $pid does not stop\n";
}

# Asks again until the answer is true, and returns it; undef after $seconds, which
# bound how long a failure takes and decide nothing else.
sub until_true {
    my ($seconds, $ask) = @_;
    my $end = time + patience($seconds);
    while (1) {
        my $answer = $ask->();
        return $answer if $answer;
        return if time > $end;
        sleep 0.02;
    }
}

# A port nobody else has. Programs that run side by side take different blocks.
sub port {
    reserve() unless defined $base;
    die "more than @{[PORTS]} ports\n" if $next_port == PORTS;
    return $base + $next_port++;
}

sub reserve {
    my $locks = "/tmp/voiceagent-ports-$<";
    make_path($locks);
    for my $block (0 .. BLOCKS - 1) {
        sysopen my $try, "$locks/$block", O_CREAT | O_RDWR or die "$locks/$block: $!\n";
        next unless flock $try, LOCK_EX | LOCK_NB;
        my $first = FIRST_PORT + $block * PORTS;
        next if grep { !is_free($_) } $first .. $first + PORTS - 1;
        ($lock, $base, $next_port) = ($try, $first, 0);
        return;
    }
    die "no free ports\n";
}

sub is_free {
    my ($port) = @_;
    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1,
        ReuseAddr => 1);
}

END {
    if ($$ == $owner) {
        local ($?, $!);
        kill 'CONT', keys %children;
        kill 'TERM', keys %children;
        for my $pid (keys %children) {
            next if defined reap($pid, 5);
            kill 'KILL', $pid;
            waitpid $pid, 0;
        }
    }
}

1;

# Reloads under load for SOAK_SECONDS: no worker, no descriptor and no memory is left
# behind. perl -It/lib t/sanitizer/soak.pl
use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);
use VoiceAgent::Http qw(get post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(scratch);
use VoiceAgent::Redis;
use VoiceAgent::Sse;
use VoiceAgent::Token qw(token);
use VoiceAgent::Worker;

# What the master may grow by between the first tenth of the reloads and the last: the
# heap's own unevenness. A configuration that is not freed is some hundred KiB each time.
use constant SLACK_KIB => 512;

my $seconds = $ENV{SOAK_SECONDS} // 120;
my $redis = VoiceAgent::Redis->start;
my $worker = VoiceAgent::Worker->start($redis, sub { return {body => 'reply'} });
my $nginx = VoiceAgent::Nginx->new(redis => $redis, workers => 2, level => 'warn', server => <<'END')->start;
    voiceagent_jwt key=jwt alg=HS256;
    location /job    { voiceagent_public on; voiceagent_enqueue a.b dedup=$arg_n; }
    location /call   { voiceagent_public on; voiceagent_call a.b timeout=10s; }
    location /events { voiceagent_events org=$voiceagent_claim_org ping=100ms drain=500ms; }
END
my $port = $nginx->port_;
$nginx->reload;
$nginx->settled;
my $descriptors = $nginx->descriptors;
my $stop = scratch() . '/stop';
my @load = map { load($_) } 1 .. 3;

my (@memory, $reloads);
my $end = time + $seconds;
while (time < $end) {
    $nginx->reload;
    $nginx->settled or last;
    $reloads++;
    push @memory, memory($nginx->pid);
}
VoiceAgent::Nginx::write_file($stop, '');
VoiceAgent::Process::reap($_->{pid}) for @load;

cmp_ok($reloads, '>', 10, "$reloads reloads");
ok($nginx->settled, 'no old worker is left');
for my $load (@load) {
    my ($asked, @failed) = split ' ', VoiceAgent::Nginx::slurp($load->{result});
    cmp_ok($asked, '>', 0, "$load->{name}: $asked requests");
    is("@failed", '', '  each was answered as it should');
}
my $tenth = int(@memory / 10) || 1;
my ($first, $last) = (largest(@memory[$tenth .. 2 * $tenth]), largest(@memory[-$tenth .. -1]));
cmp_ok($last, '<=', $first + SLACK_KIB, "the master has $last KiB after all reloads, $first after the first");
$nginx->reload;
$nginx->settled;
cmp_ok($nginx->descriptors, '<=', $descriptors, 'no descriptor is handed on from worker to worker');
$worker->stop;
$nginx->stop;
done_testing();

sub largest { my ($most) = sort { $b <=> $a } @_; return $most }

sub memory {
    my ($pid) = @_;
    return VoiceAgent::Nginx::slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
}

# Asks until it is told to stop; leaves how often, and what it did not like.
sub load {
    my ($number) = @_;
    my ($name, $ask) = @{[['jobs', \&ask_job], ['calls', \&ask_call], ['streams', \&ask_stream]]->[$number - 1]};
    my $result = scratch() . "/result$number";
    my $pid = fork // die "fork: $!\n";
    return {pid => VoiceAgent::Process::adopt($pid), name => $name, result => $result} if $pid;
    my ($asked, @failed) = (0);
    until (-e $stop) {
        $asked++;
        my $problem = eval { $ask->($asked) } // $@;
        push @failed, $problem =~ tr/ \n/__/r if $problem;
    }
    VoiceAgent::Nginx::write_file($result, join ' ', $asked, @failed);
    POSIX::_exit(0);
}

sub ask_job {
    my ($n) = @_;
    my $answer = post($port, "/job?n=$n", 'x') or return 'no answer';
    return $answer->{status} == 200 ? '' : $answer->{status};
}

sub ask_call {
    my $answer = get($port, '/call') or return 'no answer';
    return $answer->{status} == 200 && $answer->{body} eq 'reply' ? '' : $answer->{status};
}

sub ask_stream {
    my $stream = VoiceAgent::Sse->open($port, '/events', Authorization => 'Bearer ' . token({organizationId => 'o'}));
    my $event = $stream->event or return 'no event';
    $stream->close;
    return $event->{event} eq 'connected' ? '' : $event->{event};
}

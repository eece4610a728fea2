package VoiceAgent::Worker;

# Stands for voiceagent-worker: takes jobs and acknowledges them with the product's own
# scripts, so that what nginx sees is what it will see. What a reply holds is the test's.

use strict;
use warnings;

use Exporter qw(import);
use JSON::PP;
use VoiceAgent::Process;
use VoiceAgent::Redis;

our @EXPORT_OK = qw(take ack alive decode encode);

use constant LEASE => 60000;

my $json = JSON::PP->new->canonical->utf8;
my $n = 0;

sub decode { return $json->decode($_[0]) }
sub encode { return $json->encode($_[0]) }

# The next job, undef when there is none: the document, and what ack needs.
sub take {
    my ($redis, @queues) = @_;
    @queues = qw(realtime default bulk) unless @queues;
    my $token = $$ . '-' . $n++;
    my $got = $redis->script('take', [map { "va:{$_}:" } @queues], $token, LEASE, 0, 1) // return;
    my ($i, $id, $document) = @$got;
    my $job = decode($document);
    @$job{qw(_queue _token _document)} = ($queues[$i - 1], $token, $document);
    return $job;
}

# reply: {status, type, headers, body or body_b64}; undef for a job nobody waits for.
sub ack {
    my ($redis, $job, $reply) = @_;
    my $text = defined $reply ? reply_text($job, $reply) : '';
    return $redis->script('ack', ["va:{$job->{_queue}}:"], $job->{id}, $job->{_token}, 0, $text);
}

sub reply_text {
    my ($job, $reply) = @_;
    return $reply unless ref $reply;
    my $rest = encode({status => 200, type => 'text/plain', %$reply});
    return qq({"v":1,"id":"$job->{id}",) . substr $rest, 1;    # first, as core/job.c writes it
}

# Says what a worker that reaches Postgres says.
sub alive {
    my ($redis) = @_;
    my $time = $redis->command('TIME');
    return $redis->command('ZADD', 'va:alive', $time->[0] * 1000, "worker-$$");
}

# In a process of its own: handle gets each job and returns its reply, undef for none,
# 'later' for a job that is to be forgotten.
sub start {
    my ($class, $redis, $handle) = @_;
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        $SIG{TERM} = sub { POSIX::_exit(0) };
        my $done = eval { work($redis, $handle); 1 };
        print STDERR "worker: $@" unless $done;
        POSIX::_exit(1);
    }
    VoiceAgent::Process::adopt($pid);
    return bless {pid => $pid}, $class;
}

sub work {
    my ($redis, $handle) = @_;
    my @bells = map { "va:{$_}:bell" } qw(realtime default bulk);
    while (1) {
        my $job = eval { take($redis) };
        if ($job) {
            my $reply = $handle->($job, $redis);
            ack($redis, $job, $reply) unless defined $reply && $reply eq 'later';
        } else {
            eval { $redis->command('BLPOP', @bells, 1) } or $@ && select undef, undef, undef, 0.05;
        }
    }
}

sub stop {
    my ($self) = @_;
    kill 'TERM', $self->{pid};
    VoiceAgent::Process::reap($self->{pid});
}

1;

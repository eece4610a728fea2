package VoiceAgent::Sse;

# A client of Server-Sent Events that sees every line.

use strict;
use warnings;

use parent 'VoiceAgent::Http';

use JSON::PP;
use Time::HiRes qw(time);
use VoiceAgent::Process qw(patience);

# options: rcvbuf, and headers by name.
sub open {
    my ($class, $port, $target, %headers) = @_;
    my $self = $class->connect($port, rcvbuf => delete $headers{rcvbuf});
    $self->{text} = '';
    $self->ask('GET', $target, undef, %headers);
    $self->{answer} = $self->answer_head or die "no answer to $target\n";
    $self->{chunked} = ($self->{answer}{headers}{'transfer-encoding'} // '') eq 'chunked';
    return $self;
}

sub status { $_[0]{answer}{status} }
sub header { $_[0]{answer}{headers}{$_[1]} }

# The next event with data, {event, id, data, retry}, comments skipped; undef when the
# stream ends or nothing comes in time.
sub event {
    my ($self, $seconds) = @_;
    while (defined(my $block = $self->block($seconds))) {
        my %event = map { /^(\w+): ?(.*)$/ ? ($1 => $2) : () } split /\n/, $block;
        next unless defined $event{data};
        $event{json} = eval { JSON::PP->new->utf8->decode($event{data}) };
        return \%event;
    }
    return;
}

# Skips to the next event of that type.
sub event_of {
    my ($self, $type, $seconds) = @_;
    while (my $event = $self->event($seconds)) {
        return $event if $event->{event} eq $type;
    }
    return;
}

# The next comment line, events skipped.
sub comment {
    my ($self, $seconds) = @_;
    while (defined(my $block = $self->block($seconds))) {
        return $block if $block =~ /^:/;
    }
    return;
}

# What stands before the next empty line.
sub block {
    my ($self, $seconds) = @_;
    my $end = time + patience($seconds // VoiceAgent::Http::SECONDS);
    while (1) {
        return $1 if $self->{text} =~ s/\A(.*?)\n\n//s;
        my $left = $end - time;
        return if $left <= 0 || !$self->more($left);
    }
}

sub more {
    my ($self, $seconds) = @_;
    if ($self->{chunked}) {
        my $chunk = $self->chunk($seconds / patience(1)) // return 0;
        $self->{ended} = 1 if $chunk eq '';
        $self->{text} .= $chunk;
        return $chunk ne '';
    }
    $self->read($seconds) or return 0;
    $self->{text} .= $self->{in};
    $self->{in} = '';
    return 1;
}

# True when the stream ended as HTTP says it should, and not by a cut connection.
sub ended {
    my ($self, $seconds) = @_;
    1 while defined $self->block($seconds);
    return $self->{ended};
}

1;

# The simulated providers of `make up` (t/stack/simulators.sh): which are started when only some
# of the addresses that lead to one are somebody else's.
use strict;
use warnings;

use Test::More;
use VoiceAgent::Http qw(get);
use VoiceAgent::Process qw(port);
use VoiceAgent::Stack qw(in_stack);

my $port = port();
my $real = 'https://api.example.com/v1';

# Runs the lines with two of them, the second without a folder of its own; what it said.
sub stack {
    my ($lines, %preset) = @_;
    my ($said) = in_stack(<<"END", %preset, VA_PORT_BASE => $port - 12);    # settings.sh: OpenAI is the twelfth
SIMULATORS=("openai OPENAI_BASE_URL OPENAI_REALTIME_URL" "livekit LIVEKIT_URL")
define_settings
write_settings
$lines
END
    return $said;
}

# No process outlives a test that dies; how it ended stays what it was.
END { local $?; stack('stop sim-openai; stop sim-livekit') }

sub answers { return eval { get($port, '/_sim/requests')->{status} } // 'nobody' }

is(stack('start_simulators', OPENAI_BASE_URL => $real), '', 'an address of two is elsewhere, and nothing is said');
is(answers(), 200, '  the other leads to the simulated one');
is(stack('start_simulators', OPENAI_BASE_URL => $real), '', '  which goes on as it is');

like(stack('start_simulators', OPENAI_BASE_URL => $real, OPENAI_REALTIME_URL => 'wss://api.example.com/v1/realtime'),
    qr{openai is at https://api\.example\.com/v1}, 'both are elsewhere');
is(answers(), 'nobody', '  and nothing is simulated');

is(stack('stop sim-openai; stop sim-livekit'), '', 'and stopped');
done_testing;

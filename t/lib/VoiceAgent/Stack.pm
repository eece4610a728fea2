package VoiceAgent::Stack;

# Parts of `make up` (t/stack/), each in a shell of its own, on a folder of the test program's.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use VoiceAgent::Process qw(scratch);

our @EXPORT_OK = qw(in_stack);

my $scripts = abs_path(dirname(__FILE__) . '/../../stack');

sub folder { return scratch() . '/run' }

# Runs lines of bash behind the scripts' functions, with these presets in the environment; what
# they said, and whether they ended well.
sub in_stack {
    my ($lines, %preset) = @_;
    make_path(map { folder() . "/$_" } qw(state pids log));
    local %ENV = (%ENV, %preset, VA_RUN_DIR => folder());
    open my $shell, '-|', 'bash', '-c', <<"END", 'in_stack', $scripts or die "bash: $!\n";
set -euo pipefail
exec 2>&1
. "\$1/common.sh"
. "\$1/settings.sh"
. "\$1/simulators.sh"
$lines
END
    local $/;
    my $said = <$shell> // '';
    close $shell;
    return ($said, $? == 0);
}

1;

package VoiceAgent;

# Test::Nginx with a Redis behind it. To be used before Test::Nginx::Socket, which reads
# its ports and folders from the environment when it is loaded.
#
# Sections of our own (others are Test::Nginx's; one that nobody knows is an error):
#   more_http      behind the usual directives of the http block (http_config: instead)
#   redis          commands run before each repetition, one a line
#   response_json  what the body must hold, see holds(); several: an array of them
#   job            what the one job pushed must hold;  jobs: how many there must be
#   redis_has      commands and, behind " -> ", their answers, one a line, afterwards; an
#                  answer that begins with "~" is a pattern

use strict;
use warnings;

use JSON::PP;
use Test::More;
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(scratch port patience);
use VoiceAgent::Redis;
use VoiceAgent::Worker;

use Exporter qw(import);
our @EXPORT = qw($redis run_blocks holds);

use constant PR_SET_CHILD_SUBREAPER => 36;    # <sys/prctl.h>

our $redis = VoiceAgent::Redis->start;

# Test::Nginx starts nginx as a daemon and waits for its end as for a child's. With this it
# is one, and no init has to reap it first.
BEGIN {
    require 'syscall.ph';
    syscall(&SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 or die "prctl: $!\n";
}

BEGIN {
    my $port = port();
    $ENV{TEST_NGINX_SERVER_PORT} = $port;
    $ENV{TEST_NGINX_TIMEOUT}   //= patience(20);
    $ENV{TEST_NGINX_SERVROOT}    = scratch() . '/servroot';
    $ENV{TEST_NGINX_BINARY}       //= $VoiceAgent::Nginx::BINARY;
    $ENV{TEST_NGINX_LOAD_MODULES} //= "@VoiceAgent::Nginx::MODULES";
    $ENV{TEST_NGINX_KEYS} = VoiceAgent::Nginx::keys_dir();
    $ENV{TEST_NGINX_SPARE_PORT} = port();
}

$ENV{TEST_NGINX_REDIS}    = $redis->url;
$ENV{TEST_NGINX_DEFAULTS} = VoiceAgent::Nginx::http_defaults($redis->url);

require Test::Nginx::Socket;
Test::Nginx::Util::repeat_each(2);
Test::Nginx::Util::no_long_string();
Test::Nginx::Util::add_block_preprocessor(\&prepare);
Test::Nginx::Socket::add_response_body_check(\&judge);

my $json = JSON::PP->new->canonical->utf8->allow_nonref;

my %known = map { $_ => 1 } qw(
  name description config http_config more_http main_config post_main_config user_files init
  request raw_request pipelined_requests more_headers raw_request_middle_delay
  error_code error_code_like response_body response_body_like response_body_unlike response_headers
  raw_response_headers_like raw_response_headers_unlike ignore_response
  error_log no_error_log grep_error_log grep_error_log_out must_die suppress_stderr
  abort timeout wait http2 log_level shutdown_error_log no_shutdown_error_log
  tcp_listen tcp_reply tcp_reply_delay tcp_query tcp_query_len tcp_no_close
  post_setup_server_root redis response_json job jobs redis_has ONLY SKIP LAST skip_eval
);

# Runs the blocks of the test file, each with what every one of them has to fulfil.
sub run_blocks {
    Test::Nginx::Util::run_tests();
    done_testing();
}

sub prepare {
    my ($block) = @_;
    my @unknown = grep { !$known{$_} } @{$block->{_section_order}[0]};
    Test::Nginx::Util::bail_out($block->name . ": unknown sections @unknown") if @unknown;
    $block->set_value(name => 'TEST ' . $block->seq_num . ': ' . $block->name);
    if (!defined $block->http_config) {
        $block->set_value(http_config => "\$TEST_NGINX_DEFAULTS\n" . ($block->more_http // ''));
    }
    $block->set_value(config => '') unless defined $block->config;
    my $quiet = $block->no_error_log // [];
    $quiet = [grep { length } split /\n+/, $quiet] unless ref $quiet;
    my @alarms = defined $block->must_die ? qw([alert] [crit]) : qw([alert] [crit] [emerg]);
    my @expected = ref $block->error_log eq 'ARRAY' ? @{$block->error_log} : $block->error_log // '';
    $block->set_value(no_error_log => [@$quiet, grep { my $a = $_; !grep { /\Q$a\E/ } @expected } @alarms]);
    if (defined $block->must_die) {
        $block->set_value(error_log => [(map { split /\n+/ } @expected), '[emerg]']);
        $block->set_value(suppress_stderr => 1);
    }
    begin($block);
}

# Scripts stay known, as in a Redis that has been running for a while.
sub begin {
    my ($block) = @_;
    $redis->command('FLUSHALL');
    run_lines($block->redis);
}

sub run_lines {
    my ($text) = @_;
    $redis->command(words($_)) for grep { /\S/ } split /\n/, $text // '';
}

# Separated by blanks; a word with blanks stands in single quotes.
sub words {
    my ($line) = @_;
    my @words = $line =~ /'([^']*)'|(\S+)/g;
    my @result;
    while (my ($quoted, $plain) = splice @words, 0, 2) {
        push @result, $quoted // $plain;
    }
    return @result;
}

sub judge {
    my ($block, $body, $i, $repetition, $dry) = @_;
    my $name = $block->name;
    my $expected = $block->response_json;
    if (defined $expected) {
        $expected = ref $expected ? $expected->[$i] : $expected;
        holds(scalar decoded($body), decoded($expected), "$name: body");
    }
    my $last = ref $block->request eq 'ARRAY' ? $#{$block->request} : 0;
    return if $i != $last;
    judge_jobs($block, $name);
    for my $line (grep { /\S/ } split /\n/, $block->redis_has // '') {
        my ($command, $answer) = $line =~ /^(.*?)\s*->\s*(.*)$/ or die "no -> in $line\n";
        my $got = $redis->command(words($command));
        $got = join ' ', map { $_ // 'nil' } @$got if ref $got;
        holds($got // 'nil', $answer, "$name: $command");
    }
    begin($block);
}

sub judge_jobs {
    my ($block, $name) = @_;
    my @jobs = map { @{$redis->command('LRANGE', "va:{$_}:in", 0, -1)} } qw(realtime default bulk);
    my $want = defined $block->job ? 1 : $block->jobs;
    return unless defined $want;
    is(scalar @jobs, $want + 0, "$name: jobs pushed");
    return unless defined $block->job && @jobs;
    my $job = decoded($jobs[0]);
    $job->{_document} = $jobs[0];
    holds($job, decoded($block->job), "$name: job");
}

sub decoded {
    my ($text) = @_;
    return eval { $json->decode($text) } // "not JSON: $text";
}

# True when got has what is expected, and passes over members nobody asks for, unless
# there is a member "=". A string that begins with "~" is a pattern; null means that the
# member is absent.
sub holds {
    my ($got, $expected, $name) = @_;
    my @differ = differences($got, $expected, '');
    is(join("\n", @differ), '', $name);
}

sub differences {
    my ($got, $expected, $where) = @_;
    if (ref $expected eq 'HASH') {
        return "$where is no object: " . shown($got) unless ref $got eq 'HASH';
        my %members = %$expected;
        my @more = delete $members{'='} ? grep { !exists $members{$_} && !/^_/ } sort keys %$got : ();
        return (map { "$where/$_ is there" } @more),
          map { differences($got->{$_}, $members{$_}, "$where/$_") } sort keys %members;
    }
    if (ref $expected eq 'ARRAY') {
        return "$where is not as long: " . shown($got)
          unless ref $got eq 'ARRAY' && @$got == @$expected;
        return map { differences($got->[$_], $expected->[$_], "$where/$_") } 0 .. $#$expected;
    }
    return defined $got ? "$where is there: " . shown($got) : () unless defined $expected;
    return "$where is missing" unless defined $got;
    if (!ref $expected && $expected =~ /^~(.*)/s) {
        return !ref $got && $got =~ /$1/ ? () : "$where does not match $1: " . shown($got);
    }
    return shown($got) eq shown($expected) ? () : "$where is " . shown($got) . ', not ' . shown($expected);
}

sub shown { return $json->encode($_[0]) }

1;

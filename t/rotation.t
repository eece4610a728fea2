# Keys change while requests come in: a file is written anew, and no request that is
# signed with a key of both files is ever refused. What cannot be read changes nothing.
use strict;
use warnings;

use JSON::PP;
use Test::More;
use VoiceAgent::Http qw(get post);
use VoiceAgent::Nginx;
use VoiceAgent::Process qw(scratch until_true spawn);
use VoiceAgent::Redis;
use VoiceAgent::Token qw(token);

my $json = JSON::PP->new->canonical->utf8;
my $table = $json->decode(VoiceAgent::Nginx::slurp("$VoiceAgent::Nginx::ROOT/t/vectors/jwt.json"));
my %public = map { $_->{kid} => $_ } grep { $_->{kty} ne 'oct' } @{$table->{jwks}{keys}};
my %token = map { $_->{id} => $_->{token} } @{$table->{vectors}};

my $redis = VoiceAgent::Redis->start;
my $dir = scratch();
my ($old, $new, $both) = map { "$_-secret-0123456789-0123456789-01" } qw(old new both);

sub write_key { return VoiceAgent::Nginx::write_file("$dir/$_[0]", $_[1]) }

write_key('rotating', "$old\n$both\n");
write_key('breaking', "$old\n");
write_key('vanishing', "$old\n");
write_key('tokens', "$old\n");
write_key('accounts', "a $old\n");
write_key("pair_$_", "$old\n") for qw(one two);
my $late = "$dir/late";
$ENV{VA_T_KEY} = $old;

my $nginx = VoiceAgent::Nginx->new(redis => $redis, workers => 2, http => <<"END", server => <<"END2")->start;
    @{[map { "voiceagent_key $_ file=$dir/$_;\n" } qw(rotating breaking vanishing tokens accounts)]}
    voiceagent_key pair file=$dir/pair_one;
    voiceagent_key pair file=$dir/pair_two;
    voiceagent_key split file=$dir/rotating;
    voiceagent_key split env=VA_T_KEY;
END
    @{[map { "location /$_ { voiceagent_verify bearer key=$_; voiceagent_enqueue a.b; }\n" }
        qw(rotating breaking vanishing accounts split pair)]}
    location /tokens   { voiceagent_jwt key=tokens alg=HS256; voiceagent_enqueue a.b; }
    location /late     { voiceagent_jwt jwks=$late alg=RS256,ES256 leeway=10000d; voiceagent_enqueue a.b; }
    location = /metrics { voiceagent_metrics; }
END2
my $port = $nginx->port_;

sub status {
    my ($place, $secret) = @_;
    return post($port, "/$place", '', Authorization => "Bearer $secret", Connection => 'close')->{status};
}

# So many changes have been read by the two workers: which of them answers what is asked, nobody
# knows, and one may answer all of it.
sub changed { my ($count) = @_; return until_true(40, sub { metric('keys_changed_total') >= $count }) }

sub metric {
    my ($value) = get($port, '/metrics')->{body} =~ /^voiceagent_$_[0] (\d+)$/m;
    return $value;
}

# Asks again and again with the key that is in the old file and in the new one; says at
# the end how often, and how often it was refused.
my $stop = "$dir/stop";
my $counts = "$dir/counts";
my $load = fork // die "fork: $!\n";
if ($load == 0) {
    my ($asked, $refused) = (0, 0);
    until (-e $stop) {
        $asked++;
        $refused++ if status('rotating', $both) != 200;
        select undef, undef, undef, 0.01;
    }
    VoiceAgent::Nginx::write_file($counts, "$asked $refused");
    POSIX::_exit(0);
}
VoiceAgent::Process::adopt($load);

is(status('rotating', $old),  200, 'the first key');
is(status('rotating', $both), 200, '  and the other live one');
is(status('rotating', $new),  401, '  the next one not yet');
is(status('split', $old), 200, 'a key of two sources');
is(status('tokens', token({}, secret => $old)), 200, 'a token');
is(status('late', $token{'ok-RS256'}), 401, 'a key set that is not there yet');

write_key('rotating', "$new\n$both\n");
write_key('breaking', "# all gone\n");
unlink "$dir/vanishing" or die "unlink: $!\n";
rename "$dir/pair_two", "$dir/pair_away" or die "rename: $!\n";
write_key('pair_one', "$new\n");
write_key('tokens', "$new\n");
write_key('accounts', "a $new\nb $both\n");
write_key('late', $json->encode({keys => [$public{'rsa-1'}]}));

ok(changed(10), 'both workers read five files anew');
is(status('rotating', $new), 200, '  the new file is taken');
is(status('rotating', $old), 401, '  and what is not in it any more is refused');
is(status('rotating', $both), 200, '  what is in both serves on');
is(status('split', $new), 200, 'a key of two sources takes the file');
is(status('split', $old), 200, '  and keeps what stands in the environment');
is(status('tokens', token({}, secret => $new)), 200, 'tokens of the new secret');
is(status('tokens', token({}, secret => $old)), 401, '  and no more of the old');
is(status('accounts', $both), 200, 'another account');
is(status('late', $token{'ok-RS256'}), 200, 'the key set is taken when it comes');
is(status('late', $token{'ok-ES256'}), 401, '  another key is not in it');
ok($nginx->logged(qr/key "breaking" holds no secret/, 40), 'a file without a secret is noticed');
is(status('breaking', $old), 200, '  and the old one serves on');
ok($nginx->logged(qr{/vanishing" failed: its keys stay as they are \(2: No such file or directory\)}, 40), 'so is one that is gone');
is(status('vanishing', $old), 200, '  and the old one serves on');
ok($nginx->logged(qr{open\(\) "\Q$dir\E/pair_two" failed}, 40), 'as is one of two');
is(status('pair', $new), 401, '  which keeps the change of the other');
is(metric('keys_changed_total'), 10, 'changes are counted, once in each worker');
cmp_ok(metric('keys_failed_total'), '>=', 2, '  and failures');

rename "$dir/pair_away", "$dir/pair_two" or die "rename: $!\n";
write_key('breaking', "$new\n");
write_key('vanishing', "$new\n");
write_key('tokens', "short\n");
write_key('late', '{"keys":[');
ok(changed(16), 'both workers read three files more');
is(status('breaking', $new), 200, 'a file that is good again is taken');
is(status('vanishing', $new), 200, '  and one that is there again');
is(status('pair', $new), 200, '  and what it has kept from being read');
ok($nginx->logged(qr/"\Q$late\E" holds no key set that can be used/, 40), 'a broken key set is noticed');
is(status('late', $token{'ok-RS256'}), 200, '  and the old one serves on');
ok($nginx->logged(qr/key "tokens": secret 1 is too short.*\(tokens need 32 characters\)/, 40), 'a secret too short for tokens is noticed');
is(status('tokens', token({}, secret => $new)), 200, '  and the old one serves on');

open my $out, '>', $stop or die "$stop: $!\n";
close $out;
VoiceAgent::Process::reap($load);
my ($asked, $refused) = split ' ', VoiceAgent::Nginx::slurp($counts);
cmp_ok($asked, '>', 0, "$asked requests came in meanwhile");
is($refused, 0, '  none was refused');

unlike($nginx->log, qr/\Q$_\E/, 'no secret is in the log') for $old, $new, $both;
$nginx->stop;
done_testing();

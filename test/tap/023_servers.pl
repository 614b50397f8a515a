# What is said of servers: a warning of releases as 18.6, whose executor loses the ctids of rows that it puts in order
# itself, once in a session and only by statements that need a ctid; on no other release. And who may create the
# extension: no other user than a superuser, not even one to whom a database belongs.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $node = new_server('servers', "fsync = off\n");
make_table($node, 'items', 500, 8, '');
my $release = $node->safe_psql('postgres', 'SHOW server_version');
my $loses = $node->safe_psql('postgres', 'SELECT loses_ctids()') eq 't';
note("$release " . ($loses ? 'loses ctids' : 'keeps ctids'));
my %known = (150018 => 1, 150020 => 0, 160014 => 1, 170010 => 1, 170012 => 0, 180004 => 1, 180006 => 1, 180007 => 0);
my $number = $node->safe_psql('postgres', 'SHOW server_version_num');
is($loses ? 1 : 0, $known{$number}, 'as is known of this release') if exists $known{$number};
my $lock = 'SELECT id FROM items ORDER BY v <-> vec(1, 8, 999) LIMIT 5 FOR UPDATE;';
my $place = 'SELECT ctid FROM items ORDER BY v <-> vec(1, 8, 999) LIMIT 5;';
my $plain = 'SELECT id FROM items ORDER BY v <-> vec(1, 8, 999) LIMIT 5;';

# How often the statements of one session are warned of.
sub warnings_of {
    my ($rc, $out, $err) = $node->psql('postgres', "SET enable_seqscan = off; @_", extra_params => [ '-v', 'VERBOSITY=verbose' ]);
    is($rc, 0, 'the statements run') or diag($err);
    my @warnings = $err =~ /^.*WARNING:.*$/mg;
    diag("another warning: $_") for grep { !/PostgreSQL \Q$release\E loses the ctid/ } @warnings;
    return ($err, scalar @warnings);
}

my ($text, $count) = warnings_of($plain);
is($count, 0, 'a statement without ctid is warned of nowhere');
for my $statement ($lock, $place) {
    ($text, $count) = warnings_of($statement, $statement, $plain);
    is($count, $loses ? 1 : 0, $loses ? 'a session is warned once' : 'no warning on this release');
    next if !$loses;
    like($text, qr/WARNING:  0A000: PostgreSQL \Q$release\E loses the ctid/, 'the warning says what happens');
    like($text, qr/planned without lid_hnsw and semantic_graph/, 'what that does to plans');
    like($text, qr/Update to a minor release that keeps it/, 'and what helps');
}
# The rows that such statements get are the right ones everywhere.
sub ids_of {
    my ($path, $statement) = @_;
    my $ids = $node->safe_psql('postgres', "SET client_min_messages = error; SET enable_$path = off; $statement");
    return join ' ', sort { $a <=> $b } split /\n/, $ids;
}
is(ids_of('seqscan', $lock), ids_of('indexscan', $plain), 'the nearest rows are locked');
is($node->safe_psql('postgres', "SET client_min_messages = error; SELECT count(*) FROM items WHERE ctid = ANY (ARRAY(SELECT ctid FROM items ORDER BY v <-> vec(1, 8, 999) LIMIT 5))"),
    5, 'and their ctids are those of rows');

# The extension is not trusted, and what somebody may do who is no superuser needs none.
$node->safe_psql('postgres', 'CREATE ROLE tenant; CREATE DATABASE tenant OWNER tenant');
my ($rc, $out, $err) = $node->psql('tenant', 'SET ROLE tenant; CREATE EXTENSION vectorgraph CASCADE');
like($err, qr/permission denied to create extension "(?:vector|vectorgraph)"/, 'the owner of a database may not create the extension');
is($node->safe_psql('tenant', "SELECT bool_or(trusted) FROM pg_available_extension_versions WHERE name = 'vectorgraph'"), 'f', 'which is not trusted');
$node->safe_psql('tenant', 'CREATE EXTENSION vectorgraph CASCADE; GRANT CREATE ON SCHEMA public TO tenant');
is($node->safe_psql('tenant', "SET ROLE tenant; CREATE TABLE mine (id integer, v vector(2)); INSERT INTO mine VALUES (1, '[1,0]'), (2, '[0,1]');"
      . "CREATE INDEX ON mine USING lid_hnsw (v vector_l2_ops); SET enable_seqscan = off; SELECT id FROM mine ORDER BY v <-> '[0,2]' LIMIT 1"),
    2, 'but may use it once it is there');
$node->stop;
done_testing();

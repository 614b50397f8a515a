# Rows that are locked or named by ctid, on releases too whose executor loses the ctids of rows that it puts in order itself
# (15.18, 18.6 and others): it has nothing to put in order here, and nothing is said. And who may create the extension: no
# other user than a superuser, not even one to whom a database belongs.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $node = new_server('servers', "fsync = off\n");
make_table($node, 'items', 500, 8, '');
my $near = 'ORDER BY v <-> vec(1, 8, 999) LIMIT 5';
my $plain = "SELECT id FROM items $near;";
my $lock = "SELECT id FROM items $near FOR UPDATE;";

# The answer of a statement on one way, without a warning.
sub ids_of {
    my ($path, $statement) = @_;
    my ($rc, $out, $err) = $node->psql('postgres', "SET enable_$path = off; $statement");
    is("$rc $err", '0 ', "runs without $path and without a word: $statement");
    return join ' ', sort { $a <=> $b } split /\n/, $out;
}
like($node->safe_psql('postgres', "SET enable_seqscan = off; EXPLAIN $lock"), qr/Index Scan using items_v/, 'rows are locked on the way of the index');
is(ids_of('seqscan', $lock), ids_of('indexscan', $plain), 'the nearest ones');
is(ids_of('seqscan', "SELECT id FROM items WHERE ctid = ANY (ARRAY(SELECT ctid FROM items $near));"), ids_of('indexscan', $plain),
    'and their ctids are those of rows');

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

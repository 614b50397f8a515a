# The library can be loaded by the postmaster, by a session at its start, or not before the first use.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $node = new_server('preload');
sub use_it {
    my ($how) = @_;
    $node->safe_psql('postgres', 'DROP TABLE IF EXISTS items');
    make_table($node, 'items', 500, 16, 'WITH (build_order = lid)');
    $node->safe_psql('postgres', 'INSERT INTO items SELECT i, vec(i, 16) FROM generate_series(501, 700) i; DELETE FROM items WHERE id < 100');
    $node->safe_psql('postgres', 'VACUUM items');
    index_is_sound($node, 'items_v', "items_v is sound, $how");
    every_row($node, 'items', "every row is found, $how");
}
use_it('loaded on demand');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'vectorgraph'\nlid_hnsw.ef_search = 55\n");
$node->restart;
is($node->safe_psql('postgres', 'SHOW lid_hnsw.ef_search'), 55, 'the parameter is known to every session');
use_it('loaded by the postmaster');
# Parallel workers load it too. 16 renamed the setting that forces them.
my $forced = $node->safe_psql('postgres',
    "SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')");
is($node->safe_psql('postgres', "SET $forced = on; SELECT sum(v) = sum(v) FROM items"), 't', 'in a parallel worker');
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\nsession_preload_libraries = 'vectorgraph'\n");
$node->restart;
is($node->safe_psql('postgres', 'SHOW lid_hnsw.ef_search'), 55, 'the parameter is read from the file');
use_it('loaded by the session');
# A wrong value in the file is refused when the library comes, and the server runs on.
$node->append_conf('postgresql.conf', "session_preload_libraries = ''\nlid_hnsw.ef_search = 0\n");
$node->restart;
# Not by the type vector, which may be another library's.
my ($rc, $out, $err) = $node->psql('postgres', "SELECT lid_twonn('{1,1,1}', '{2,3,4}') > 0; SHOW lid_hnsw.ef_search");
like($err, qr/0 is outside the valid range for parameter "lid_hnsw.ef_search"/, 'a value out of range is reported');
is($out, "t\n40", 'and the default holds');
ok(!crashed($node), 'no process of the server died');
$node->stop;
done_testing();

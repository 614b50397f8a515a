# Dump and restore: the extension's objects belong to it, indexes come back with class and options.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $node = new_server('dump');
my $dump = PostgreSQL::Test::Utils::tempdir . '/dump.sql';
$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('postgres', 'CREATE DATABASE target');
load_helpers($node, 'source');
$node->safe_psql('source', <<'SQL');
CREATE TABLE items (id integer PRIMARY KEY, v vector(16));
INSERT INTO items SELECT i, vec(i, 16) FROM generate_series(1, 1000) i;
INSERT INTO items VALUES (0, NULL);
CREATE INDEX items_l2 ON items USING lid_hnsw (v vector_l2_ops) WITH (m = 12, ef_construction = 100, build_order = lid);
CREATE INDEX items_cosine ON items USING lid_hnsw (v) WHERE id % 2 = 0;
CREATE INDEX items_part ON items USING lid_hnsw ((subvector(v, 1, 4)::vector(4)) vector_l1_ops);
SQL
my $definitions = "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'items'::regclass ORDER BY 1";
my $nearest = "SELECT only_index(true); SET lid_hnsw.ef_search = 400;"
  . "SELECT array(SELECT id FROM items ORDER BY v <-> vec(5, 16, 9) LIMIT 10)";

$node->command_ok([ 'pg_dump', '-d', $node->connstr('source'), '-f', $dump ], 'pg_dump');
my $text = slurp_file($dump);
unlike($text, qr/CREATE (ACCESS METHOD|OPERATOR|TYPE|CAST|AGGREGATE)/, 'the dump does not repeat what belongs to the extensions');
like($text, qr/CREATE EXTENSION IF NOT EXISTS vectorgraph/, 'it creates the extension');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('target'), '-f', $dump ], 'restore');
is($node->safe_psql('target', $definitions), $node->safe_psql('source', $definitions), 'the same indexes');
is($node->safe_psql('target', $nearest), $node->safe_psql('source', $nearest), 'the same answers');
is($node->safe_psql('target', "SELECT bool_and(vectorgraph_index_check(indexrelid, true) >= 0) FROM pg_index i JOIN pg_class c ON c.oid = indexrelid "
          . "JOIN pg_am a ON a.oid = relam WHERE amname = 'lid_hnsw'"), 't', 'the restored indexes are sound');
$node->command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr('target'), '-f', "$dump.custom" ], 'custom format');
$node->safe_psql('postgres', 'CREATE DATABASE parallel');
$node->command_ok([ 'pg_restore', '-j', '2', '-d', $node->connstr('parallel'), "$dump.custom" ], 'parallel restore');
is($node->safe_psql('parallel', $definitions), $node->safe_psql('source', $definitions), 'the same indexes again');

# Every function, operator, class and method of the extension goes with it.
my ($rc, $out, $err) = $node->psql('target', 'DROP EXTENSION vectorgraph');
like($err, qr/cannot drop extension vectorgraph because other objects depend on it/, 'indexes hold the extension');
$node->safe_psql('target', 'DROP EXTENSION vectorgraph CASCADE');
is($node->safe_psql('target', 'SELECT count(*), count(v) FROM items'), '1001|1000', 'rows outlive it');
is($node->safe_psql('target', "SELECT count(*) FROM pg_am WHERE amname = 'lid_hnsw'"), 0, 'the access method is gone');
is($node->safe_psql('target', "SELECT count(*) FROM pg_proc WHERE probin LIKE '%vectorgraph' AND proname ~ 'lid_hnsw|vectorgraph'"), 0, 'and its functions');
$node->safe_psql('target', 'CREATE EXTENSION vectorgraph; CREATE INDEX ON items USING lid_hnsw (v)');
pass('and it can be created again');
$node->stop;
done_testing();

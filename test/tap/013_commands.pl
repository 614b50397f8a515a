# Commands that move, copy or rewrite what lies under an index: tablespaces, CLUSTER, VACUUM FULL, parallel
# vacuum, logical replication, pg_dump --binary-upgrade and pg_upgrade. The index is sound and complete
# after each. (CREATE INDEX and REINDEX CONCURRENTLY, TRUNCATE, SET LOGGED: sql/lid_hnsw_build, _dml.)
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my ($rows, $dims) = (1500, 16);
my $node = new_server('commands', "max_parallel_maintenance_workers = 2\nmin_parallel_index_scan_size = 0\n", allows_streaming => 'logical');
make_table($node, 'items', $rows, $dims, 'WITH (m = 8)');
my $answers = "SELECT only_index(true); SET lid_hnsw.ef_search = 200;"
  . "SELECT q, array(SELECT id FROM items ORDER BY v <-> vec(q, $dims, 999) LIMIT 10) FROM generate_series(1, 10) q";

sub sound_and_complete {
    my ($server, $what) = @_;
    index_is_sound($server, 'items_v', "the index is sound after $what");
    every_row($server, 'items', "and complete after $what");
}

# Runs sql; the index keeps its answers, and takes writes.
sub after {
    my ($sql, $what) = @_;
    my $before = $node->safe_psql('postgres', $answers);
    $node->safe_psql('postgres', $sql);
    is($node->safe_psql('postgres', $answers), $before, "the same answers after $what");
    sound_and_complete($node, $what);
    $node->safe_psql('postgres', "INSERT INTO items SELECT max(id) + 1, vec(max(id) + 1, $dims) FROM items; DELETE FROM items WHERE id = (SELECT min(id) FROM items)");
    sound_and_complete($node, "$what and a write");
}

my $place = PostgreSQL::Test::Utils::tempdir;
$node->safe_psql('postgres', "CREATE TABLESPACE elsewhere LOCATION '$place'");
after('ALTER INDEX items_v SET TABLESPACE elsewhere', 'moving the index to another tablespace');
after('ALTER TABLE items SET TABLESPACE elsewhere', 'moving the table after it');
after('ALTER INDEX ALL IN TABLESPACE elsewhere SET TABLESPACE pg_default; ALTER TABLE items SET TABLESPACE pg_default', 'moving both back');
after('REINDEX (TABLESPACE elsewhere) INDEX items_v; ALTER INDEX items_v SET TABLESPACE pg_default', 'a rebuild elsewhere');
after('ALTER TABLE items RENAME COLUMN v TO w; ALTER TABLE items RENAME COLUMN w TO v; ALTER INDEX items_v RENAME TO x; ALTER INDEX x RENAME TO items_v', 'renames');
# Rewrites give rows new places, so the answers to a search may change.
for my $rewrite ('CLUSTER items USING items_pkey', 'VACUUM FULL items', 'ALTER TABLE items ADD note text DEFAULT random()::text',
    "ALTER TABLE items ALTER v TYPE vector($dims) USING v", 'ALTER TABLE items SET UNLOGGED', 'ALTER TABLE items SET LOGGED', 'REINDEX TABLE items') {
    $node->safe_psql('postgres', $rewrite);
    sound_and_complete($node, $rewrite);
}

# Vacuum with a worker per index.
$node->safe_psql('postgres', 'CREATE INDEX items_ip ON items USING lid_hnsw (v vector_ip_ops); CREATE INDEX items_l1 ON items USING lid_hnsw (v vector_l1_ops);');
$node->safe_psql('postgres', 'DELETE FROM items WHERE id % 4 = 0');
my ($rc, $out, $err) = $node->psql('postgres', 'VACUUM (PARALLEL 2, VERBOSE) items');
like($err, qr/launched [12] parallel vacuum workers? for index vacuuming/, 'vacuum runs in parallel');
index_is_sound($node, $_, "$_ is sound after a parallel vacuum") for qw(items_v items_ip items_l1);
every_row($node, 'items');
is($node->safe_psql('postgres', "SELECT sum(dead_nodes) FROM pg_index, vectorgraph_index_stats(indexrelid) WHERE indrelid = 'items'::regclass AND indexrelid <> 'items_pkey'::regclass"),
    0, 'no dead node is left');
$node->safe_psql('postgres', 'DROP INDEX items_ip, items_l1; ALTER TABLE items DROP COLUMN IF EXISTS note');

# Logical replication: the subscriber's index is its own, filled by the copy and by the apply worker.
my $subscriber = new_server('subscriber', '', allows_streaming => 'logical');
$subscriber->safe_psql('postgres', "CREATE TABLE items (id integer PRIMARY KEY, v vector($dims)); CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops)");
$node->safe_psql('postgres', 'CREATE PUBLICATION pub FOR TABLE items');
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION sub CONNECTION \$\$" . $node->connstr('postgres') . "\$\$ PUBLICATION pub");
$subscriber->wait_for_subscription_sync($node, 'sub');
is(rows_of($subscriber, 'items'), rows_of($node, 'items'), 'the subscriber has every row');
sound_and_complete($subscriber, 'the copy of a subscription');
$node->safe_psql('postgres', "INSERT INTO items SELECT i, vec(i, $dims) FROM generate_series(5001, 5400) i;"
      . "UPDATE items SET v = vec(id, $dims, 3) WHERE id % 5 = 1; UPDATE items SET id = -id WHERE id % 5 = 2; DELETE FROM items WHERE id % 5 = 3");
$node->wait_for_catchup('sub');
is($subscriber->safe_psql('postgres', 'SELECT md5(string_agg(id::text || v::text, $$ $$ ORDER BY id)) FROM items'),
    $node->safe_psql('postgres', 'SELECT md5(string_agg(id::text || v::text, $$ $$ ORDER BY id)) FROM items'), 'the same rows after writes');
sound_and_complete($subscriber, 'the apply of inserts, updates and deletes');
$subscriber->safe_psql('postgres', 'VACUUM items');
sound_and_complete($subscriber, 'a vacuum at the subscriber');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION sub');
$node->safe_psql('postgres', 'DROP PUBLICATION pub');
$subscriber->stop;

# pg_upgrade copies the files and recreates the catalogs with pg_dump --binary-upgrade: an index goes over
# as it is, so nothing in it may depend on an OID that changes.
my $dump = PostgreSQL::Test::Utils::tempdir . '/upgrade.sql';
$node->command_ok([ 'pg_dump', '--binary-upgrade', '--schema-only', '-d', $node->connstr('postgres'), '-f', $dump ], 'pg_dump --binary-upgrade');
my $text = slurp_file($dump);
like($text, qr/binary_upgrade_create_empty_extension\('vectorgraph'/, 'the extension is recreated by its members');
like($text, qr/CREATE ACCESS METHOD lid_hnsw/, 'with the access method');
my $before = $node->safe_psql('postgres', $answers);
my $bytes = $node->safe_psql('postgres', "SELECT pg_relation_size('items_v')");
$node->safe_psql('postgres', 'DROP TABLESPACE elsewhere');
$node->stop;
my $new = PostgreSQL::Test::Cluster->new('upgraded');
# Without checksums, as the old one.
$new->init($new->pg_version >= 18 ? (extra => ['--no-data-checksums']) : ());
$new->append_conf('postgresql.conf', "autovacuum = off\ndynamic_shared_memory_type = mmap\n");
my ($bindir) = run_command([ 'pg_config', '--bindir' ]);
my $work = PostgreSQL::Test::Utils::tempdir;
{
    my ($out, $err) = run_command([ 'sh', '-c', "cd '$work' && exec pg_upgrade -d '" . $node->data_dir . "' -D '" . $new->data_dir . "' -b '$bindir' -B '$bindir' -s '" . $new->host
          . "' -p " . $node->port . ' -P ' . $new->port ]);
    like($out, qr/Upgrade Complete/, 'pg_upgrade') or diag("$out\n$err");
}
$new->start;
is($new->safe_psql('postgres', "SELECT pg_relation_size('items_v')"), $bytes, 'the index went over as it was');
is($new->safe_psql('postgres', $answers), $before, 'and answers as before');
sound_and_complete($new, 'pg_upgrade');
$new->safe_psql('postgres', "INSERT INTO items SELECT i, vec(i, $dims) FROM generate_series(9001, 9200) i; DELETE FROM items WHERE id % 3 = 0");
$new->safe_psql('postgres', 'VACUUM items');
sound_and_complete($new, 'pg_upgrade, writes and a vacuum');
$new->safe_psql('postgres', 'REINDEX INDEX items_v');
sound_and_complete($new, 'pg_upgrade and REINDEX');
# ALTER EXTENSION finds the members where they belong.
is($new->safe_psql('postgres', "SELECT count(*) FROM pg_depend WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'vectorgraph')") > 50,
    1, 'the objects belong to the extension');
$new->safe_psql('postgres', 'CREATE SCHEMA other; ALTER EXTENSION vectorgraph UPDATE; DROP EXTENSION vectorgraph CASCADE');
is($new->safe_psql('postgres', "SELECT count(*) FROM pg_am WHERE amname = 'lid_hnsw'"), 0, 'which can be dropped');
ok(!crashed($_), 'no process of the server ' . $_->name . ' died') for $node, $subscriber, $new;
$new->stop;
done_testing();

# Rows that nobody on the primary sees any more are marked in its index, and the marks reach a standby with
# page images. A standby may still have a snapshot that sees the rows: it must not heed them.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $primary = new_server('primary', "wal_log_hints = on\nautovacuum = off\n", allows_streaming => 1);
# Half-full pages are not pruned, which the standby's snapshot would hold up.
make_table($primary, 'items', 1000, 16, undef);
$primary->safe_psql('postgres', <<'SQL');
ALTER TABLE items SET (fillfactor = 50);
INSERT INTO items SELECT 10000 + i, vec(7, 16) FROM generate_series(1, 300) i;
VACUUM FULL items;
ALTER TABLE items SET (fillfactor = 100);
CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops);
SQL
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = -1\n");
$standby->start;
$primary->wait_for_catchup($standby);

my $go = $standby->data_dir . '/go';
my $out = '';
my $reader = start_psql($standby, <<'SQL', \$out);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT 'before ' || count(*) FROM items;
DO $$ BEGIN
    WHILE (pg_stat_file('go', true)).size IS NULL LOOP
        PERFORM pg_sleep(0.1);
    END LOOP;
END $$;
SELECT only_index(true);
SELECT 'copies ' || count(*) FROM (SELECT v <-> vec(7, 16) AS d FROM items ORDER BY v <-> vec(7, 16) LIMIT 301) s WHERE d = 0;
COMMIT;
SELECT 'afterwards ' || count(*) FROM (SELECT v <-> vec(7, 16) AS d FROM items ORDER BY v <-> vec(7, 16) LIMIT 301) s WHERE d = 0;
SQL
ok($standby->poll_query_until('postgres',
    "SELECT count(*) = 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO%pg_stat_file%'"),
    'the standby has a snapshot');

sub pages_of_search {
    my $plan = $primary->safe_psql('postgres', 'SELECT only_index(true); EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) '
          . 'SELECT id FROM items ORDER BY v <-> vec(7, 16) LIMIT 1');
    my ($pages) = $plan =~ /Buffers: shared hit=(\d+)/;
    return $pages;
}
$primary->safe_psql('postgres', 'DELETE FROM items WHERE id = 7 OR id > 10000; CHECKPOINT');
my $looked_up = pages_of_search();
my $marked = pages_of_search();
cmp_ok($marked, '<', $looked_up, 'the primary looks at fewer pages the second time');
# Images of the marked pages: the first changes after a checkpoint.
$primary->safe_psql('postgres', 'CHECKPOINT; INSERT INTO items SELECT 20000 + i, vec(7, 16) FROM generate_series(1, 5) i');
$primary->wait_for_catchup($standby);
append_to_file($go, '');
$reader->finish;
like($out, qr/before 1300/, 'all rows were there');
like($out, qr/copies 301/, 'the snapshot of the standby sees every deleted row by the index');
like($out, qr/afterwards 5/, 'later ones do not');

# Promoted, it marks and heeds them itself.
$primary->stop;
$standby->promote;
index_is_sound($standby, 'items_v');
every_row($standby, 'items');
$standby->stop;
done_testing();

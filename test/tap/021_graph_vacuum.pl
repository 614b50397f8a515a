# Vacuum of semantic_graph: keys of deleted rows never outlive the reuse of their heap TIDs, whatever becomes
# of a vacuum and however many batches the next one takes; functions do not find them meanwhile. Lists are full
# and true after a vacuum, however few rows it leaves. VG_CANCELS and VG_KILLS: rounds of random interruptions,
# 3 and 2 by default, 30 each for the long run.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use VectorGraphTest;

my $cancels = $ENV{VG_CANCELS} || 3;
my $kills = $ENV{VG_KILLS} || 2;
srand 20240517;
my $node = new_server('graph_vacuum', "restart_after_crash = on\nfsync = off\n");
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pageinspect;
-- Block of the index's first page of a kind that has more than a few entries.
CREATE FUNCTION page_of_kind(index regclass, kind integer) RETURNS bigint LANGUAGE sql AS $$
    SELECT b FROM generate_series(1, pg_relation_size(index) / 8192 - 1) b, get_raw_page(index::text, b) p
    WHERE get_byte(p, 8176) = kind AND get_byte(p, 34) + 256 * get_byte(p, 35) > 1000 ORDER BY b LIMIT 1
$$;
-- Waits until a page has changed, then cancels whoever vacuums.
CREATE FUNCTION cancel_at_change(index regclass, block bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    was text := md5(get_raw_page(index::text, block));
BEGIN
    FOR i IN 1..60000 LOOP
        IF md5(get_raw_page(index::text, block)) <> was THEN
            PERFORM pg_cancel_backend(pid) FROM pg_stat_progress_vacuum;
            RETURN FOUND;
        END IF;
        PERFORM pg_sleep(0.0005);
    END LOOP;
    RETURN false;
END $$;
SQL

# ---- a vacuum that is cancelled in its sweep, then one that takes several batches ----
# 200,000 dead rows are more than the least memory holds.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE batches (id integer, v vector(2)) WITH (fillfactor = 100);
INSERT INTO batches SELECT i, ('[' || i / 1000 || ',' || i / 1000 % 7 || ']')::vector FROM generate_series(1, 210000) i;
CREATE INDEX batches_v ON batches USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 4);
DELETE FROM batches WHERE id % 8 <> 0;
SQL
my $watcher = start_psql($node, "SELECT 'watching'; SELECT 'cancelled ' || cancel_at_change('batches_v', page_of_kind('batches_v', 8))", \my $seen);
$watcher->pump until $seen =~ /watching/;
my ($text, $state) = run_sql($node, "SET vacuum_cost_delay = 10; SET vacuum_cost_limit = 200; VACUUM (INDEX_CLEANUP ON) batches;");
$watcher->finish;
like($seen, qr/cancelled t/, 'a vacuum is met in its sweep');
is($state, '57014', 'and cancelled') or diag($text);
index_is_sound($node, 'batches_v', 'the index is sound');
my $least = $node->safe_psql('postgres', "SELECT min_val FROM pg_settings WHERE name = 'maintenance_work_mem'");
($text) = run_sql($node, "SET maintenance_work_mem = $least; VACUUM (INDEX_CLEANUP ON, VERBOSE) batches;");
my ($scans) = $text =~ /batches": index scans: (\d+)/;
cmp_ok($scans, '>', 1, 'the next vacuum takes several batches') or diag($text);
index_is_sound($node, 'batches_v', 'no key is left of a row that is gone');
$node->safe_psql('postgres', 'UPDATE batches SET id = id + 1000000 WHERE id % 80 = 0');
is($node->safe_psql('postgres', <<'SQL'), 0, 'nor does a search find one in the place of another row');
SELECT count(*) FROM (SELECT DISTINCT v FROM batches) q, semantic_graph_search('batches_v', q.v, 200, seeds => 200, beta => 0) s
WHERE NOT EXISTS (SELECT FROM batches WHERE id = s.key)
SQL

# ---- a vacuum that is cancelled after it has forgotten a row, before it removes the row's key ----
# Rows 10 and 1 have the same vector: their node lives on, with one row.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE shared (id integer, v vector(16));
INSERT INTO shared SELECT i, vec(i, 16) FROM generate_series(3, 3000) i;
INSERT INTO shared SELECT 1, v FROM shared WHERE id = 10;
CREATE INDEX shared_v ON shared USING semantic_graph (v vector_l2_ops) INCLUDE (id);
DELETE FROM shared WHERE id = 1 OR id > 2900;
-- The pages that hold keys, and the block of the slot that holds a row of the table.
CREATE FUNCTION key_pages(index regclass) RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(p, '' ORDER BY b)) FROM generate_series(1, pg_relation_size(index) / 8192 - 1) b,
        get_raw_page(index::text, b) p WHERE get_byte(p, 8176) BETWEEN 7 AND 9
$$;
CREATE FUNCTION slots_page_of(index regclass, tab regclass, key integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    tid bytea;
BEGIN
    -- A TID in a slot: two bytes for the high half of the block, two for the low half, two for the offset.
    EXECUTE format('SELECT set_byte(set_byte(set_byte(set_byte(''\x000000000000''::bytea, 2, b %% 256), 3, b / 256), 4, o %% 256), 5, o / 256)
        FROM (SELECT (ctid::text::point)[0]::integer AS b, (ctid::text::point)[1]::integer AS o FROM %s WHERE id = $1) s', tab) INTO tid USING key;
    RETURN (SELECT b FROM generate_series(1, pg_relation_size(index) / 8192 - 1) b, get_raw_page(index::text, b) p
        WHERE get_byte(p, 8176) = 3 AND position(tid IN p) > 0 ORDER BY b LIMIT 1);
END $$;
SQL
my $asks = "SELECT count(*) FROM semantic_graph_neighbors('shared_v', 1);"
  . "SELECT 'reached ' || count(*) FROM semantic_graph_expand('shared_v', ARRAY[1]::bigint[])";
($text, $state) = run_sql($node, $asks);
like($text, qr/ERROR:  P0002.*reached 0/s, 'a deleted row is not found before vacuum');
my $pages = $node->safe_psql('postgres', "SELECT key_pages('shared_v')");
$watcher = start_psql($node, "SELECT 'watching'; SELECT 'cancelled ' || cancel_at_change('shared_v', slots_page_of('shared_v', 'shared', 10))", \$seen);
$watcher->pump until $seen =~ /watching/;
($text, $state) = run_sql($node, "SET vacuum_cost_delay = 20; SET vacuum_cost_limit = 30; VACUUM (INDEX_CLEANUP ON) shared;");
$watcher->finish;
like($seen, qr/cancelled t/, 'a vacuum is met in its first pass');
is($state, '57014', 'and cancelled') or diag($text);
is($node->safe_psql('postgres', "SELECT key_pages('shared_v')"), $pages, 'before it removed a key');
($text, $state) = run_sql($node, $asks);
like($text, qr/ERROR:  P0002.*reached 0/s, 'the row is not found after it');
index_is_sound($node, 'shared_v', 'the index is sound');
$node->safe_psql('postgres', 'VACUUM shared');
($text, $state) = run_sql($node, $asks);
like($text, qr/ERROR:  P0002.*reached 0/s, 'nor after one that ends');

# ---- pages that hold keys are filled again ----
# Twenty nodes, so that nearly all of the index is keys and their buckets.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE cycles (id serial, name text, v vector(2));
CREATE FUNCTION more_cycles(n integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO cycles (name, v) SELECT repeat('name ', 8 + i % 9) || i || random(), format('[%s,1]', i % 20)::vector FROM generate_series(1, n) i
$$;
SELECT more_cycles(4000);
CREATE INDEX cycles_v ON cycles USING semantic_graph (v vector_l2_ops) INCLUDE (name) WITH (k = 4);
SQL
for my $cycle (1 .. 10) {
    $node->safe_psql('postgres', "DELETE FROM cycles WHERE hashint8extended(id, $cycle) & 1 = 0");
    $node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) cycles');
    $node->safe_psql('postgres', 'SELECT more_cycles(4000 - (SELECT count(*) FROM cycles)::integer)');
}
index_is_sound($node, 'cycles_v', 'the index is sound after ten cycles of deleting half of the rows');
is($node->safe_psql('postgres', "SELECT rows || ' ' || keys || ' ' || unfound_keys FROM semantic_graph_stats('cycles_v', 20)"), '4000 4000 0', 'and has all keys');
my ($grown, $new) = split ' ', $node->safe_psql('postgres', <<'SQL');
CREATE INDEX cycles_fresh ON cycles USING semantic_graph (v vector_l2_ops) INCLUDE (name) WITH (k = 4);
SELECT pg_relation_size('cycles_v') / 8192 || ' ' || pg_relation_size('cycles_fresh') / 8192;
SQL
cmp_ok($grown, '<=', 1.2 * $new, "it has $grown pages, a new one $new");

unlike(slurp_file($node->logfile), qr/PANIC|TRAP:|signal (?!9\b)\d+/, 'no process of the server died but those that were killed');
$node->stop;
done_testing();

# Vacuum of semantic_graph: keys of deleted rows never outlive the reuse of their heap TIDs, whatever becomes
# of a vacuum and however many batches the next one takes; functions do not find them meanwhile. Lists are full
# and true after a vacuum, however few rows it leaves. VG_CANCELS and VG_KILLS: rounds of random interruptions,
# 3 and 2 by default, 30 each for the long run.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $cancels = $ENV{VG_CANCELS} || 3;
my $kills = $ENV{VG_KILLS} || 2;
srand($ENV{VG_SEED} || 20240517);
my $node = new_server('graph_vacuum', "restart_after_crash = on\nfsync = off\n");
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pageinspect;
-- Block of the index's first page of a kind that has more than a few entries.
CREATE FUNCTION page_of_kind(index regclass, kind integer) RETURNS bigint LANGUAGE sql AS $$
    SELECT b FROM generate_series(1, pg_relation_size(index) / 8192 - 1) b, get_raw_page(index::text, b) p
    WHERE get_byte(p, 8176) = kind AND get_byte(p, 34) + 256 * get_byte(p, 35) > 1000 ORDER BY b LIMIT 1
$$;
-- Waits until a page is no longer what it was, then cancels whoever vacuums; false after a minute and a half.
CREATE FUNCTION cancel_at_change(index regclass, block bigint, was text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := clock_timestamp();
BEGIN
    WHILE clock_timestamp() < since + interval '90 s' LOOP
        IF md5(get_raw_page(index::text, block)) <> was THEN
            PERFORM pg_cancel_backend(pid) FROM pg_stat_progress_vacuum;
            RETURN FOUND;
        END IF;
        PERFORM pg_sleep(0.0005);
    END LOOP;
    RETURN false;
END $$;
SQL

# Runs a vacuum and cancels it once a page has changed. The page is found and copied before the vacuum begins: that
# takes long where the machine is busy, and a vacuum that had passed the page by then would never be met.
sub cancel_at_change {
    my ($index, $block, $vacuum, $when) = @_;
    my ($page, $was) = split /\|/, $node->safe_psql('postgres', "SELECT b, md5(get_raw_page('$index', b)) FROM (SELECT $block) s(b)");
    my $watcher = start_psql($node, "SELECT 'watching'; SELECT 'cancelled ' || cancel_at_change('$index', $page, '$was')", \my $seen);
    $watcher->pump until $seen =~ /watching/;
    my ($text, $state) = run_sql($node, "$vacuum;");
    $watcher->finish;
    like($seen, qr/cancelled t/, "a vacuum is met $when");
    is($state, '57014', 'and cancelled') or diag($text);
}

# ---- a vacuum that is cancelled in its sweep, then one that takes several batches ----
# 200,000 dead rows are more than the least memory holds.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE batches (id integer, v vector(2)) WITH (fillfactor = 100);
INSERT INTO batches SELECT i, ('[' || i / 1000 || ',' || i / 1000 % 7 || ']')::vector FROM generate_series(1, 210000) i;
CREATE INDEX batches_v ON batches USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 4);
DELETE FROM batches WHERE id % 8 <> 0;
SQL
cancel_at_change('batches_v', "page_of_kind('batches_v', 8)", 'SET vacuum_cost_delay = 10; SET vacuum_cost_limit = 200; VACUUM (INDEX_CLEANUP ON) batches', 'in its sweep');
index_is_sound($node, 'batches_v', 'the index is sound');
my $least = $node->safe_psql('postgres', "SELECT min_val FROM pg_settings WHERE name = 'maintenance_work_mem'");
my ($text, $state) = run_sql($node, "SET maintenance_work_mem = $least; VACUUM (INDEX_CLEANUP ON, VERBOSE) batches;");
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
cancel_at_change('shared_v', "slots_page_of('shared_v', 'shared', 10)", 'SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 4; VACUUM (INDEX_CLEANUP ON) shared', 'in its first pass');
is($node->safe_psql('postgres', "SELECT key_pages('shared_v')"), $pages, 'before it removed a key');
($text, $state) = run_sql($node, $asks);
like($text, qr/ERROR:  P0002.*reached 0/s, 'the row is not found after it');
index_is_sound($node, 'shared_v', 'the index is sound');
$node->safe_psql('postgres', 'VACUUM shared');
($text, $state) = run_sql($node, $asks);
like($text, qr/ERROR:  P0002.*reached 0/s, 'nor after one that ends');

# ---- lists after a vacuum that leaves few rows ----
# The first step leaves more nodes than the memory of that vacuum lets it compare one by one.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE dying (id integer, v vector(24));
INSERT INTO dying SELECT i, vec(i, 24) FROM generate_series(1, 20000) i;
CREATE INDEX dying_v ON dying USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 8, m = 8, ef_construction = 32);
SQL
my $lists = 'SELECT round(list_recall::numeric, 4) || \' \' || list_length_min || \' \' || nodes FROM semantic_graph_stats(\'%s\', 500)';
for ([ 40, '1MB' ], [ 50, '64MB' ], [ 90, '64MB' ], [ 99, '64MB' ], [ 99.5, '64MB' ], [ 99.97, '64MB' ]) {
    my ($dead, $memory) = @$_;
    my $left = 20000 * (100 - $dead) / 100;
    $node->safe_psql('postgres', "DELETE FROM dying WHERE hashint4(id) NOT IN (SELECT hashint4(id) FROM dying ORDER BY hashint4(id) LIMIT $left)");
    $node->safe_psql('postgres', "SET maintenance_work_mem = '$memory'; VACUUM (INDEX_CLEANUP ON) dying");
    my ($recall, $shortest, $nodes) = split ' ', $node->safe_psql('postgres', sprintf $lists, 'dying_v');
    $node->safe_psql('postgres', 'CREATE INDEX fresh ON dying USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 8, m = 8, ef_construction = 32)');
    my ($wanted) = split ' ', $node->safe_psql('postgres', sprintf $lists, 'fresh');
    $node->safe_psql('postgres', 'DROP INDEX fresh');
    is($shortest, $nodes > 8 ? 8 : $nodes - 1, "$dead % dead: all lists are full");
    cmp_ok($recall, '>=', $wanted - 0.01, "and hold $recall of the nearest rows, those of a new index $wanted");
    index_is_sound($node, 'dying_v', 'the index is sound');
}

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

# ---- vacuums that are cancelled or killed at random moments, each followed by one that ends ----
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE churn (id serial, v vector(12));
INSERT INTO churn (v) SELECT vec(i / 2, 12) FROM generate_series(1, 3000) i;
CREATE INDEX churn_v ON churn USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 6, m = 4, ef_construction = 16);
SQL
my $slow = 'SET vacuum_cost_delay = 10; SET vacuum_cost_limit = 150; VACUUM (INDEX_CLEANUP ON) churn;';

# A third of the rows goes, as many come; then sql runs while an insert is at work.
sub churn {
    my ($round) = @_;
    $node->safe_psql('postgres', "DELETE FROM churn WHERE hashint4(id + $round) % 3 = 0; INSERT INTO churn (v) SELECT vec((random() * 100000)::integer / 2, 12) FROM generate_series(1, 1000)");
}
churn(0);
run_sql($node, $slow);
for my $round (1 .. $cancels + $kills) {
    my $kill = $round > $cancels;
    churn($round);
    my ($vacuum_out, $insert_out);
    my ($pid, $vacuum) = run_to_phase($node, 'pg_stat_progress_vacuum', 'vacuuming indexes', $slow, \$vacuum_out, 0);
    $pid or die "no vacuum is met in round $round: $vacuum_out";
    my $insert = start_psql($node, "INSERT INTO churn (v) SELECT vec(i / 2, 12) FROM generate_series(1, 200) i", \$insert_out);
    wait_for_share($node, 'vacuum', rand);
    my $what = ($kill ? 'kill' : 'cancel') . " $round";
    if ($kill) {
        kill 'KILL', $pid;
    } else {
        $node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
    }
    $vacuum->finish;
    $insert->finish;
    $node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') if $kill;
    note("$what met the vacuum " . ($vacuum_out eq '' ? 'at its end' : 'at work'));
    index_is_sound($node, 'churn_v', "the index is sound after $what");
    my $memory = (qw(1MB 8MB 64MB))[ $round % 3 ];
    $node->safe_psql('postgres', "SET maintenance_work_mem = '$memory'; VACUUM (INDEX_CLEANUP ON) churn");
    index_is_sound($node, 'churn_v', 'and after a vacuum that ends');
    is($node->safe_psql('postgres', "SELECT keys - (SELECT count(*) FROM churn) || ' ' || unfound_keys || ' ' || wrong_entries || ' ' || list_length_min FROM semantic_graph_stats('churn_v', 300)"),
        '0 0 0 6', 'which leaves the keys of all rows, no other, and full lists');
}
my ($size, $fresh) = split ' ', $node->safe_psql('postgres', <<'SQL');
CREATE INDEX churn_fresh ON churn USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 6, m = 4, ef_construction = 16);
SELECT pg_relation_size('churn_v') / 8192 || ' ' || pg_relation_size('churn_fresh') / 8192;
SQL
cmp_ok($size, '<', 2 * $fresh, "no page is lost: $size, a new index has $fresh");

unlike(slurp_file($node->logfile), qr/PANIC|TRAP:|signal (?!9\b)\d+/, 'no process of the server died but those that were killed');
$node->stop;
done_testing();

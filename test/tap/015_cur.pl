# cur indexes survive crashes amid inserts, flushes and vacuums with every committed row in reach, and
# answer on a standby as on the primary.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $node = new_server('cur', "restart_after_crash = off\nwal_consistency_checking = 'generic'\n", allows_streaming => 1);
my ($out, $rows);

# A cheap scorer of full rank. The answer with a budget for all rows is that of a sequential scan.
$node->safe_psql('postgres', <<'SQL');
CREATE OPERATOR CLASS cur_l2_ops FOR TYPE vector USING cur AS
    OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops, FUNCTION 1 l2_distance(vector, vector);
CREATE FUNCTION same_answer(tab text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    by_scan float8[];
    by_index float8[];
BEGIN
    PERFORM set_config('cur.budget', '1000000', false);
    PERFORM only_index(false);
    EXECUTE format('SELECT array_agg(d) FROM (SELECT v <-> vec(1, 8, 999) AS d FROM %s ORDER BY v <-> vec(1, 8, 999)) s', tab) INTO by_scan;
    PERFORM only_index(true);
    EXECUTE format('SELECT array_agg(d) FROM (SELECT v <-> vec(1, 8, 999) AS d FROM %s ORDER BY v <-> vec(1, 8, 999)) s', tab) INTO by_index;
    RETURN (by_scan IS NOT DISTINCT FROM by_index) || ' ' || coalesce(array_length(by_scan, 1), 0);
END $$;
CREATE TABLE items (id integer PRIMARY KEY, v vector(8));
INSERT INTO items SELECT i, vec(i, 8) FROM generate_series(1, 3000) i;
SET client_min_messages = warning;
CREATE INDEX items_v ON items USING cur (v cur_l2_ops) WITH (anchor_queries = 40, flush_limit = 100000);
SQL

sub crash_and_recover {
    my ($psql) = @_;
    $node->stop('immediate');
    $psql->finish if $psql;
    $node->start;
}
sub same {
    my ($what) = @_;
    my $rows = rows_of($node, 'items');
    is($node->safe_psql('postgres', "SELECT same_answer('items')"), "true $rows", $what);
    sound($node, 'items_v');
}
sub sound {
    my ($server, $index) = @_;
    my ($rc, $answer, $err) = $server->psql('postgres', "SELECT items + pending > 0, advice FROM cur_index_check('$index', 5, true)");
    is($answer, 't|none', "$index is sound") or diag($err);
}
sub items_and_pending {
    return $node->safe_psql('postgres', "SELECT items + pending FROM cur_index_stats('items_v')");
}

crash_and_recover();
same('a build survives a crash');

# Inserts, one transaction each.
for my $round (1 .. 2) {
    my $sql = join '', map { "INSERT INTO items SELECT max(id) + 1, vec(max(id) + 1, 8) FROM items;\n" } 1 .. 5000;
    my $before = rows_of($node, 'items');
    my $insert = start_psql($node, $sql, \$out);
    wait_until($node, 'inserts of single rows', "SELECT count(*) > $before + 50 FROM items");
    crash_and_recover($insert);
    cmp_ok(rows_of($node, 'items'), '>', $before, "rows came in before crash $round");
    same("every committed row is found after crash $round amid inserts");
}

# Flushes: a row is either pending or an item, never both or neither.
$node->safe_psql('postgres', 'VACUUM items');
for my $round (1 .. 3) {
    $node->safe_psql('postgres', "INSERT INTO items SELECT 100000 * $round + i, vec(i, 8) FROM generate_series(1, 6000) i");
    my $entries = items_and_pending();
    my $waiting = $node->safe_psql('postgres', "SELECT pending FROM cur_index_stats('items_v')");
    my $flush = start_psql($node, "SELECT cur_flush('items_v');", \$out);
    wait_until($node, 'rows that a flush has moved', "SELECT pending <= $waiting - 1000 * $round FROM cur_index_stats('items_v')");
    crash_and_recover($flush);
    is(items_and_pending(), $entries, "no entry is lost or doubled by crash $round amid a flush");
    same("every row is found after crash $round amid a flush");
}
$node->safe_psql('postgres', "SELECT cur_flush('items_v')");
is($node->safe_psql('postgres', "SELECT pending FROM cur_index_stats('items_v')"), 0, 'a flush afterwards finishes the work');

# Vacuum.
for my $round (1 .. 2) {
    $node->safe_psql('postgres', "DELETE FROM items WHERE (id + $round) % 5 = 0");
    my $entries = items_and_pending();
    my $vacuum = start_psql($node, 'SET vacuum_cost_delay = 2; SET vacuum_cost_limit = 40; VACUUM items;', \$out);
    wait_for_phase($node, 'pg_stat_progress_vacuum', 'vacuuming indexes');
    wait_until($node, 'rows that a vacuum has removed', "SELECT items + pending <= $entries - 400 * $round FROM cur_index_stats('items_v')");
    crash_and_recover($vacuum);
    same("every live row is found after crash $round amid a vacuum");
}
$node->safe_psql('postgres', 'VACUUM items; VACUUM items');
is(items_and_pending(), rows_of($node, 'items'), 'a vacuum afterwards leaves one entry per row');
same('and every row is found');

# Scans beside writers, flushes and vacuums: under one snapshot both plans see the same rows.
my @others = (
    join('', map { "INSERT INTO items SELECT 500000 + 20 * $_ + i, vec($_ + i, 8) FROM generate_series(1, 20) i; SELECT pg_sleep(0.002);\n" } 1 .. 2000),
    join('', map { "DELETE FROM items WHERE id % 97 = $_ % 97 AND id % 5 > 0; UPDATE items SET v = vec(id + $_, 8) WHERE id % 89 = $_ % 89;\n" } 1 .. 2000),
    "SELECT cur_flush('items_v');\n" x 2000, "VACUUM items;\n" x 2000);
my ($lost, $scans, $faults) = (0, 0, 0);
my @sessions = map { start_psql($node, $_, \$out) } @others;
for (1 .. 25) {
    my ($rc, $answer) = $node->psql('postgres',
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT same_answer('items'); COMMIT");
    ++$scans if $answer =~ /^true \d+$/;
    ++$lost if $answer =~ /^false/;
    my ($failed, undef, $err) = $node->psql('postgres', "SELECT cur_index_check('items_v', 3, true)");
    ++$faults && diag($err) if $failed;
}
is($lost, 0, 'no scan beside writers, flushes and vacuums misses a row or returns one twice');
is($faults, 0, 'no check beside them finds a fault');
is($scans, 25, 'all scans were compared');
$_->kill_kill for @sessions;
# Older harnesses take no mode for a restart.
$node->stop('immediate');
$node->start;
$node->safe_psql('postgres', 'VACUUM items; VACUUM items');
is(items_and_pending(), rows_of($node, 'items'), 'one entry per row afterwards');
same('and every row is found after that');

# Inserts that score their rows themselves, beside each other and vacuums, and crashes amid them.
$node->safe_psql('postgres', 'CREATE TABLE eager (id serial, v vector(8)); INSERT INTO eager (v) SELECT vec(i, 8) FROM generate_series(1, 500) i;'
      . 'SET client_min_messages = error; CREATE INDEX eager_v ON eager USING cur (v cur_l2_ops) WITH (anchor_queries = 20, insert_mode = sync, flush_limit = 100000)');
for my $round (1 .. 2) {
    my $before = rows_of($node, 'eager');
    my @writers = map { start_psql($node, $_, \$out) } (
        (join '', map { "INSERT INTO eager (v) SELECT vec($_ + i, 8) FROM generate_series(1, 5) i;\n" } 1 .. 4000) x 3,
        "DELETE FROM eager WHERE id % 13 = 5;\nVACUUM eager;\n" x 2000);
    wait_until($node, 'rows of three writers and a vacuum', "SELECT count(*) > $before + 300 FROM eager");
    crash_and_recover();
    $_->finish for @writers;
    cmp_ok(rows_of($node, 'eager'), '>', $before, "rows came in before crash $round");
    $rows = rows_of($node, 'eager');
    is($node->safe_psql('postgres', "SELECT same_answer('eager')"), "true $rows", 'every row is found');
    sound($node, 'eager_v');
}
cmp_ok($node->safe_psql('postgres', "SELECT flushed_items FROM cur_index_stats('eager_v')"), '>', 100, 'and most have latent vectors at once');
$node->safe_psql('postgres', "VACUUM (INDEX_CLEANUP on) eager; SELECT cur_flush('eager_v')");
is($node->safe_psql('postgres', "SELECT pending FROM cur_index_stats('eager_v')"), 0, 'a flush takes the rows that met a vacuum');
$node->pgbench('--no-vacuum --client=4 --jobs=2 --transactions=500', 0, [qr/number of failed transactions: 0/], [qr/^(?:(?!ERROR).)*$/s],
    'inserts of four clients', { 'eager_insert' => "INSERT INTO eager (v) VALUES (vec((random() * 1000)::integer, 8));\n" });
is($node->safe_psql('postgres', "SELECT pending FROM cur_index_stats('eager_v')"), 0, 'that only meet each other leave nothing pending');
sound($node, 'eager_v');

# A standby.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', "ALTER INDEX items_v SET (flush_limit = 0); INSERT INTO items SELECT 900000 + i, vec(i, 8) FROM generate_series(1, 500) i; SELECT cur_flush('items_v');"
      . "INSERT INTO items SELECT 950000 + i, vec(i, 8) FROM generate_series(1, 50) i; DELETE FROM items WHERE id % 7 = 0; SELECT cur_flush('items_v')");
$node->safe_psql('postgres', 'VACUUM items');
$node->safe_psql('postgres', 'INSERT INTO items SELECT 960000 + i, vec(i, 8) FROM generate_series(1, 30) i');
$node->wait_for_catchup($standby);
$rows = rows_of($node, 'items');
is($standby->safe_psql('postgres', "SELECT same_answer('items')"), "true $rows", 'the standby answers as the primary');
my (undef, undef, $refused) = $standby->psql('postgres', "SELECT cur_index_check('items_v')");
like($refused, qr/cannot check an index during recovery/, 'the check wants a primary');
is($standby->safe_psql('postgres', "SELECT pending FROM cur_index_stats('items_v')"), 30, 'and knows the new rows');
$node->stop('immediate');
$standby->promote;
$standby->safe_psql('postgres', "SELECT cur_flush('items_v')");
is($standby->safe_psql('postgres', "SELECT same_answer('items')"), "true $rows", 'a promoted standby goes on');
sound($standby, 'items_v');

# An unlogged table comes back empty and usable.
$standby->safe_psql('postgres', 'CREATE UNLOGGED TABLE fast (id integer, v vector(8)); INSERT INTO fast SELECT i, vec(i, 8) FROM generate_series(1, 300) i;'
      . 'SET client_min_messages = error; CREATE INDEX fast_v ON fast USING cur (v cur_l2_ops) WITH (anchor_queries = 20)');
is($standby->safe_psql('postgres', "SELECT same_answer('fast')"), 'true 300', 'unlogged');
$standby->stop('immediate');
$standby->start;
is($standby->safe_psql('postgres', "SELECT same_answer('fast')"), 'true 0', 'an unlogged table is empty after a crash');
$standby->safe_psql('postgres', 'INSERT INTO fast SELECT i, vec(i, 8) FROM generate_series(1, 100) i');
is($standby->safe_psql('postgres', "SELECT same_answer('fast')"), 'true 100', 'and takes rows again');
$standby->stop;
done_testing();

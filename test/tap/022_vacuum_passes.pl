# VACUUM of lid_hnsw that is interrupted: while it frees slots and overflow chunks, and anywhere, by a cancel or a
# kill; and what a later vacuum, with another memory, has to put right. VG_CANCELS and VG_KILLS: rounds of
# interruptions spread over all passes, 3 each by default, 30 each for the long run.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $cancels = $ENV{VG_CANCELS} || 3;
my $kills = $ENV{VG_KILLS} || 3;
srand($ENV{VG_SEED} || 20240517);
my $node = new_server('vacuum', "restart_after_crash = on\nfsync = off\nwal_buffers = 256kB\nmax_wal_size = 64MB\n");
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION IF NOT EXISTS pageinspect;
-- Waits until bytes of the metapage have changed, then returns who vacuums; 0 after a minute.
CREATE FUNCTION at_change(index regclass, first integer, bytes integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    was bytea := substring(get_raw_page(index::text, 0) FROM first + 1 FOR bytes);
    since timestamptz := clock_timestamp();
BEGIN
    LOOP
        IF substring(get_raw_page(index::text, 0) FROM first + 1 FOR bytes) <> was THEN
            RETURN coalesce((SELECT pid FROM pg_stat_progress_vacuum), 0);
        END IF;
        IF clock_timestamp() > since + interval '1 minute' THEN
            RETURN 0;
        END IF;
    END LOOP;
END $$;
SQL

# Places in the metapage, behind the page header, and their lengths.
my ($free_slot, $free_chunk, $removed_nodes) = ('80, 4', '88, 8', '128, 8');

# Vacuums until those bytes change, then cancels it.
sub cancel_at_change {
    my ($index, $bytes, $vacuum) = @_;
    my $watcher = start_psql($node, "SELECT 'watching'; SELECT 'cancelled ' || pg_cancel_backend(at_change('$index', $bytes))", \my $seen);
    $watcher->pump until $seen =~ /watching/;
    my ($text, $state) = run_sql($node, "$vacuum;");
    $watcher->finish;
    like($seen, qr/cancelled t/, "a vacuum of $index is met") or diag($seen);
    is($state, '57014', 'and cancelled') or diag($text);
}

sub slots_of {
    my ($index, $what) = @_;
    return $node->safe_psql('postgres', "SELECT $what FROM vectorgraph_index_stats('$index')");
}

# Slots of live nodes, on all levels, and free ones.
sub all_slots {
    my ($index) = @_;
    return slots_of($index, 'free_slots + (SELECT sum(n) FROM unnest(level_nodes) n)');
}

# Cancelled while it frees slots, which takes long beside the repair of the few links that are left.
make_table($node, 'released', 3000, 16, 'WITH (m = 4)');
$node->safe_psql('postgres', 'DELETE FROM released WHERE id % 50 <> 0');
my $slots = all_slots('released_v');
cancel_at_change('released_v', $free_slot, 'SET vacuum_cost_delay = 20; SET vacuum_cost_limit = 20; VACUUM (INDEX_CLEANUP ON) released');
index_is_sound($node, 'released_v', 'the index is sound then');
$node->safe_psql('postgres', "SET maintenance_work_mem = '1MB'; VACUUM (INDEX_CLEANUP ON) released");
index_is_sound($node, 'released_v', 'and after the next vacuum');
is(slots_of('released_v', 'nodes || $$ $$ || dead_nodes'), '60 0', 'which leaves no dead node');
is(all_slots('released_v'), $slots, 'and every slot is in use or free');
$node->safe_psql('postgres', 'INSERT INTO released SELECT i, vec(i, 16) FROM generate_series(10001, 12000) i');
index_is_sound($node, 'released_v', 'and freed slots are used again');
every_row($node, 'released');

# ---- cancelled while it gives back the overflow chunks of dead nodes ----
# A page has many nodes, each of which has a chunk for its fourth row.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE fours (id integer, v vector(2));
INSERT INTO fours SELECT i, ('[' || i / 4 || ',' || i / 4 % 7 || ']')::vector FROM generate_series(0, 39999) i;
CREATE INDEX fours_v ON fours USING lid_hnsw (v vector_l2_ops) WITH (m = 2, ef_construction = 8);
DELETE FROM fours WHERE id >= 40;
SQL
cancel_at_change('fours_v', $free_chunk, 'VACUUM (INDEX_CLEANUP ON) fours');
index_is_sound($node, 'fours_v', 'no node leads to a chunk that it has given back');
$node->safe_psql('postgres', 'INSERT INTO fours SELECT i, ARRAY[0, i / 200]::vector FROM generate_series(1, 2000) i');
index_is_sound($node, 'fours_v', 'nor to one that is used again');
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) fours');
index_is_sound($node, 'fours_v', 'and the next vacuum finds all chunks');

# ---- interrupted in every pass, each time followed by a vacuum that ends ----
# Pairs of equal rows, and a crowd of them that all die.
$node->safe_psql('postgres', <<'SQL');
CREATE SEQUENCE ids;
CREATE TABLE churn (id integer DEFAULT nextval('ids'), crowd boolean DEFAULT false, v vector(48));
INSERT INTO churn (v) SELECT vec(i / 2, 48) FROM generate_series(1, 2000) i;
CREATE INDEX churn_v ON churn USING lid_hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 16);
-- That many rows of 100 go, and the crowd of the last round; as many come, and a crowd.
CREATE FUNCTION churn(round integer, share integer) RETURNS void LANGUAGE sql AS $$
    DELETE FROM churn WHERE crowd OR hashint8extended(id, round) & 127 < share * 128 / 100;
    INSERT INTO churn (v) SELECT vec((random() * 100000)::integer / 2, 48) FROM generate_series(1, 2000 - (SELECT count(*) FROM churn));
    INSERT INTO churn (crowd, v) SELECT true, vec(-round, 48) FROM generate_series(1, 300);
$$;
-- Slots that were ever taken, and pages that nothing has written to, from the bytes of the pages.
CREATE FUNCTION taken_slots(index regclass, OUT slots bigint, OUT unwritten bigint) LANGUAGE sql AS $$
    SELECT sum(get_byte(p, 8178)) FILTER (WHERE get_byte(p, 8176) = 3), count(*) FILTER (WHERE get_byte(p, 8190) = 0)
    FROM generate_series(1, pg_relation_size(index) / 8192 - 1) b, get_raw_page(index::text, b) p
$$;
SQL
my $slow = 'SET vacuum_cost_delay = 10; SET vacuum_cost_limit = %d; VACUUM (INDEX_CLEANUP ON) churn;';
my @memories = qw(1MB 64MB 8MB);
my @shares = (33, 60, 90);
my $round = 1;

# Rows for the next vacuum to remove; then it runs until it is interrupted, `at` of the way through one of its parts: the
# first pass, the links, the release. how: sql that the watcher runs, or a function. Returns what the vacuum said.
sub interrupt {
    my ($part, $at, $how) = @_;
    # Where nearly all rows are dead there is little to link, so a slower vacuum comes to the release as soon. The
    # shares of the whole work between which a part lies are those of pg/index/progress.cpp.
    my ($limit, $from, $to, $share) = @{ {first => [ 40, 0, 0.05, 33 ], links => [ 400, 0.35, 0.6, $shares[$round % 3] ], release => [ 80, 0.95, 1, 97 ]}->{$part} };
    $node->safe_psql('postgres', "SELECT churn($round, $share)");
    my $wait = $part eq 'release' ? "at_change('churn_v', $removed_nodes)" : "split_part(at_phase('pg_stat_progress_vacuum', 'vacuuming indexes', false), ' ', 1)";
    my $done = $from + $at * ($to - $from);
    my $there = "SELECT coalesce(max(share), 0) >= $done OR NOT EXISTS (SELECT FROM pg_stat_progress_vacuum) FROM vectorgraph_progress()";
    my $watcher = start_psql($node, "SELECT 'watching'; SELECT $wait AS pid \\gset\nCALL wait_until('$part', \$\$$there\$\$);\n" . (ref $how ? '' : $how), \my $seen);
    $watcher->pump until $seen =~ /watching/;
    my $memory = $memories[ ($round + 1) % 3 ];
    my $vacuum = start_psql($node, "SET maintenance_work_mem = '$memory'; " . sprintf($slow, $limit), \my $vacuum_out);
    my $insert = start_psql($node, 'INSERT INTO churn (v) SELECT vec(i / 2, 48) FROM generate_series(1, 200) i', \my $insert_out);
    $watcher->finish;
    $how->() if ref $how;
    $_->finish for $vacuum, $insert;
    $node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
    return $vacuum_out;
}
$node->safe_psql('postgres', "SELECT churn(0, 33); SELECT churn(1, 33)");
run_sql($node, sprintf $slow, 400);
my %met;
for my $n (1 .. $cancels + $kills) {
    my $kill = $n > $cancels;
    my $place = $kill ? $n - $cancels : $n;
    my $of = $kill ? $kills : $cancels;
    my $part = (qw(first links release))[ $n % 3 ];
    my $how = !$kill ? 'SELECT pg_cancel_backend(:pid)'
      : rand() < 0.5 ? "\\set command 'kill -9 ' :pid\nCOPY (SELECT 1) TO PROGRAM :'command'"
      : rand() < 0.5 ? sub { kill_server($node) } : sub { $node->stop('immediate'); $node->start };
    my $removed = slots_of('churn_v', 'removed_since_build');
    ++$round;
    my $out = interrupt($part, ($place - rand) / $of, $how);
    my $what = ($kill ? 'kill' : 'cancel') . " $n";
    index_is_sound($node, 'churn_v', "the index is sound after $what");
    my ($tuples, $dead, $gone, $cut_off) = split /\|/, slots_of('churn_v', "tuples, dead_nodes, removed_since_build - $removed, unreachable");
    my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM churn');
    my $met = $out eq '' ? 'at its end' : $gone > 0 ? 'while it freed slots' : $tuples > $rows ? 'in its first pass' : 'in its links';
    ++$met{$met};
    $node->safe_psql('postgres', "SET maintenance_work_mem = '$memories[$round % 3]'; VACUUM (INDEX_CLEANUP ON) churn");
    index_is_sound($node, 'churn_v', "and after a vacuum that ends ($what met one $met, with $dead dead nodes and $cut_off cut off)");
    is(slots_of('churn_v', 'tuples, dead_nodes, unreachable'), "$rows|0|0", 'which leaves all rows and no other');
    is(all_slots('churn_v') . '|0', $node->safe_psql('postgres', "SELECT * FROM taken_slots('churn_v')"),
        'every slot is in use or free, and every page is in use');
}
every_row($node, 'churn');
note('met: ' . join ', ', map { "$_ $met{$_}" } sort keys %met);

unlike(slurp_file($node->logfile), qr/PANIC|TRAP:|signal (?!9\b)\d+/, 'no process of the server died but those that were killed');
$node->stop;
done_testing();

# The server is killed amid a build, inserts and a vacuum; afterwards the index is sound and a scan
# returns every committed row. An unlogged table comes back empty and usable.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $node = new_server('crash', "restart_after_crash = off\n");
my $out;

# Stops as a power failure would, with all that is written in place.
sub crash_and_recover {
    my ($psql) = @_;
    $node->stop('immediate');
    $psql->finish if $psql;
    $node->start;
}

# Build.
make_table($node, 'built', 12000, 48, undef);
my ($pid, $build) = run_to_phase($node, 'pg_stat_progress_create_index', 'random prefix|estimating|inserting|refining',
    "SET maintenance_work_mem = '256MB'; CREATE INDEX built_v ON built USING lid_hnsw (v vector_l2_ops);", \$out, 0);
ok($pid, 'the build is under way');
crash_and_recover($build);
is(rows_of($node, 'built'), 12000, 'the table is intact after a crash during CREATE INDEX');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_class WHERE relname = 'built_v'"), 0, 'there is no index');
($pid, $build) = run_to_phase($node, 'pg_stat_progress_create_index', 'through pages',
    "SET maintenance_work_mem = '1MB'; CREATE INDEX built_v ON built USING lid_hnsw (v vector_l2_ops);", \$out, 0);
ok($pid, 'the build goes on through pages');
crash_and_recover($build);
is(rows_of($node, 'built'), 12000, 'the table is intact after a crash during that');
$node->safe_psql('postgres', "SET maintenance_work_mem = '256MB'; CREATE INDEX built_v ON built USING lid_hnsw (v vector_l2_ops)");
# A committed build survives a crash at once.
crash_and_recover();
index_is_sound($node, 'built_v');
every_row($node, 'built');

# Inserts, one transaction each, so that crashes fall between any two edits.
make_table($node, 'items', 1000, 32, '');
for my $round (1 .. 4) {
    my $sql = join '', map { "INSERT INTO items SELECT coalesce(max(id), 0) + 1, vec(max(id) + 1, 32) FROM items;\n" } 1 .. 5000;
    my $before = rows_of($node, 'items');
    my $insert = start_psql($node, $sql, \$out);
    wait_until($node, 'inserts of single rows', "SELECT count(*) > $before + 70 * $round FROM items");
    crash_and_recover($insert);
    my $after = rows_of($node, 'items');
    cmp_ok($after, '>', $before, "rows came in before crash $round");
    cmp_ok($after, '<', $before + 5000, "crash $round fell among the inserts");
    index_is_sound($node, 'items_v', "items_v is sound after crash $round during inserts");
    every_row($node, 'items', "a scan returns every committed row after crash $round");
}

# Vacuum, slowed down so that it can be met in each of its passes.
for my $round (1 .. 4) {
    $node->safe_psql('postgres', "DELETE FROM built WHERE (id + $round) % 7 = 0");
    my $vacuum = start_psql($node, 'SET vacuum_cost_delay = 2; SET vacuum_cost_limit = 40; VACUUM built;', \$out);
    ok(wait_for_phase($node, 'pg_stat_progress_vacuum', 'vacuuming indexes'), "vacuum $round is in the index");
    # In the pass over all rows, twice while links are mended, and while nodes are freed.
    wait_for_share($node, 'vacuum', (0.02, 0.4, 0.5, 0.95)[ $round - 1 ]);
    crash_and_recover($vacuum);
    index_is_sound($node, 'built_v', "built_v is sound after crash $round during vacuum");
    every_row($node, 'built', "a scan returns every live row after crash $round during vacuum");
}
$node->safe_psql('postgres', 'VACUUM built');
$node->safe_psql('postgres', 'INSERT INTO built SELECT i, vec(i, 48) FROM generate_series(20001, 20200) i');
index_is_sound($node, 'built_v', 'a vacuum after the crashes finishes the work');
every_row($node, 'built');
cmp_ok(recall_of($node, 'built', 30, 100), '>=', 0.9, 'and recall is as before');

# Unlogged.
$node->safe_psql('postgres', 'CREATE UNLOGGED TABLE fast (id integer, v vector(8));'
      . 'INSERT INTO fast SELECT i, vec(i, 8) FROM generate_series(1, 500) i;'
      . 'CREATE INDEX fast_v ON fast USING lid_hnsw (v vector_l2_ops)');
every_row($node, 'fast');
crash_and_recover();
is(rows_of($node, 'fast'), 0, 'an unlogged table is empty after a crash');
is($node->safe_psql('postgres', "SELECT only_index(true); SET lid_hnsw.exact_scan = on; SELECT count(*) FROM (SELECT FROM fast ORDER BY v <-> vec(1, 8)) s"),
    "\n0", 'and so is its index');
index_is_sound($node, 'fast_v');
$node->safe_psql('postgres', 'INSERT INTO fast SELECT i, vec(i, 8) FROM generate_series(1, 300) i');
every_row($node, 'fast', 'the index takes rows again');
index_is_sound($node, 'fast_v');
$node->stop;
done_testing();

# vectorgraph_progress(): the share of the work only grows, over all phases of builds, of builds that go on through
# the pages, and of vacuums; each phase has a name and counts that fit. And what VACUUM VERBOSE and
# vectorgraph_indexes() say of the index.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $node = new_server('progress', "maintenance_work_mem = 256MB\n");
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE seen (n integer GENERATED ALWAYS AS IDENTITY, label text, pid integer, database name, command text, "table" text, index text, phase text,
    share double precision, rows_done bigint, rows_total bigint);
-- Looks until the work of somebody has been seen and is over. It commits, for concurrent builds wait for snapshots.
CREATE PROCEDURE watch(label text) LANGUAGE plpgsql AS $$
DECLARE
    found boolean := false;
BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        INSERT INTO seen (label, pid, database, command, "table", index, phase, share, rows_done, rows_total)
        SELECT watch.label, p.* FROM vectorgraph_progress() p;
        EXIT WHEN found AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.state = 'active' AND a.application_name = 'worker');
        found := found OR EXISTS (SELECT FROM seen s WHERE s.label = watch.label);
        COMMIT;
        PERFORM pg_sleep(0.002);
        COMMIT;
    END LOOP;
END $$;
CREATE DATABASE other;
SQL
$node->safe_psql('other', 'CREATE EXTENSION vectorgraph CASCADE');
make_table($node, 't', 8000, 64);

sub watched {
    my ($label, $sql) = @_;
    my ($seen, $out);
    my $watcher = start_psql($node, "SELECT 'watching';\nCALL watch('$label'); SELECT 'saw ' || count(*) FROM seen WHERE label = '$label';", \$seen);
    $watcher->pump until $seen =~ /watching/;
    my $worker = start_psql($node, "SET application_name = worker; $sql", \$out);
    $worker->finish;
    $watcher->finish;
    like($seen, qr/saw [1-9]/, "$label: it was seen");
    unlike($out, qr/ERROR/, "$label: it went through");
    my $of = "FROM seen WHERE label = '$label'";
    is($node->safe_psql('postgres', "SELECT bool_and(share >= before) FROM (SELECT share, lag(share, 1, 0::float8) OVER (PARTITION BY index ORDER BY n) AS before $of) s"), 't', "$label: the share only grows");
    is($node->safe_psql('postgres', "SELECT bool_and(share BETWEEN 0 AND 1 AND rows_done BETWEEN 0 AND rows_total IS NOT FALSE AND phase <> '' AND \"table\" = 't' AND database = 'postgres') $of"), 't',
        "$label: shares, counts and names fit");
    cmp_ok($node->safe_psql('postgres', "SELECT count(DISTINCT share) $of"), '>', 5, "$label: it moves");
    return $out;
}
watched('build', 'CREATE INDEX t_v ON t USING lid_hnsw (v vector_l2_ops)');
is($node->safe_psql('postgres', "SELECT bool_and(phase IN ('initializing', 'loading rows', 'inserting random prefix', 'estimating LID', 'inserting rows', 'refining neighbors', 'connecting graph', 'placing nodes', 'writing pages'))
    FROM seen WHERE label = 'build'"), 't', 'phases of the build');
watched('concurrent build', 'REINDEX INDEX CONCURRENTLY t_v');
watched('build through the pages', "SET maintenance_work_mem = '3MB'; SET client_min_messages = error; REINDEX INDEX t_v");
is($node->safe_psql('postgres', "SELECT count(*) > 0 FROM seen WHERE label = 'build through the pages' AND phase = 'inserting through pages'"), 't', 'whose last phase is that');
watched('graph', 'CREATE INDEX t_g ON t USING semantic_graph (v vector_l2_ops) INCLUDE (id)');
$node->safe_psql('postgres', 'DELETE FROM t WHERE id % 3 = 0');
my $out = watched('vacuum', 'VACUUM (PARALLEL 0, VERBOSE) t');
like($node->safe_psql('postgres', "SELECT string_agg(DISTINCT phase, ', ') FROM seen WHERE label = 'vacuum'"), qr/mending links/, 'the links were mended');

# Free slots are reusable, as so many pages: a third of the rows lay in them.
my ($pages, $reusable) = $out =~ /index "t_v": pages: (\d+) in total, \d+ newly deleted, \d+ currently deleted, (\d+) reusable/;
cmp_ok($reusable, '>', $pages / 4, 'VACUUM counts free slots as reusable');
is($node->safe_psql('postgres', "SELECT free_slots / slots_per_page FROM vectorgraph_index_stats('t_v')"), $reusable, 'which are those that the index has');
$out = watched_nothing('VACUUM (PARALLEL 0, VERBOSE, INDEX_CLEANUP on) t');
unlike($out, qr/index "t_v": pages: \d+ in total.* 0 reusable/, 'a vacuum that did not look at the index does not say that nothing is free');

sub watched_nothing {
    my ($sql) = @_;
    my ($rc, $stdout, $stderr) = $node->psql('postgres', $sql);
    return $stderr;
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM vectorgraph_progress()'), 0, 'nothing is at work any more');

# --- the list of indexes --------------------------------------------------------------------------
$node->safe_psql('postgres', 'VACUUM ANALYZE t');
is($node->safe_psql('postgres', 'SELECT schema, "table", index, access_method, class, rows, state, advice FROM vectorgraph_indexes() ORDER BY index'),
    "public|t|t_g|semantic_graph|vector_l2_ops|5334|ready|\npublic|t|t_v|lid_hnsw|vector_l2_ops|5334|ready|", 'size, rows and state of all indexes');
$node->safe_psql('postgres', "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_v'::regclass");
like($node->safe_psql('postgres', "SELECT state, advice FROM vectorgraph_indexes() WHERE index = 't_v'"), qr/^invalid\|a build did not finish: DROP INDEX public\.t_v/, 'what to do with an invalid one');
is($node->safe_psql('other', 'SELECT count(*) FROM vectorgraph_indexes()'), 0, 'another database has its own');
ok(!crashed($node), 'no process died');
$node->stop;
done_testing();

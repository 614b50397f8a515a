# Cancels during build, scan, vacuum and waiting insert: SQLSTATE 57014, promptly, no thread left behind,
# table and index as before. The bound asserted is 5 s; the notes say what was measured.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);
use VectorGraphTest;

my $node = new_server('cancel');
make_table($node, 'items', 20000, 64, undef);
my $out;

# Runs sql, cancels it in the phase, and looks at the same session afterwards.
sub cancel_in_phase {
    my ($what, $view, $phase, $sql) = @_;
    my ($pid, $psql, $when) = run_to_phase($node, $view, $phase,
        "$sql;\nSELECT 'threads=' || process_status('Threads'), 'ended=' || extract(epoch FROM clock_timestamp());", \$out, 1);
    ok($pid, "$what: phase reached") or diag($out);
    $psql->finish;
    my ($ended) = $out =~ /ended=([\d.]+)/;
    like($out, qr/ERROR:\s+57014:/, "$what: SQLSTATE 57014") or diag($out);
    like($out, qr/threads=1\|/, "$what: no thread is left in the session");
    cmp_ok($ended - $when, '<', 5, "$what: prompt");
    note(sprintf '%s: %.3f s from cancel to the next statement', $what, $ended - $when);
}

for my $phase ('loading rows', 'random prefix', 'estimating LID', 'inserting rows', 'refining') {
    cancel_in_phase("build, $phase", 'pg_stat_progress_create_index', $phase,
        "SET maintenance_work_mem = '256MB'; CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops)");
}
cancel_in_phase('build through pages', 'pg_stat_progress_create_index', 'through pages',
    "SET maintenance_work_mem = '1MB'; CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops)");
# A build that takes longer than the last of them on a fast machine too. The time-out ends with the transaction, so
# that it cannot meet the look at the threads.
for my $ms (1, 20, 100, 300, 700) {
    my ($text, $state, $seconds) = run_sql($node,
        "BEGIN; SET LOCAL statement_timeout = $ms; CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops) WITH (ef_construction = 400);\nROLLBACK; SELECT 'threads=' || process_status('Threads');");
    is($state, '57014', "statement_timeout of $ms ms during a build") or diag($text);
    like($text, qr/threads=1\b/, 'no thread is left');
}
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_class WHERE relname = 'items_v'"), 0, 'no index is left');

$node->safe_psql('postgres', "SET maintenance_work_mem = '256MB'; CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops)");
index_is_sound($node, 'items_v');

# A scan without LIMIT, repeated: the time-out falls inside one.
my ($text, $state, $seconds) = run_sql($node, "SELECT only_index(true); SET statement_timeout = 300;"
      . "SELECT count(*) FROM generate_series(1, 1000) q, LATERAL (SELECT id FROM items ORDER BY v <-> vec(q, 64, 9) OFFSET 0) s;"
      . "RESET statement_timeout; SET lid_hnsw.exact_scan = on; SELECT 'rows=' || count(*) FROM (SELECT FROM items ORDER BY v <-> vec(1, 64, 9) OFFSET 0) s;");
is($state, '57014', 'a scan is cancelled') or diag($text);
like($text, qr/rows=20000/, 'and the next scan in the session is complete');
note(sprintf 'after %.3f s', $seconds);

# Vacuum.
$node->safe_psql('postgres', 'DELETE FROM items WHERE id % 2 = 0');
for my $ms (30, 150, 400) {
    ($text, $state, $seconds) = run_sql($node, "SET statement_timeout = $ms; SET vacuum_cost_delay = 5; SET vacuum_cost_limit = 20; VACUUM items;");
    is($state, '57014', "vacuum is cancelled after $ms ms") or diag($text);
    note(sprintf 'vacuum with time-out of %d ms ended after %.3f s', $ms, $seconds);
    index_is_sound($node, 'items_v', 'the index is sound');
    every_row($node, 'items');
}

# An insert does not wait for a slow vacuum, which can be cancelled meanwhile.
my ($pid, $slow) = run_to_phase($node, 'pg_stat_progress_vacuum', 'vacuuming indexes',
    "SET vacuum_cost_delay = 20; SET vacuum_cost_limit = 20; VACUUM items;", \my $vacuum_out, 0);
ok($pid, 'a slow vacuum is in the index');
($text, $state, $seconds) = run_sql($node, "SET statement_timeout = '5s'; INSERT INTO items VALUES (-1, vec(1, 64));");
is($state, '', 'an insert does not wait for it') or diag($text);
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_progress_vacuum WHERE pid = $pid"), 1, 'which is still there');
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)") if $pid;
$slow->finish;
like($vacuum_out, qr/57014/, 'and is cancelled');
$node->safe_psql('postgres', 'VACUUM items');
index_is_sound($node, 'items_v');
every_row($node, 'items');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"), 0,
    'no session is left at work');
ok(!crashed($node), 'no process of the server died');
$node->stop;
done_testing();

# vectorgraph_index_stats and _check beside a vacuum: they say at once that they cannot look, so that the server
# has no reason to cancel an autovacuum for them. On a standby they say where to go.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $node = new_server('look', "autovacuum_naptime = 1\nlog_autovacuum_min_duration = 0\n", allows_streaming => 1);
make_table($node, 'items', 6000, 16, 'WITH (m = 4)');
$node->safe_psql('postgres',
    'CREATE INDEX items_graph ON items USING semantic_graph (v vector_l2_ops) WITH (m = 4)');
my @looks = map { ("SELECT nodes FROM vectorgraph_index_stats('$_')", "SELECT vectorgraph_index_check('$_')") }
  ('items_v', 'items_graph');

# An autovacuum that takes its time in the indexes. The wait it would be cancelled for is deadlock_timeout: a
# call that waits ends here by its own timeout instead, with another SQLSTATE.
$node->safe_psql('postgres', 'DELETE FROM items WHERE id % 2 = 0;'
      . 'ALTER TABLE items SET (autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0,'
      . ' autovacuum_vacuum_cost_delay = 20, autovacuum_vacuum_cost_limit = 1);'
      . 'ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf()');
# It may be in either index: only that one is closed.
my $locks = "FROM pg_locks WHERE objsubid = 1 AND locktype = 'object' AND classid = 'pg_class'::regclass AND granted";
ok($node->poll_query_until('postgres', "SELECT count(*) > 0 $locks"), 'an autovacuum is in an index');
my ($pid, $closed) = split /\|/, $node->safe_psql('postgres', "SELECT pid, objid::regclass $locks");
like($closed, qr/^items_(v|graph)$/, 'of the table');
for my $look (grep { /'$closed'/ } @looks) {
    my ($text, $state) = run_sql($node, "SET statement_timeout = '10s'; $look;");
    is($state, '55P03', "$look does not wait") or diag($text);
    like($text, qr/index "$closed" is being vacuumed or checked.*HINT:  Call it again/s, 'and says when to come back');
}
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_progress_vacuum WHERE pid = $pid"), 1,
    'the autovacuum goes on');
unlike(slurp_file($node->logfile), qr/canceling autovacuum/, 'and was not cancelled');
$node->safe_psql('postgres', 'ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf()');
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'");
$node->safe_psql('postgres', 'VACUUM items');
is($node->safe_psql('postgres', "SELECT nodes, dead_nodes FROM vectorgraph_index_stats('$_')"), '3000|0', "$_ is open again")
  for 'items_v', 'items_graph';
index_is_sound($node, $_) for 'items_v', 'items_graph';

# A standby.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('look_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
for my $look (@looks) {
    my ($text, $state) = run_sql($standby, "$look;");
    is($state, '55000', "$look on a standby") or diag($text);
    like($text, qr/during recovery.*HINT:  .* on the primary server/s, 'says where to go');
}
$standby->stop;
$node->stop;
done_testing();

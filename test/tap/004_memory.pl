# maintenance_work_mem is respected: with very little of it a build says so and goes on; the backend's
# peak stays within it. Scans do not grow the process.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $shared_mb = 16;
my $node = new_server('memory', "shared_buffers = ${shared_mb}MB\nmax_wal_size = 2GB\nfull_page_writes = off\n");

# Very little memory.
make_table($node, 'small', 4000, 64, undef);
my ($text, $state) = run_sql($node, "SET maintenance_work_mem = '1MB'; CREATE INDEX small_v ON small USING lid_hnsw (v vector_l2_ops);");
is($state, '', 'a build with 1 MB works') or diag($text);
my @notices = $text =~ /NOTICE:\s+(.*)/g;
is(scalar @notices, 1, 'there is one notice');
like($notices[0], qr/^00000: lid_hnsw graph no longer fits into maintenance_work_mem after \d+ tuples$/, 'it says so');
like($text, qr/DETAIL:\s+Building will take significantly more time\.\nHINT:\s+Increase maintenance_work_mem to speed up builds\./,
    'with detail and hint');
index_is_sound($node, 'small_v');
every_row($node, 'small');
my $recall = recall_of($node, 'small', 50, 100);
cmp_ok($recall, '>=', 0.9, 'recall@10 at ef_search 100');
note("recall after a build with 1 MB: $recall");
# Less than one row's worth of graph.
$node->safe_psql('postgres', 'DROP INDEX small_v');
$node->safe_psql('postgres', "SET maintenance_work_mem = '1MB'; CREATE INDEX small_v ON small USING lid_hnsw (v vector_l2_ops) WITH (m = 100, ef_construction = 1000)");
index_is_sound($node, 'small_v', 'the widest graph with 1 MB is sound');

# Peak of a larger build. VmHWM counts the pages of shared buffers that the backend touched.
$node->safe_psql('postgres', "CREATE TABLE large (id integer, v vector(100)); INSERT INTO large SELECT i, vec(i, 100) FROM generate_series(1, 60000) i;");
for my $mb (64, 128) {
    ($text, $state) = run_sql($node, "SELECT 'rows=' || count(v) FROM large; SELECT 'base=' || process_status('VmHWM');"
          . "SET maintenance_work_mem = '${mb}MB'; CREATE INDEX large_v ON large USING lid_hnsw (v vector_l2_ops);"
          . "SELECT 'peak=' || process_status('VmHWM');");
    is($state, '', "build of 60,000 x 100 with $mb MB") or diag($text);
    my ($base) = $text =~ /base=(\d+)/;
    my ($peak) = $text =~ /peak=(\d+)/;
    my $used = ($peak - $base) / 1024 - $shared_mb;
    cmp_ok($used, '<=', $mb * 1.1, 'the peak is within maintenance_work_mem and 10 %');
    diag(sprintf '%d MB: peak %.1f MB over a base of %.1f MB, %.1f MB without shared buffers%s', $mb, $peak / 1024, $base / 1024,
        $used, $text =~ /NOTICE/ ? ', went on through pages' : '');
    index_is_sound($node, 'large_v');
    $node->safe_psql('postgres', 'DROP INDEX large_v');
}

# Far more pages than buffers: a session that has met every block elsewhere answers like fresh ones, also where
# the index has been rebuilt meanwhile.
$node->adjust_conf('postgresql.conf', 'shared_buffers', '1MB');
$node->restart;
my $ask = 'SELECT only_index(true); SELECT md5(string_agg(n.id::text, \',\' ORDER BY q, n.d)) FROM generate_series(%d, %d) q, '
  . 'LATERAL (SELECT id, v <-> vec(q, 64, 9) AS d FROM small ORDER BY v <-> vec(q, 64, 9) LIMIT 10) n;';
my @fresh = map { $node->safe_psql('postgres', sprintf $ask, $_, $_ + 24) } 0 .. 7;
my $one = join "\n", map { my $first = $_; map { sprintf $ask, $first, $first + 24 } 1 .. 6 } 0 .. 7;
my @answers = grep { /^[0-9a-f]{32}$/ } split /\n/, $node->safe_psql('postgres', $one);
my @expected = map { my ($md5) = /([0-9a-f]{32})/; ($md5) x 6 } @fresh;
is_deeply(\@answers, \@expected, 'pages that move between buffers are found');
my $rebuilt = $node->safe_psql('postgres', sprintf("SET max_parallel_maintenance_workers = 0; REINDEX INDEX small_v; $ask REINDEX INDEX small_v; $ask", 0, 24, 0, 24));
my @both = $rebuilt =~ /^([0-9a-f]{32})$/mg;
is($both[0], $both[1], 'so are those of a rebuilt index');
$node->adjust_conf('postgresql.conf', 'shared_buffers', "${shared_mb}MB");
$node->restart;

# Rescans: neither memory contexts nor the process grow.
($text, $state) = run_sql($node, <<'SQL');
SELECT only_index(true);
BEGIN;
DECLARE c CURSOR FOR SELECT n.id FROM generate_series(1, 20000) q, LATERAL (SELECT id FROM small ORDER BY v <-> vec(q % 500, 64, 9) LIMIT 1) n;
MOVE FORWARD 2000 FROM c;
SELECT 'before=' || process_status('RssAnon');
MOVE FORWARD 10000 FROM c;
SELECT 'after=' || process_status('RssAnon');
COMMIT;
SQL
is($state, '', '10,000 rescans') or diag($text);
my ($before) = $text =~ /before=(\d+)/;
my ($after) = $text =~ /after=(\d+)/;
cmp_ok($after - $before, '<', 1024, 'grow the process by less than 1 MB');
note("private memory before and after 10,000 rescans: $before kB, $after kB");
ok(!crashed($node), 'no process of the server died');
$node->stop;
done_testing();

# Backends and the postmaster are killed with SIGKILL at random moments of a build, of inserts, of a vacuum;
# after each restart the index is sound, a scan without LIMIT returns every committed row and no other.
# 5 kills by default; VG_KILLS=30 for the long run. The seed is fixed (VG_SEED), the moments still depend on the
# machine: the names of the tests say where each kill fell.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use VectorGraphTest;

my $kills = $ENV{VG_KILLS} || 5;
my ($rows, $dims) = (3000, 24);
srand($ENV{VG_SEED} || 20240517);
# wal_buffers and frequent checkpoints: recovery starts in the middle of the work. fsync does not matter
# to a killed process: what it wrote is with the kernel.
my $node = new_server('kill', "restart_after_crash = on\nfsync = off\nwal_buffers = 256kB\ncheckpoint_timeout = 30s\nmax_wal_size = 64MB\nmin_wal_size = 32MB\n");
make_table($node, 'items', $rows, $dims, '');
# Clients write down what the server has acknowledged; log is not indexed and not rolled back by a crash.
$node->safe_psql('postgres', "CREATE TABLE pool AS SELECT i AS id, vec(i, $dims, 5) AS v FROM generate_series(1, 8000) i; CREATE SEQUENCE ids START 1000001");

# Rows an unlimited scan of the index returns, against those that a sequential scan sees: the counts of both and of the difference.
my $compare = <<'SQL';
SELECT only_index(true);
SET lid_hnsw.exact_scan = on;
CREATE TEMP TABLE by_index AS SELECT id, ctid AS place FROM items ORDER BY v <-> vec(1, 24, 999) OFFSET 0;
SELECT only_index(false);
SELECT (SELECT count(*) FROM by_index) || ' ' || (SELECT count(*) FROM items WHERE v IS NOT NULL) || ' ' ||
    (SELECT count(*) FROM (SELECT id, place FROM by_index EXCEPT ALL SELECT id, ctid FROM items) s) || ' ' ||
    (SELECT count(*) FROM (SELECT id, ctid FROM items EXCEPT ALL SELECT id, place FROM by_index) s);
SQL

# Ids whose commit psql has seen: it echoes each after its COMMIT.
sub writer_sql {
    my ($n, $first) = @_;
    return join '', map {
        my $id = $first + $_;
        my $row = 1 + int rand 8000;
        my $kind = rand;
        $kind < 0.15
          ? "BEGIN; INSERT INTO items SELECT $id, v FROM pool WHERE id = $row; SELECT pg_sleep(0.002); ROLLBACK;\n"
          : $kind < 0.35 ? "INSERT INTO items SELECT $id, vec(7, $dims);\nSELECT 'done $id';\n"
          : "INSERT INTO items SELECT $id, v FROM pool WHERE id = $row;\nSELECT 'done $id';\n"
    } 1 .. $n;
}

sub examine {
    my ($what, $committed, $rolled_back) = @_;
    index_is_sound($node, 'items_v', "the index is sound after $what");
    my ($rc, $out, $err) = $node->psql('postgres', $compare);
    my ($index, $table, $extra, $missing) = $out =~ /(\d+) (\d+) (\d+) (\d+)$/;
    is("$extra $missing", '0 0', "a scan returns every committed row and no other after $what") or diag("$out $err");
    return unless $committed && @$committed;
    my $found = $node->safe_psql('postgres', 'SELECT count(*) FROM items WHERE id IN (' . join(',', @$committed) . ')');
    is($found, scalar @$committed, 'every row whose commit was acknowledged is there');
}

my $first = 2000000;
my %fell;
for my $kill (1 .. $kills) {
    my $kind = (qw(insert vacuum build))[ $kill % 3 ];
    my $whole = int rand 2;
    my ($out, $writer_out) = ('', '');
    my $writer = start_psql($node, writer_sql(4000, $first), \$writer_out);
    my $worker;
    if ($kind eq 'vacuum') {
        my $modulus = 3 + int rand 5;
        $node->safe_psql('postgres', "DELETE FROM items WHERE id < 2000000 AND id % $modulus = 0;"
              . "INSERT INTO items SELECT nextval('ids'), v FROM pool WHERE id % 8 = 0");
        $worker = start_psql($node, 'SET vacuum_cost_delay = 2; SET vacuum_cost_limit = 60; VACUUM items;', \$out);
    } elsif ($kind eq 'build') {
        my $how = rand;
        $worker = start_psql($node, $how < 0.4 ? 'REINDEX INDEX CONCURRENTLY items_v;' : $how < 0.7 ? 'REINDEX INDEX items_v;'
              : "SET maintenance_work_mem = '1MB'; CREATE INDEX CONCURRENTLY another ON items USING lid_hnsw (v vector_l2_ops);", \$out);
    }
    # Builds and vacuums are met at work, or the kill would mostly fall behind them; writers among their rows.
    if ($worker) {
        my $of = $kind eq 'vacuum' ? 'vacuum' : 'create_index';
        wait_for_phase($node, "pg_stat_progress_$of", '.');
        wait_for_share($node, $of, rand 0.9);
    } else {
        my $rows = 20 + int rand 400;
        wait_until($node, "$rows rows of the writer", "SELECT count(*) >= $rows FROM items WHERE id > $first");
    }
    my $victim = $whole ? undef : $node->safe_psql('postgres',
        "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'active' AND backend_type = 'client backend' ORDER BY (query ~ 'VACUUM|INDEX') DESC LIMIT 1");
    my $phase = $node->safe_psql('postgres', "SELECT coalesce((SELECT phase FROM pg_stat_progress_vacuum LIMIT 1), (SELECT phase FROM pg_stat_progress_create_index LIMIT 1), 'writing')");
    kill_server($node, $victim);
    $writer->finish;
    $worker->finish if $worker;
    $fell{$phase}++;
    my @committed = $writer_out =~ /^done (\d+)$/mg;
    # What a killed CREATE or REINDEX INDEX CONCURRENTLY leaves behind.
    my $invalid = $node->safe_psql('postgres', "SELECT string_agg(format('DROP INDEX %s;', indexrelid::regclass), ' ') FROM pg_index WHERE NOT indisvalid");
    $node->safe_psql('postgres', $invalid) if $invalid;
    $node->safe_psql('postgres', 'DROP INDEX IF EXISTS another');
    examine("kill $kill of " . ($whole ? 'all processes' : 'one backend') . " ($kind, $phase, " . @committed . ' rows acknowledged)', \@committed);
    $first += 10000;
    if ($kill % 5 == 0) {
        $node->safe_psql('postgres', 'DELETE FROM items WHERE id > 2000000 AND id % 2 = 1');
        $node->safe_psql('postgres', 'VACUUM items');
        examine("a vacuum that ends, after kill $kill");
    }
}
diag('kills fell in: ' . join ', ', map { "$_ $fell{$_}" } sort keys %fell);
$node->stop;
done_testing();

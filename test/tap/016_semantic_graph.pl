# The list store of semantic_graph: a standby replays it page by page, crashes leave it sound, clients
# write and vacuum it together, it survives dump and restore, and damage to it is reported.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $out;
my $graph = 'SELECT nodes, rows, keys, edges, wrong_entries, unfound_keys FROM %s';

sub make_graph {
    my ($node, $table, $count, $dims, $options) = @_;
    make_table($node, $table, $count, $dims, undef);
    $node->safe_psql('postgres', "CREATE INDEX ${table}_v ON $table USING semantic_graph (v vector_l2_ops) INCLUDE (id) $options");
}

# Lists without a wrong entry, all keys found, and the share of true neighbours.
sub graph_is_true {
    my ($node, $index, $least, $name) = @_;
    is($node->safe_psql('postgres', "SELECT wrong_entries, unfound_keys, coalesce(list_recall, 1) >= $least FROM semantic_graph_stats('$index', 1000)"),
        '0|0|t', $name);
}

# ---- standby ----
my $primary = new_server('primary', "wal_consistency_checking = 'generic'\nmax_wal_size = 1GB\n", allows_streaming => 1);
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

sub compare_servers {
    my ($what) = @_;
    $primary->wait_for_catchup($standby);
    my $sql = sprintf $graph, "semantic_graph_stats('items_v', 1000)";
    is($standby->safe_psql('postgres', $sql), $primary->safe_psql('postgres', $sql), "standby has the graph of the primary $what");
}

make_graph($primary, 'items', 1500, 24, 'WITH (k = 8)');
compare_servers('after the build');
for my $round (1 .. 3) {
    $primary->safe_psql('postgres', "DELETE FROM items WHERE (id + $round) % 3 = 0");
    $primary->safe_psql('postgres', 'VACUUM items');
    compare_servers("after vacuum $round");
    my $first = 2000 + 1200 * $round;
    $primary->safe_psql('postgres', "INSERT INTO items SELECT i, vec(CASE WHEN i % 3 = 0 THEN 7 ELSE i END, 24) FROM generate_series($first, $first + 1199) i");
    compare_servers("after insert $round");
}
index_is_sound($primary, 'items_v');
$primary->stop;
$standby->promote;
$standby->safe_psql('postgres', 'INSERT INTO items SELECT i, vec(i, 24) FROM generate_series(10001, 10300) i; DELETE FROM items WHERE id % 2 = 0');
$standby->safe_psql('postgres', 'VACUUM items');
index_is_sound($standby, 'items_v', 'the index is sound after promotion, writes and vacuum');
graph_is_true($standby, 'items_v', 0.9, 'and so is the graph');
$standby->stop;

# ---- crashes ----
my $node = new_server('crash', "restart_after_crash = off\n");
sub crash_and_recover {
    my ($psql) = @_;
    $node->stop('immediate');
    $psql->finish if $psql;
    $node->start;
}
make_graph($node, 'items', 600, 24, 'WITH (k = 8)');
for my $round (1 .. 3) {
    my $sql = join '', map { "INSERT INTO items SELECT coalesce(max(id), 0) + 1, vec((max(id) + 1) % 4000, 24) FROM items;\n" } 1 .. 5000;
    my $before = rows_of($node, 'items');
    my $insert = start_psql($node, $sql, \$out);
    wait_until($node, 'inserts of single rows', "SELECT count(*) > $before + 40 * $round FROM items");
    crash_and_recover($insert);
    cmp_ok(rows_of($node, 'items'), '>', $before, "rows came in before crash $round");
    index_is_sound($node, 'items_v', "the index is sound after crash $round during inserts");
}
make_graph($node, 'large', 4000, 32, 'WITH (k = 8)');
for my $round (1 .. 4) {
    $node->safe_psql('postgres', "DELETE FROM large WHERE (id + $round) % 7 = 0");
    my $vacuum = start_psql($node, 'SET vacuum_cost_delay = 2; SET vacuum_cost_limit = 40; VACUUM large;', \$out);
    ok(wait_for_phase($node, 'pg_stat_progress_vacuum', 'vacuuming indexes'), "vacuum $round is in the index");
    # In the pass over all rows, while lists are chosen anew, and while links and lists are mended.
    wait_for_share($node, 'vacuum', (0.02, 0.2, 0.5, 0.8)[ $round - 1 ]);
    crash_and_recover($vacuum);
    index_is_sound($node, 'large_v', "the index is sound after crash $round during vacuum");
    every_row($node, 'large', "a scan returns every live row after crash $round during vacuum");
}
$node->safe_psql('postgres', 'VACUUM large');
$node->safe_psql('postgres', 'INSERT INTO large SELECT i, vec(i, 32) FROM generate_series(20001, 20200) i');
index_is_sound($node, 'large_v', 'a vacuum after the crashes finishes the work');
graph_is_true($node, 'large_v', 0.9, 'and the graph is true');
$node->safe_psql('postgres', 'CREATE UNLOGGED TABLE fast (id integer, v vector(8));'
      . 'INSERT INTO fast SELECT i, vec(i, 8) FROM generate_series(1, 500) i;'
      . 'CREATE INDEX fast_v ON fast USING semantic_graph (v vector_l2_ops) INCLUDE (id)');
crash_and_recover();
index_is_sound($node, 'fast_v', 'an unlogged index is empty and sound after a crash');
$node->safe_psql('postgres', 'INSERT INTO fast SELECT i, vec(i, 8) FROM generate_series(1, 300) i');
index_is_sound($node, 'fast_v', 'and takes rows again');
graph_is_true($node, 'fast_v', 0.9, 'with a true graph');

# ---- clients at the same time ----
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE busy (id bigserial PRIMARY KEY, v vector(16));
CREATE INDEX busy_v ON busy USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 6, m = 4, ef_construction = 16);
INSERT INTO busy (v) SELECT vec(i, 16) FROM generate_series(1, 1000) i;
SQL
my %scripts = (
    'insert@400' => "\\set i random(1, 100000)\nINSERT INTO busy (v) VALUES (vec(:i, 16));\n",
    'same@80' => "INSERT INTO busy (v) VALUES (vec(1, 16));\n",
    'abort@30' => "\\set i random(1, 100000)\nBEGIN;\nINSERT INTO busy (v) VALUES (vec(:i, 16));\nROLLBACK;\n",
    'delete@200' => "DELETE FROM busy WHERE id IN (SELECT id FROM busy WHERE id % 10 = (random() * 9)::integer ORDER BY id LIMIT 2);\n",
    'update@60' => "\\set i random(1, 100000)\nUPDATE busy SET v = vec(:i, 16) WHERE id = (SELECT max(id) FROM busy WHERE id < (random() * :i)::integer);\n",
    'read@20' => "SELECT semantic_graph_stats('busy_v', 20);\n",
    'vacuum@4' => "VACUUM busy;\n",
);
$node->pgbench('--no-vacuum --client=4 --jobs=2 --time=10', 0,
    [qr/number of failed transactions: 0/], [qr/^(?:(?!ERROR|FATAL|aborted).)*$/s], 'four clients for 10 s', \%scripts);
index_is_sound($node, 'busy_v', 'the index is sound');
$node->safe_psql('postgres', 'VACUUM busy');
index_is_sound($node, 'busy_v', 'and after a last vacuum');
graph_is_true($node, 'busy_v', 0.85, 'and the graph is true');

# ---- cancels ----
for my $round (1 .. 20) {
    my ($text, $state) = run_sql($node, "SET statement_timeout = '" . (5 * $round) . "ms'; "
          . "INSERT INTO large SELECT i, vec(i, 32) FROM generate_series(${round}00000, ${round}00400) i;");
    ok($state eq '57014' || $state eq '', "insert $round is cancelled or done") or diag($text);
}
index_is_sound($node, 'large_v', 'cancelled inserts leave a sound index');
$node->safe_psql('postgres', 'VACUUM large');
index_is_sound($node, 'large_v', 'also after a vacuum');

# ---- dump and restore ----
my $dump = PostgreSQL::Test::Utils::tempdir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-t', 'large', '-f', $dump ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE target');
load_helpers($node, 'target');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('target'), '-f', $dump ], 'restore');
my $definition = "SELECT pg_get_indexdef('large_v'::regclass)";
is($node->safe_psql('target', $definition), $node->safe_psql('postgres', $definition), 'the same index');
is($node->safe_psql('target', "SELECT vectorgraph_index_check('large_v', true) > 0"), 't', 'which is sound');

# ---- damage: never a crash, never a loop ----
my $tables = 18;
$node->safe_psql('postgres', join '', map {
        "CREATE TABLE d$_ (id integer, v vector(12));"
          . "INSERT INTO d$_ SELECT i, vec(CASE WHEN i < 300 THEN 1 ELSE i END, 12) FROM generate_series(1, 900) i;"
          . "CREATE INDEX d${_}_v ON d$_ USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 8);"
} 1 .. $tables);
my @files = map { $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('d${_}_v')") } 1 .. $tables;
$node->stop;
seed_damage(20240517);
for my $t (1 .. $tables) {
    open my $file, '+<:raw', $files[ $t - 1 ] or die;
    my @lists;  # blocks of the list store
    for my $block (0 .. (-s $file) / 8192 - 1) {
        seek $file, 8192 * $block + 8176, 0;
        read $file, my $kind, 2;
        push @lists, $block if unpack('v', $kind) >= 5;
    }
    my $block = $lists[ ($t - 1) % 3 == 0 ? pick(3) : 3 + pick(@lists - 3) ];
    my $write = writer($file);
    my $at = $t % 2 ? 24 + pick(40) : 24 + pick(8000);
    for my $i (1 .. ($t % 2 ? 6 : 200)) {
        $write->(8192 * $block + $at + pick($t % 2 ? 30 : 100), chr pick(256));
    }
    close $file;
}
$node->start;
my $noticed = 0;
for my $t (1 .. $tables) {
    my @uses = (
        check => "SELECT vectorgraph_index_check('d${t}_v', true)",
        stats => "SELECT semantic_graph_stats('d${t}_v', 100)",
        scan => "SELECT count(*) FROM (SELECT FROM d$t ORDER BY v <-> vec(3, 12, 9) LIMIT 10) s",
        insert => "INSERT INTO d$t SELECT i, vec(i, 12) FROM generate_series(1, 40) i",
        delete => "DELETE FROM d$t WHERE id % 2 = 0",
        vacuum => "VACUUM d$t",
        reindex => "REINDEX INDEX d${t}_v",
        'check again' => "SELECT vectorgraph_index_check('d${t}_v', true)",
    );
    my ($bad, $seen) = try_damaged($node, "SET enable_seqscan = off; SET statement_timeout = '20s';", @uses);
    $noticed += $seen;
    is($bad, '', "damage $t gives rows or an error that says so");
}
note("$noticed of $tables damaged indexes are noticed by the check");
cmp_ok($noticed, '>', $tables / 2, 'the check notices most of the damage');
ok(!crashed($node), 'no process of the server died');
$node->stop;
done_testing();

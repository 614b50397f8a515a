# Damaged files of cur indexes: whatever is in them, the check and every use give rows or an error that
# says the index is corrupted. Never a crash, never a loop. Page checksums are off, so that damage
# reaches our own checks.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $tables = 48;
my $node = new_server('cur_corruption', "shared_buffers = 64MB\n");
# Queries are plain numbers, so that a damaged one is a query too.
$node->safe_psql('postgres', <<'SQL' . join '', map {
CREATE FUNCTION far(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE COST 10000
    AS 'BEGIN RETURN atan(item - query) + cos(item) * cos(query); END';
CREATE OPERATOR <~> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = far);
CREATE OPERATOR CLASS far_ops FOR TYPE float8 USING cur AS OPERATOR 1 <~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 far(float8, float8);
SET client_min_messages = error;
SQL
        my $storage = (qw(int8 float16 float32))[ $_ % 3 ];
        "CREATE TABLE t$_ AS SELECT i AS id, i / 8.0::float8 AS x FROM generate_series(1, 700) i;"
          . "CREATE INDEX t${_}_x ON t$_ USING cur (x far_ops) WITH (anchor_queries = 20, anchor_items = 30, storage = $storage);"
          . "INSERT INTO t$_ SELECT i, i / 8.0 FROM generate_series(701, 2300) i;"
} 0 .. $tables - 1);
my @aims = ('a range of the model is not a number', 'the model holds an anchor query of another size',
    'a row of the index lies beyond the end of the table');
$node->safe_psql('postgres', join '', 'SET client_min_messages = error;', map {
        "CREATE TABLE aim$_ AS SELECT i / 8.0::float8 AS x FROM generate_series(1, 700) i;"
          . "CREATE INDEX aim${_}_x ON aim$_ USING cur (x far_ops) WITH (anchor_queries = 20, anchor_items = 30, latent_dim = 20);"
} 0 .. $#aims);
my @aim_files = map { $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('aim${_}_x')") } 0 .. $#aims;
my @files = map { $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('t${_}_x')") } 0 .. $tables - 1;
$node->stop;

seed_damage(20261129);
my @done;
for my $t (0 .. $tables - 1) {
    open my $file, '+<:raw', $files[$t] or die "$files[$t]: $!";
    my $pages = (-s $file) / 8192;
    my $write = writer($file);
    my $page_of = sub {
        my ($wanted) = @_;
        my @found = grep {
            seek $file, 8192 * $_ + 8176, 0;
            read $file, my $trailer, 2;
            unpack('v', $trailer) == $wanted;
        } 0 .. $pages - 1;
        return $found[ pick(scalar @found) ];
    };
    my $kind = $t % 12;
    my $what = damage_pages($kind, $file, 1);
    if ($kind < 2) {
        $what = 'bytes of the metapage';
        $write->(24 + pick(208), chr pick(256)) for 1 .. 3;
    } elsif ($kind == 2) {
        $what = 'blocks that the metapage names';
        $write->(24 + (36, 40, 52)[ pick(3) ], pack 'V', (0, 1, 2, 5000, 0xffffffff)[ pick(5) ]) for 1 .. 2;
    } elsif ($kind == 7) {
        $what = 'the list of pending pages';
        my $block = $page_of->(36);
        $write->(8192 * $block + 24, pack 'V', ($block, 0, 1, 3, 70000)[ pick(5) ]);
    } elsif ($kind == 10) {
        $what = 'the model';
        my $block = $page_of->(34);
        $write->(8192 * $block + 24 + pick(2600), chr pick(256)) for 1 .. 40;
    }
    close $file;
    push @done, $what;
}

# Damage that only one look finds: what is in the model, and rows beyond the end of the table.
my %aimed = (
    'a range of the model is not a number' => sub { my ($write, $model) = @_; $write->(8192 * $model + 24, pack 'f<', 9**9**9) },
    'the model holds an anchor query of another size' => sub { my ($write, $model, $items, $queries) = @_; $write->(8192 * $model + 24 + $queries, pack 'V', 4) },
    'a row of the index lies beyond the end of the table' => sub { my ($write, $model, $items) = @_; $write->(8192 * $items + 24, pack 'v3', 1, 0, 1) },
);
for my $i (0 .. $#aims) {
    open my $file, '+<:raw', $aim_files[$i] or die "$aim_files[$i]: $!";
    my %first;
    for my $block (0 .. (-s $file) / 8192 - 1) {
        seek $file, 8192 * $block + 8176, 0;
        read $file, my $trailer, 2;
        $first{ unpack 'v', $trailer } //= $block;
    }
    seek $file, 24 + 12, 0;
    read $file, my $meta, 20;
    my ($anchors, $dims, $anchor_items) = (unpack 'V5', $meta)[ 0, 1, 4 ];
    my $queries = 8 * int((8 * $dims + 16 * $anchor_items + 4 * $dims * $anchors + 7) / 8);
    $aimed{ $aims[$i] }->(writer($file), $first{34}, $first{35}, $queries);
    close $file;
}
$node->start;
for my $i (0 .. $#aims) {
    my ($text, $got) = run_sql($node, "SELECT cur_index_check('aim${i}_x', 0);");
    is($got, 'XX002', "the check notices that $aims[$i]");
    like($text, qr/$aims[$i]/, 'and says so');
}

my $noticed = 0;
for my $t (0 .. $tables - 1) {
    my @uses = (
        check => "SELECT cur_index_check('t${t}_x', 5, true)",
        'check without the table' => "SELECT cur_index_check('t${t}_x', 0)",
        statistics => "SELECT cur_index_stats('t${t}_x')",
        scan => "SELECT count(*) FROM (SELECT FROM t$t ORDER BY x <~> 50 LIMIT 10) s",
        'whole scan' => "SET cur.budget = 5000; SELECT count(*) FROM (SELECT FROM t$t ORDER BY x <~> 50) s",
        'no query' => "SELECT count(*) FROM (SELECT FROM t$t ORDER BY x <~> NULL) s",
        recall => "SELECT cur_recall('t${t}_x', n => 2)",
        insert => "INSERT INTO t$t SELECT i, i / 16.0 FROM generate_series(1, 1500) i",
        flush => "SELECT cur_flush('t${t}_x')",
        delete => "DELETE FROM t$t WHERE id % 2 = 0",
        vacuum => "VACUUM t$t",
        reindex => "REINDEX INDEX t${t}_x",
        'check again' => "SELECT cur_index_check('t${t}_x', 5, true)",
    );
    my ($bad, $seen) = try_damaged($node, "SET client_min_messages = error; SET enable_seqscan = off; SET enable_sort = off; SET statement_timeout = '20s';", @uses);
    $noticed += $seen;
    is($bad, '', "index $t with damage to $done[$t]");
}
note("$noticed of $tables damaged indexes are noticed by the check");
cmp_ok($noticed, '>', $tables / 2, 'the check notices most of the damage');
ok(!crashed($node), 'no process of the server died');
$node->stop;
done_testing();

# Damaged index files: whatever is in them, the check and every use give rows or an error that says the
# index is corrupted. Never a crash, never a loop. Page checksums are off, so that damage reaches our
# own checks; one index is damaged on a server with checksums.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $tables = 48;
my $node = new_server('corruption', "shared_buffers = 64MB\n");
$node->safe_psql('postgres', join '', map {
        my $dims = (3, 24, 1536)[ $_ % 3 ];
        my $rows = $dims > 1000 ? 60 : 400;
        "CREATE TABLE t$_ (id integer, v vector($dims));"
          . "INSERT INTO t$_ SELECT i, vec(CASE WHEN i < 40 THEN 1 ELSE i END, $dims) FROM generate_series(1, $rows) i;"
          . "CREATE INDEX t${_}_v ON t$_ USING lid_hnsw (v vector_l2_ops);"
} 0 .. $tables - 1);
make_table($node, 'circle', 300, 3, 'WITH (m = 2, ef_construction = 4)');
my $circle = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('circle_v')");
my @files = map { $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('t${_}_v')") } 0 .. $tables - 1;
$node->stop;

seed_damage(20240517);
my @done;
for my $t (0 .. $tables - 1) {
    open my $file, '+<:raw', $files[$t] or die "$files[$t]: $!";
    my $pages = (-s $file) / 8192;
    my $write = writer($file);
    my $kind = $t % 12;
    my $what = damage_pages($kind, $file, 2);
    if ($kind < 2) {
        $what = 'bytes of the metapage';
        $write->(24 + pick(152), chr pick(256)) for 1 .. 3;
    } elsif ($kind == 2) {
        $what = 'free list, entry and root of the metapage';
        $write->(24 + 4 * (12, 14, 16, 36)[ pick(4) ], pack 'V', (0, 1, 5000, 0x7fffffff)[ pick(4) ]) for 1 .. 3;
    } elsif ($kind == 7) {
        $what = 'headers of the first slots';
        $write->(8192 * (2 + pick($pages - 2)) + 24 + pick(56), chr pick(256)) for 1 .. 12;
    } elsif ($kind == 10) {
        $what = 'the last page, where overflow chunks are';
        $write->(8192 * ($pages - 1) + 24 + pick(400), chr pick(256)) for 1 .. 40;
    }
    close $file;
    push @done, $what;
}

# Every list full of protected links, the first of which leads from slot to slot in a circle.
{
    open my $file, '+<:raw', $circle or die "$circle: $!";
    read $file, my $meta, 200;
    my ($dims, $capacity, $slot_bytes) = unpack 'V3', substr $meta, 24 + 12, 12;
    my $slots_per_page = unpack 'V', substr $meta, 24 + 24, 4;
    my $ids_at = 56 + 8 * int((4 * $dims + 7) / 8);
    my @slots;
    for my $block (2 .. (-s $file) / 8192 - 1) {
        seek $file, 8192 * $block, 0;
        read $file, my $page, 8192;
        my ($kind, $used) = unpack 'v2', substr $page, 8176, 4;
        push @slots, map { [ 8192 * $block + 24 + $slot_bytes * $_, $block * $slots_per_page + $_ ] }
          grep { substr($page, 24 + $slot_bytes * $_, 2) eq "\1\0" } 0 .. $used - 1
          if $kind == 3;
    }
    for my $i (0 .. $#slots) {
        seek $file, $slots[$i][0] + 2, 0;
        print {$file} pack 'v', $capacity;
        seek $file, $slots[$i][0] + $ids_at, 0;
        print {$file} pack 'V*', map { 0x80000000 | $slots[ ($i + 1 + $_) % @slots ][1] } 0 .. $capacity - 1;
    }
    close $file;
    cmp_ok(scalar @slots, '>=', 300, 'the lists of a whole index are changed');
}
$node->start;
my ($text, $circled) = run_sql($node, "SET statement_timeout = '60s'; INSERT INTO circle VALUES (-1, vec(1000, 3));");
is($circled, 'XX002', 'an insert ends where protected links run in a circle') or diag($text);

my $noticed = 0;
for my $t (0 .. $tables - 1) {
    my $dims = (3, 24, 1536)[ $t % 3 ];
    my @uses = (
        check => "SELECT vectorgraph_index_check('t${t}_v', true)",
        scan => "SELECT count(*) FROM (SELECT FROM t$t ORDER BY v <-> vec(3, $dims, 9) LIMIT 10) s",
        'whole scan' => "SELECT count(*) FROM (SELECT FROM t$t ORDER BY v <-> vec(3, $dims, 9) OFFSET 0) s",
        insert => "INSERT INTO t$t SELECT i, vec(i, $dims) FROM generate_series(1, 40) i",
        delete => "DELETE FROM t$t WHERE id % 2 = 0",
        vacuum => "VACUUM t$t",
        reindex => "REINDEX INDEX t${t}_v",
        'check again' => "SELECT vectorgraph_index_check('t${t}_v', true)",
    );
    my ($bad, $seen) = try_damaged($node, "SET enable_seqscan = off; SET enable_sort = off; SET statement_timeout = '10s';", @uses);
    $noticed += $seen;
    is($bad, '', "index $t of $dims dimensions with damage to $done[$t]");
}
note("$noticed of $tables damaged indexes are noticed by the check");
cmp_ok($noticed, '>', $tables / 2, 'the check notices most of the damage');
ok(!crashed($node), 'no process of the server died');
$node->stop;

# With checksums PostgreSQL itself reports the page.
my $safe = new_server('checksums', '', extra => ['-k']);
make_table($safe, 'items', 500, 24, '');
my $path = $safe->data_dir . '/' . $safe->safe_psql('postgres', "SELECT pg_relation_filepath('items_v')");
$safe->stop;
open my $file, '+<:raw', $path or die;
seek $file, 8192 * 3 + 1000, 0;
print {$file} 'damage';
close $file;
$safe->start;
my (undef, $got) = run_sql($safe, "SELECT vectorgraph_index_check('items_v');");
is($got, 'XX001', 'a wrong checksum is reported by the server');
is(rows_of($safe, 'items'), 500, 'the table is intact');
$safe->safe_psql('postgres', 'REINDEX INDEX items_v');
index_is_sound($safe, 'items_v', 'REINDEX repairs it');
$safe->stop;
done_testing();

# One fault at a time in the list store of a semantic_graph index: the check names it, with the SQLSTATE of a
# corrupted index, and REINDEX repairs it. Damage at random is in 016.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my ($k, $header, $head) = (8, 24, 16);
my ($side_meta, $map, $lists, $buckets) = (5, 6, 7, 8);  # page kinds

# What is changed: kind of page, and the bytes of the change from those of the page.
my @damage = (
    [ 'the list metapage has a wrong magic number', $side_meta, sub { (0, 'VGS0') } ],
    [ 'the list metapage has an impossible page layout', $side_meta, sub { (20, pack 'V', 3) } ],
    [ 'a map points past the end of the index', $map, sub { (4000, pack 'V', 100000) } ],
    [ 'the page claims more entries than it can hold', $lists, sub { (10, pack 'v', 9000) } ],
    [ 'a list is longer than lists can be', $lists, sub { my ($page, $at) = @_; ($at->{list}, pack 'v', $k + 1) } ],
    [ 'a list is out of order', $lists, sub { my ($page, $at) = @_; ($at->{list} + 8, substr($page, $at->{list} + 16, 8) . substr($page, $at->{list} + 8, 8)) } ],
    [ 'a list names a slot that is no live base node', $lists, sub { my ($page, $at) = @_; ($at->{list} + 8 * $k, pack 'V', 0x7ffffff) } ],
    # The bytes of the next row's slot, which is another node of the same page.
    [ 'a key belongs to a row of another node', $lists, sub { my ($page, $at) = @_; ($at->{rows}, substr $page, $at->{rows} + 16, 4) } ],
    [ 'keys and buckets do not hold the same rows', $lists, sub { my ($page, $at) = @_; ($at->{rows} + 12, pack 'V', 99999) } ],
    [ 'a key lies in the bucket of another hash', $buckets, sub { my ($page) = @_; ($head, pack 'V', unpack('V', substr $page, $head, 4) ^ 1) } ],
    [ 'a key belongs to a row that the index does not hold', $lists, sub { my ($page, $at) = @_; ($at->{rows} + 8, pack 'v', 2000) } ],
);

my $node = new_server('list_store', '');
$node->safe_psql('postgres', join '', map {
        "CREATE TABLE d$_ (id integer, v vector(12)); INSERT INTO d$_ SELECT i, vec(i, 12) FROM generate_series(1, 600) i;"
          . "CREATE INDEX d${_}_v ON d$_ USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = $k);"
} 0 .. $#damage);
my @files = map { $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('d${_}_v')") } 0 .. $#damage;
$node->stop;

for my $i (0 .. $#damage) {
    my (undef, $kind, $change) = @{ $damage[$i] };
    open my $file, '+<:raw', $files[$i] or die;
    my ($slots, $done);
    for my $block (0 .. (-s $file) / 8192 - 1) {
        seek $file, 8192 * $block, 0;
        read $file, my $page, 8192;
        my $is = unpack 'v', substr $page, 8176, 2;
        my $data = substr $page, $header;
        $slots = unpack 'V', substr $data, 20, 4 if $is == $side_meta;
        next if $is != $kind;
        next if $kind >= $lists && unpack('v', substr $data, 10, 2) < 200;
        my %at;
        if ($kind == $lists) {
            my $list_bytes = 8 + 8 * $k;
            my ($full) = grep { unpack('v', substr $data, $head + $_ * $list_bytes, 2) == $k } 0 .. $slots - 1;
            %at = (list => $head + $full * $list_bytes, rows => $head + $slots * $list_bytes);
        }
        my ($where, $bytes) = $change->($data, \%at);
        seek $file, 8192 * $block + $header + $where, 0;
        print {$file} $bytes;
        $done = 1;
        last;
    }
    close $file;
    die "no page of kind $kind" if !$done;
}

$node->start;
for my $i (0 .. $#damage) {
    my ($what) = @{ $damage[$i] };
    my ($text, $state) = run_sql($node, "SELECT vectorgraph_index_check('d${i}_v', true);");
    is($state, 'XX002', "the check notices: $what");
    like($text, qr/\Q$what\E/, 'and says so');
    $node->safe_psql('postgres', "REINDEX INDEX d${i}_v");
    index_is_sound($node, "d${i}_v", 'REINDEX repairs it');
}
ok(!crashed($node), 'no process of the server died');
$node->stop;
done_testing();

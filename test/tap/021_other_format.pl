# Indexes of another disk format than this release reads. test/tap/format1 has index files that the release
# with format 1 made of 40 rows of row_of(i, 8) (LSNs set to zero): lid_hnsw for l2, cosine and ip, and
# semantic_graph. Put in place of today's files, they are what an upgrade of the package leaves behind. Indexes
# of cur and of a later format have the version in the metapage changed.
use strict;
use warnings;
use FindBin;
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $node = new_server('format');
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION row_of(i integer, dims integer) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(((i * 7919 + j * 104729 + i * j * 31) % 1000)::float4 / 500 - 1 ORDER BY j)::vector
    FROM generate_series(1, dims) j $$;
DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['l2', 'cosine', 'ip', 'graph', 'later', 'cur'] LOOP
        EXECUTE format('CREATE TABLE %s (id integer PRIMARY KEY, v vector(8))', t);
        EXECUTE format('INSERT INTO %s SELECT i, row_of(i, 8) FROM generate_series(1, 40) i', t);
    END LOOP;
END $$;
CREATE INDEX l2_v ON l2 USING lid_hnsw (v vector_l2_ops);
CREATE INDEX cosine_v ON cosine USING lid_hnsw (v vector_cosine_ops);
CREATE INDEX ip_v ON ip USING lid_hnsw (v vector_ip_ops);
CREATE INDEX graph_v ON graph USING semantic_graph (v vector_cosine_ops) INCLUDE (id) WITH (k = 4);
CREATE INDEX later_v ON later USING lid_hnsw (v vector_l2_ops);
CREATE FUNCTION far(a vector, b vector) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT COST 10000 AS 'SELECT a OPERATOR(public.<->) b';
SELECT cur_create_class('far_ops', 'far(vector, vector)', operator_name => '<~>');
CREATE INDEX cur_v ON cur USING cur (v far_ops) WITH (anchor_queries = 8);
SQL
is($node->safe_psql('postgres', "SELECT string_agg(index || ' ' || state, ', ' ORDER BY index) FROM vectorgraph_indexes()"),
    'cosine_v ready, cur_v ready, graph_v ready, ip_v ready, l2_v ready, later_v ready', 'new indexes are ready');

my %operator = (l2 => '<->', cosine => '<=>', ip => '<#>', graph => '<=>', later => '<->', cur => '<~>');
my @tables = sort keys %operator;
my %file = map { $_ => $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('${_}_v')") } @tables;
$node->stop;
for my $t (qw(l2 cosine ip graph)) {
    gunzip("$FindBin::RealBin/format1/$t.gz", $file{$t}, BinModeOut => 1) or die $GunzipError;
}
for my $change ([ 'later', 99 ], [ 'cur', 1 ]) {
    my ($t, $version) = @$change;
    open my $file, '+<:raw', $file{$t} or die "$file{$t}: $!";
    writer($file)->(24 + 4, pack 'V', $version);
    close $file;
}
my %before = map { $_ => slurp_file($file{$_}) } @tables;
$node->start;

is( $node->safe_psql('postgres', "SELECT string_agg(concat_ws(' ', index, access_method, format, state), ', ' ORDER BY index)
        FROM vectorgraph_indexes() WHERE bytes > 0 AND schema = 'public' AND index = \"table\" || '_v'"),
    'cosine_v lid_hnsw 1 needs REINDEX, cur_v cur 1 needs REINDEX, graph_v semantic_graph 1 needs REINDEX, '
      . 'ip_v lid_hnsw 1 needs REINDEX, l2_v lid_hnsw 1 needs REINDEX, later_v lid_hnsw 99 needs REINDEX',
    'the view says which indexes need a REINDEX');

for my $t (@tables) {
    my $query = "SELECT id FROM $t ORDER BY v $operator{$t} row_of(41, 8) LIMIT 5";
    my ($rc, $out, $err) = $node->psql('postgres',
        "SET enable_seqscan = off; SET enable_sort = off; $query; $query; EXPLAIN (COSTS OFF) $query;");
    my $exact = $node->safe_psql('postgres', "SET enable_indexscan = off; $query");
    is($rc, 0, "$t: a query runs");
    like($out, qr/\A\Q$exact\E\n\Q$exact\E\n.*Seq Scan/s, "$t: plans go around the index, whatever is forbidden");
    my @warnings = $err =~ /WARNING:  index "(\w+)" is not used/g;
    is_deeply(\@warnings, ["${t}_v"], "$t: one warning in a session") or diag($err);
    ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nINSERT INTO $t VALUES (50, row_of(50, 8))");
    like($err, qr/ERROR:  55000: index "${t}_v" has another disk format.*DETAIL:  It has format \d+.*HINT:  .*REINDEX/s,
        "$t: an insert says what to do");
    $node->safe_psql('postgres', "DELETE FROM $t WHERE id = 7");
    my $stats = $t eq 'cur' ? 'cur_index_stats' : 'vectorgraph_index_stats';
    like($node->safe_psql('postgres', "SELECT advice FROM $stats('${t}_v') WHERE pages > 0 AND bytes = 8192 * pages"),
        qr/^REINDEX: the index has disk format/, "$t: statistics advise it");
    ($rc, $out, $err) = $node->psql('postgres', $t eq 'cur' ? "SELECT * FROM cur_index_check('cur_v')"
        : "SELECT vectorgraph_index_check('${t}_v')");
    like($err, qr/has another disk format/, "$t: the check does not call it damaged");
}
is($node->safe_psql('postgres', "VACUUM l2, cosine, ip, graph, later, cur; VACUUM (INDEX_CLEANUP on, PARALLEL 0) l2; ANALYZE l2; SELECT 1"),
    '1', 'vacuum passes over them');
$node->stop;
is(slurp_file($file{$_}), $before{$_}, "$_: the file is as it was") for @tables;
$node->start;

# REINDEX of either kind, TRUNCATE and VACUUM FULL mend it.
$node->safe_psql('postgres', 'REINDEX INDEX l2_v');
$node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY cosine_v');
$node->safe_psql('postgres', 'VACUUM FULL ip');
$node->safe_psql('postgres', 'REINDEX TABLE CONCURRENTLY graph');
$node->safe_psql('postgres', 'TRUNCATE later');
$node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY cur_v');
is($node->safe_psql('postgres', "SELECT count(*) FROM vectorgraph_indexes() WHERE state = 'ready'"), '6', 'all are rebuilt');
for my $t (@tables) {
    my $query = "SELECT id FROM $t ORDER BY v $operator{$t} row_of(41, 8) LIMIT 5";
    my ($rc, $out, $err) = $node->psql('postgres', "INSERT INTO $t VALUES (50, row_of(50, 8));"
          . "SET enable_seqscan = off; SET enable_sort = off; EXPLAIN (COSTS OFF) $query; $query;");
    my $exact = $node->safe_psql('postgres', "SET enable_indexscan = off; $query");
    like($out, qr/Index Scan using ${t}_v.*\n\Q$exact\E\z/s, "$t: the index answers again") or diag($err);
    is($err, '', "$t: no warning any more");
    index_is_sound($node, "${t}_v") if $t ne 'cur';
}
done_testing();

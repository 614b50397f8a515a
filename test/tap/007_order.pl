# The order of the heap does not matter: sorted by cluster, by category, by ascending spread, or holding
# 1,000 copies of one row, an index answers as one of the shuffled heap, and reaches every row.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $node = new_server('order', "shared_buffers = 256MB\nmaintenance_work_mem = '256MB'\n");
# 8,000 rows: 20 clusters (i % 20) of different spread (tighter for small i % 7). category: two clusters each.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE source AS
SELECT i AS id, i % 20 AS cluster, (i % 20) / 2 AS category, i % 7 AS spread,
    vec(i % 20, 32, 5) + vec(i, 32, 6) * array_fill(0.2 + (i % 7) * 0.1, ARRAY[32])::vector AS v
FROM generate_series(1, 8000) i;
CREATE TABLE shuffled (id integer, v vector(32));
INSERT INTO shuffled SELECT id, v FROM source ORDER BY hashint4(id);
CREATE TABLE by_cluster (LIKE shuffled);
INSERT INTO by_cluster SELECT id, v FROM source ORDER BY cluster, hashint4(id);
CREATE TABLE by_category (LIKE shuffled);
INSERT INTO by_category SELECT id, v FROM source ORDER BY category, spread, hashint4(id);
CREATE TABLE by_spread (LIKE shuffled);
INSERT INTO by_spread SELECT id, v FROM source ORDER BY spread, hashint4(id);
CREATE TABLE by_norm (LIKE shuffled);
INSERT INTO by_norm SELECT id, v FROM source ORDER BY vector_norm(v);
CREATE TABLE with_copies (LIKE shuffled);
INSERT INTO with_copies SELECT 100000 + i, (SELECT v FROM source WHERE id = 7) FROM generate_series(1, 999) i;
INSERT INTO with_copies SELECT id, v FROM source ORDER BY hashint4(id);
SQL
my %base;
for my $table (qw(shuffled by_cluster by_category by_spread by_norm with_copies)) {
    $node->safe_psql('postgres', "CREATE INDEX ${table}_v ON $table USING lid_hnsw (v vector_l2_ops); ANALYZE $table");
    for my $ef (60, 120) {
        my $recall = recall_of($node, $table, 300, $ef);
        if ($table eq 'shuffled') {
            $base{$ef} = $recall;
            cmp_ok($recall, '>', 0.9, "recall\@10 of the shuffled heap at ef_search $ef");
        } else {
            cmp_ok($recall, '>=', $base{$ef} - 0.005, "recall\@10 $table at ef_search $ef");
        }
        diag("$table, ef_search $ef: recall\@10 $recall");
    }
    every_row($node, $table);
    index_is_sound($node, "${table}_v");
    is($node->safe_psql('postgres', "SELECT unreachable FROM vectorgraph_index_stats('${table}_v')"), 0, "no unreachable node: $table");
}
is($node->safe_psql('postgres', "SELECT nodes FROM vectorgraph_index_stats('with_copies_v')"), 8000, 'copies share one node');
$node->stop;
done_testing();

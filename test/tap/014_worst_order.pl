# Rows that come in the worst order, into an empty index and into one built from a tenth of them: sorted by
# cluster, by the first coordinate, from the easiest region to the hardest (ascending LID). Recall stays
# near that of a build. VG_ORDER_DATA names a copy of demo/data/word.tsv.gz that the server can read, for
# figures on real data, a shuffled load among them, in place of the 2,000 synthetic rows.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $data = $ENV{VG_ORDER_DATA};
my ($rows, $dims, $class, $op) = $data ? (0, 100, 'vector_cosine_ops', '<=>') : (2000, 32, 'vector_l2_ops', '<->');
my @efs = $data ? (40, 100) : (10, 40);
my $loss = 0.03;  # what a load may lose against a build at the same ef_search
my $node = new_server('orders', "shared_buffers = 256MB\nmaintenance_work_mem = '256MB'\nfsync = off\nmax_wal_size = 2GB\n");
if ($data) {
    $node->safe_psql('postgres', 'CREATE TABLE staging (id integer, word text, v vector(100))');
    $node->safe_psql('postgres', "COPY staging FROM PROGRAM 'gzip -dc $data'");
    $node->safe_psql('postgres', 'CREATE TABLE query AS SELECT id, v FROM staging ORDER BY md5(word) LIMIT 200;'
          . 'CREATE TABLE source AS SELECT id, v FROM staging WHERE id NOT IN (SELECT id FROM query)');
} else {
    $node->safe_psql('postgres', "CREATE FUNCTION tight(i bigint, seed bigint) RETURNS vector LANGUAGE sql AS "
          . "'SELECT vec(i % 20, $dims, 5) + vec(i, $dims, seed) * array_fill(0.2 + (i % 7) * 0.1, ARRAY[$dims])::vector';"
          . "CREATE TABLE query AS SELECT i AS id, tight(i, 999) AS v FROM generate_series(1, 200) i;"
          . "CREATE TABLE source AS SELECT i AS id, tight(i, 6) AS v FROM generate_series(1, $rows) i");
}
$rows = $node->safe_psql('postgres', 'SELECT count(*) FROM source');
# Clusters: the nearest of 20 rows. LID: of every row, from the built index.
$node->safe_psql('postgres', <<"SQL");
CREATE TABLE seed AS SELECT id, v FROM source ORDER BY hashint4(id) LIMIT 20;
ALTER TABLE source ADD cluster integer, ADD lid float8;
UPDATE source s SET cluster = (SELECT c.id FROM seed c ORDER BY c.v $op s.v LIMIT 1);
VACUUM FULL source;
CREATE TABLE shuffled (id integer, v vector($dims));
INSERT INTO shuffled SELECT id, v FROM source ORDER BY hashint4(id);
CREATE INDEX shuffled_v ON shuffled USING lid_hnsw (v $class);
SET enable_sort = off;
UPDATE source s SET lid = (SELECT lid_mle(d) FROM (SELECT n.v $op s.v AS d FROM shuffled n ORDER BY n.v $op s.v LIMIT 20) near WHERE d > 0);
SQL
my %order = (
    cluster => 'cluster, hashint4(id)',
    coordinate => '(v::real[])[1]',
    lid => 'lid NULLS FIRST, id',
    shuffled => 'hashint4(id)',
);

# Recall at 10 of the held-out queries, by ef_search.
sub recalls {
    my ($index) = @_;
    return map { $node->safe_psql('postgres', "SELECT round(recall_mean::numeric, 4) FROM vectorgraph_index_recall('$index', 10, queries => array(SELECT v FROM query), ef_search => $_)") } @efs;
}

my @built = recalls('shuffled_v');
diag("built from $rows rows: recall\@10 @built at ef_search @efs");
for my $order ($data ? 'shuffled' : (), qw(cluster coordinate lid)) {
    for my $start (0, 10) {
        my $table = "t_${order}_$start";
        $node->safe_psql('postgres', "CREATE TABLE $table (id integer, v vector($dims));"
              . "INSERT INTO $table SELECT id, v FROM source ORDER BY $order{$order} LIMIT $start * $rows / 100;"
              . "CREATE INDEX ${table}_v ON $table USING lid_hnsw (v $class)");
        $node->safe_psql('postgres', "INSERT INTO $table SELECT id, v FROM source ORDER BY $order{$order} OFFSET $start * $rows / 100");
        my @grown = recalls("${table}_v");
        my $how = $start ? "the first tenth built, the rest by $order" : "all rows by $order";
        for my $i (0, 1) {
            cmp_ok($grown[$i], '>=', $built[$i] - $loss, "recall\@10 at ef_search $efs[$i]: $how");
        }
        diag("$how: recall\@10 @grown");
        index_is_sound($node, "${table}_v");
        is($node->safe_psql('postgres', "SELECT unreachable FROM vectorgraph_index_stats('${table}_v')"), 0, 'every node can be reached');
    }
}

# Most rows of every neighbourhood die between two vacuums: there is little left to mend its links from.
my ($kept, $gone, $width) = (3000, 17000, 32);
$node->safe_psql('postgres', "CREATE TABLE thinned (id integer, v vector($width));"
      . "INSERT INTO thinned SELECT i, vec(i, $width) FROM generate_series(1, $kept) i;"
      . 'CREATE INDEX thinned_v ON thinned USING lid_hnsw (v vector_l2_ops)');
$node->safe_psql('postgres', "INSERT INTO thinned SELECT i, vec(i, $width) FROM generate_series($kept + 1, $kept + $gone) i");
$node->safe_psql('postgres', "DELETE FROM thinned WHERE id <= $gone");
$node->safe_psql('postgres', 'VACUUM thinned');
index_is_sound($node, 'thinned_v');
my $mended = recall_of($node, 'thinned', 200, 40);
$node->safe_psql('postgres', 'REINDEX INDEX thinned_v');
my $rebuilt = recall_of($node, 'thinned', 200, 40);
diag("recall\@10 with 85 % of the rows gone: $mended, rebuilt $rebuilt");
cmp_ok($mended, '>=', $rebuilt - 0.03, 'recall@10 where most neighbours died at once');

ok(!crashed($node), 'no process of the server died');
$node->stop;
done_testing();

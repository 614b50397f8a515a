# Passes over all pages of an index that is not in memory: every page is read, and from 17 on, which has read
# streams, many pages at a time. Reads are counted by the system, as calls of the session's process: 17 counts pages in
# pg_stat_io whatever it read them with.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $node = new_server('streams', 'shared_buffers = 64MB');
# From 18 on other processes would read.
$node->append_conf('postgresql.conf', 'io_method = sync') if $node->pg_version >= 18;
my $streams = $node->pg_version >= 17;

$node->safe_psql('postgres', <<'SQL');
CREATE OPERATOR CLASS cur_l2_ops FOR TYPE vector USING cur AS OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops, FUNCTION 1 l2_distance(vector, vector);
CREATE FUNCTION reads() RETURNS bigint LANGUAGE sql AS $$ SELECT substring(pg_read_file('/proc/self/io') FROM 'syscr: (\d+)')::bigint $$;
SQL
for my $tiny ('', 'tiny_') {
    make_table($node, "${tiny}hnsw", $tiny ? 10 : 4000, 32, '');
    make_table($node, "${tiny}graph", $tiny ? 10 : 4000, 32);
    make_table($node, "${tiny}cur", $tiny ? 100 : 15000, 8);
    # The reads of the index are all that matters: no other index, and after the VACUUM the next one passes over most of the tables, whose reads would be counted too.
    $node->safe_psql('postgres', <<"SQL");
ALTER TABLE ${tiny}hnsw DROP CONSTRAINT ${tiny}hnsw_pkey;
ALTER TABLE ${tiny}graph DROP CONSTRAINT ${tiny}graph_pkey;
ALTER TABLE ${tiny}cur DROP CONSTRAINT ${tiny}cur_pkey;
CREATE INDEX ${tiny}graph_v ON ${tiny}graph USING semantic_graph (v vector_l2_ops);
SET client_min_messages = error;
CREATE INDEX ${tiny}cur_v ON ${tiny}cur USING cur (v cur_l2_ops) WITH (anchor_queries = 40);
VACUUM ${tiny}hnsw, ${tiny}graph, ${tiny}cur;
SQL
}

# Runs a statement with nothing of the index in memory: it passes over all pages `passes` times or more. The same
# statement on a tiny table comes first, so that the catalog is in memory.
sub few_reads {
    my ($index, $passes, $sql, $name) = @_;
    (my $warm_up = $sql) =~ s/\b(hnsw|graph|cur)(_v)?\b/tiny_$1@{[ $2 \/\/ '' ]}/g;
    $node->safe_psql('postgres', 'CHECKPOINT');
    $node->restart;
    my $out = $node->safe_psql('postgres', <<"SQL");
SET client_min_messages = error;
SELECT pg_stat_reset();
\\o /dev/null
$warm_up;
\\o
SELECT reads() AS before \\gset
\\o /dev/null
$sql;
\\o
SELECT reads() - :before AS reads \\gset
SELECT pg_stat_force_next_flush();
SELECT 'found', idx_blks_read, :reads, pg_relation_size('$index') / 8192 FROM pg_statio_user_indexes WHERE indexrelid = '$index'::regclass;
SQL
    my ($blocks, $reads, $pages) = $out =~ /found\|(\d+)\|(\d+)\|(\d+)/ or die "no counts in $out";
    note("$index: $pages pages; $name took $reads reads for $blocks blocks of the index");
    cmp_ok($pages, '>', 80, "$index is large enough");
    cmp_ok($blocks, '>=', $passes * ($pages - 4), "$name reads all its pages");
    if ($streams) {
        cmp_ok($reads, '<', $blocks / 2, "$name reads many pages at a time");
    } else {
        cmp_ok($reads, '>=', $blocks, "$name reads page by page");
    }
}

few_reads('hnsw_v', 1, "SET lid_hnsw.exact_scan = on; SET enable_seqscan = off; SET enable_sort = off; SELECT id FROM hnsw ORDER BY v <-> vec(1, 32) LIMIT 10",
    'an exact scan');
for my $t (qw(hnsw graph cur)) {
    my $check = $t eq 'cur' ? 'cur_index_check' : 'vectorgraph_index_check';
    few_reads("${t}_v", 1, "SELECT $check('${t}_v')", "a check of $t");
    $node->safe_psql('postgres', "DELETE FROM $t WHERE id = 77");
    few_reads("${t}_v", $t eq 'cur' ? 1 : 2, "VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) $t", "VACUUM of $t");
    index_is_sound($node, "${t}_v") if $t ne 'cur';
}
$node->stop;
done_testing();

# Clients that insert, delete, search and vacuum at the same time: no error, and a sound index after.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $node = new_server('concurrency', "shared_buffers = 128MB\n");
my $seconds = 15;
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE items (id bigserial PRIMARY KEY, v vector(16));
CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 16);
INSERT INTO items (v) SELECT vec(i, 16) FROM generate_series(1, 1000) i;
SQL
my %scripts = (
    'insert@400' => "\\set i random(1, 100000)\nINSERT INTO items (v) VALUES (vec(:i, 16));\n",
    'same@60' => "INSERT INTO items (v) VALUES (vec(1, 16));\n",
    'abort@30' => "\\set i random(1, 100000)\nBEGIN;\nINSERT INTO items (v) VALUES (vec(:i, 16));\nROLLBACK;\n",
    'delete@200' => "DELETE FROM items WHERE id IN (SELECT id FROM items WHERE id % 10 = (random() * 9)::integer ORDER BY id LIMIT 2);\n",
    'update@60' => "\\set i random(1, 100000)\nUPDATE items SET v = vec(:i, 16) WHERE id = (SELECT max(id) FROM items WHERE id < (random() * :i)::integer);\n",
    # An inner query that comes back out of order divides by zero.
    'search@400' => "\\set i random(1, 100000)\nSET enable_seqscan = off;\nSELECT count(*) / (NOT coalesce(bool_or(d < before), false))::integer FROM "
      . "(SELECT d, lag(d) OVER (ROWS UNBOUNDED PRECEDING) AS before FROM (SELECT v <-> vec(:i, 16) AS d FROM items ORDER BY v <-> vec(:i, 16) LIMIT 50) s) t;\n",
    'vacuum@4' => "VACUUM items;\n",
);
$node->pgbench("--no-vacuum --client=4 --jobs=2 --time=$seconds", 0,
    [qr/number of failed transactions: 0/], [qr/^(?:(?!ERROR|FATAL|aborted).)*$/s], 'four clients for 15 s', \%scripts);
index_is_sound($node, 'items_v', 'the index is sound');
every_row($node, 'items');
$node->safe_psql('postgres', 'VACUUM items');
index_is_sound($node, 'items_v', 'and after a last vacuum');
every_row($node, 'items');
cmp_ok(rows_of($node, 'items'), '>', 0, 'there are rows');
cmp_ok(recall_of($node, 'items', 50, 200), '>=', 0.85, 'recall@10 of what grew this way');

# REINDEX and CREATE INDEX CONCURRENTLY under writers.
my $bench = start_psql($node, join('', map { "INSERT INTO items (v) VALUES (vec($_, 16)); DELETE FROM items WHERE id = (SELECT min(id) FROM items);\n" } 1 .. 1500), \my $out);
$node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY items_v');
$node->safe_psql('postgres', 'CREATE INDEX CONCURRENTLY items_w ON items USING lid_hnsw (v vector_l2_ops)');
$bench->finish;
unlike($out, qr/ERROR/, 'writers beside REINDEX CONCURRENTLY see no error');
index_is_sound($node, 'items_v', 'the rebuilt index has every row');
index_is_sound($node, 'items_w', 'the new index has every row');
ok(!crashed($node), 'no process of the server died');
$node->stop;
done_testing();

-- The access method semantic_graph: build, lists, keys, writes, vacuum, kinds of tables.
\set ECHO none
\i sql/include/lid_hnsw.sql
-- What matters of the statistics, with all nodes in the sample.
CREATE FUNCTION pg_temp.graph(index regclass, good numeric DEFAULT 0.95, OUT nodes bigint, OUT rows bigint, OUT keys bigint, OUT good_lists boolean,
    OUT true_entries boolean, OUT keys_found boolean) LANGUAGE sql AS $$
    SELECT nodes, rows, keys, list_recall >= good, wrong_entries = 0, unfound_keys = 0 FROM semantic_graph_stats(index, 10000)
$$;
\set ECHO all
SET lid_hnsw.ef_search = 200;

-- Built from rows, with a key; searched as lid_hnsw is.
CREATE TABLE items (id integer PRIMARY KEY, note text, v vector(16)) WITH (autovacuum_enabled = off);
INSERT INTO items SELECT i, '', pg_temp.vec(i, 16) FROM generate_series(1, 2000) i;
CREATE INDEX items_v ON items USING semantic_graph (v) INCLUDE (id) WITH (k = 10, m = 16, ef_construction = 100, edge_weight = 'snn');
SELECT pg_get_indexdef('items_v'::regclass);
SELECT k, key_type, edge_weight, list_length_min, bucket_generations FROM semantic_graph_stats('items_v');
SELECT * FROM pg_temp.graph('items_v');
SELECT pg_temp.sound('items_v'), recall >= 0.95 AS recall, full_answers, ordered FROM pg_temp.compare('items', '<=>', 16, 10, 20);
SELECT pg_temp.path('SELECT id FROM items ORDER BY v <=> pg_temp.vec(1, 16) LIMIT 5');
SELECT recall_mean > 0.95 AS recall FROM vectorgraph_index_recall('items_v', ef_search => 200);
SELECT nodes, tuples, dead_nodes, unreachable FROM vectorgraph_index_stats('items_v');

-- Writes: lists and keys follow. Two thirds go, half of these as updates of the vector.
INSERT INTO items SELECT i, '', pg_temp.vec(i, 16) FROM generate_series(2001, 3000) i;
SELECT * FROM pg_temp.graph('items_v');
UPDATE items SET v = pg_temp.vec(id + 10000, 16) WHERE id % 3 = 0;
DELETE FROM items WHERE id % 3 = 1;
VACUUM items;
SELECT * FROM pg_temp.graph('items_v');
SELECT pg_temp.sound('items_v'), pg_temp.all_rows('items', '<=>', 16);
-- A new key on the same vector, and a row that moves but keeps both.
UPDATE items SET id = id + 100000 WHERE id % 6 = 0;
UPDATE items SET note = repeat('x', 300);
SELECT pg_temp.sound('items_v');
VACUUM items;
SELECT * FROM pg_temp.graph('items_v');
SELECT pg_temp.sound('items_v');
REINDEX INDEX items_v;
SELECT pg_temp.sound('items_v'), * FROM pg_temp.graph('items_v');
REINDEX INDEX CONCURRENTLY items_v;
SELECT pg_temp.sound('items_v'), * FROM pg_temp.graph('items_v');
-- Rolled back rows leave nothing behind.
BEGIN;
INSERT INTO items SELECT i, '', pg_temp.vec(i, 16) FROM generate_series(20001, 20500) i;
ROLLBACK;
VACUUM items;
SELECT pg_temp.sound('items_v'), * FROM pg_temp.graph('items_v');
-- Everything goes; the space serves new rows.
SELECT pg_relation_size('items_v') AS size_before \gset
DELETE FROM items;
VACUUM items;
SELECT pg_temp.sound('items_v'), * FROM pg_temp.graph('items_v');
INSERT INTO items SELECT i, '', pg_temp.vec(i, 16) FROM generate_series(1, 2000) i;
SELECT pg_temp.sound('items_v'), * FROM pg_temp.graph('items_v');
SELECT pg_relation_size('items_v') < 1.02 * :size_before AS no_growth;
-- The weight is none of what is stored.
ALTER INDEX items_v SET (edge_weight = mutual);
SELECT edge_weight FROM semantic_graph_stats('items_v', 0);
DROP TABLE items;

-- Built empty and filled row by row, until the buckets are not enough; every operator class. By inner
-- product a long row belongs into lists all over the graph, of which an insert finds only some.
CREATE TABLE classes (id bigint, v vector(4)) WITH (autovacuum_enabled = off);
CREATE INDEX classes_l2 ON classes USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (m = 8, ef_construction = 20);
SELECT * FROM semantic_graph_stats('classes_l2');
SELECT vectorgraph_index_check('classes_l2', true);
INSERT INTO classes SELECT i, pg_temp.vec(i, 4) FROM generate_series(1, 9000) i;
SELECT bucket_generations FROM semantic_graph_stats('classes_l2', 0);
SELECT pg_temp.sound('classes_l2'), * FROM pg_temp.graph('classes_l2');
DELETE FROM classes WHERE id > 800;
VACUUM classes;
CREATE INDEX classes_ip ON classes USING semantic_graph (v vector_ip_ops) INCLUDE (id);
CREATE INDEX classes_cosine ON classes USING semantic_graph (v vector_cosine_ops) INCLUDE (id);
CREATE INDEX classes_l1 ON classes USING semantic_graph (v vector_l1_ops) INCLUDE (id);
INSERT INTO classes SELECT i, pg_temp.vec(i, 4) FROM generate_series(801, 1200) i;
SELECT op, recall >= 0.95 AS recall, full_answers, ordered, pg_temp.sound(index), graph.*
FROM (VALUES ('<->', 'classes_l2', 0.95), ('<#>', 'classes_ip', 0.85), ('<=>', 'classes_cosine', 0.95), ('<+>', 'classes_l1', 0.95)) o(op, index, good),
    pg_temp.compare('classes', op, 4, 10, 20), pg_temp.graph(index, good) graph;
DROP TABLE classes;

-- Every type of key, null keys, no key. 8-bit storage.
CREATE TABLE keys (a integer, b bigint, c uuid, d text, e varchar(40), v vector(784));
INSERT INTO keys SELECT i, i * 10000000000, md5(i::text)::uuid, repeat('key ' || i, i % 50), 'k' || i, pg_temp.vec(i, 784)
FROM generate_series(1, 150) i;
INSERT INTO keys (v) SELECT pg_temp.vec(i, 784) FROM generate_series(151, 160) i;
INSERT INTO keys (a) VALUES (0);
CREATE INDEX keys_a ON keys USING semantic_graph (v) INCLUDE (a);
CREATE INDEX keys_b ON keys USING semantic_graph (v) INCLUDE (b) WITH (m = 64, ef_construction = 128);
CREATE INDEX keys_c ON keys USING semantic_graph (v) INCLUDE (c);
CREATE INDEX keys_d ON keys USING semantic_graph (v) INCLUDE (d) WITH (k = 100);
CREATE INDEX keys_e ON keys USING semantic_graph (v) INCLUDE (e) WITH (k = 1);
CREATE INDEX keys_none ON keys USING semantic_graph (v);
INSERT INTO keys SELECT i, i * 10000000000, md5(i::text)::uuid, repeat('key ' || i, i % 50), 'k' || i, pg_temp.vec(i, 784)
FROM generate_series(161, 200) i;
DELETE FROM keys WHERE a % 4 = 0;
VACUUM keys;
SELECT index, pg_temp.sound(index), storage, key_type, list_length_min, graph.* FROM unnest('{keys_a,keys_b,keys_c,keys_d,keys_e,keys_none}'::regclass[]) index,
    semantic_graph_stats(index, 0), vectorgraph_index_stats(index), pg_temp.graph(index) graph;
DROP TABLE keys;

-- Many rows of one vector are one node with many keys, many rows of one key many nodes.
CREATE TABLE same (id integer, v vector(3)) WITH (autovacuum_enabled = off);
INSERT INTO same SELECT i, '[1,2,3]' FROM generate_series(1, 3000) i;
CREATE INDEX same_v ON same USING semantic_graph (v) INCLUDE (id) WITH (k = 5);
INSERT INTO same SELECT i, '[1,2,3]' FROM generate_series(3001, 6000) i;
INSERT INTO same SELECT 7, ARRAY[i, 1, 1] FROM generate_series(1, 1500) i;
SELECT pg_temp.sound('same_v'), * FROM pg_temp.graph('same_v');
SELECT pg_relation_size('same_v') AS size_before \gset
DELETE FROM same WHERE v <> '[1,2,3]' OR id > 10;
VACUUM same;
SELECT pg_temp.sound('same_v'), * FROM pg_temp.graph('same_v');
INSERT INTO same SELECT i, '[1,2,3]' FROM generate_series(11, 5000) i;
SELECT pg_temp.sound('same_v'), pg_relation_size('same_v') <= :size_before AS no_growth;
DROP TABLE same;

-- Fewer rows than a list is long.
CREATE TABLE few (id integer, v vector(3));
CREATE INDEX few_v ON few USING semantic_graph (v) INCLUDE (id);
INSERT INTO few VALUES (1, '[1,0,0]');
SELECT pg_temp.sound('few_v'), list_length_min, list_recall FROM semantic_graph_stats('few_v');
INSERT INTO few VALUES (2, '[1,1,0]'), (3, '[0,1,1]'), (4, '[0,0,0]');
SELECT pg_temp.sound('few_v'), nodes, list_length_min, list_recall FROM semantic_graph_stats('few_v');
REINDEX INDEX few_v;
SELECT pg_temp.sound('few_v'), nodes, list_length_min, list_recall FROM semantic_graph_stats('few_v');
DROP TABLE few;

-- A build that runs out of memory goes on through the pages.
CREATE TABLE large (id integer, v vector(32)) WITH (autovacuum_enabled = off);
INSERT INTO large SELECT i, pg_temp.vec(i, 32) FROM generate_series(1, 4000) i;
SET client_min_messages = warning;
SET maintenance_work_mem = '2MB';
CREATE INDEX large_v ON large USING semantic_graph (v) INCLUDE (id);
RESET maintenance_work_mem;
RESET client_min_messages;
SELECT pg_temp.sound('large_v'), * FROM pg_temp.graph('large_v');
SELECT inserted_since_build > 100 AS inserted FROM vectorgraph_index_stats('large_v');
DROP TABLE large;

-- Kinds of tables and indexes.
CREATE UNLOGGED TABLE fast (id integer, v vector(4));
CREATE INDEX fast_v ON fast USING semantic_graph (v) INCLUDE (id);
INSERT INTO fast SELECT i, pg_temp.vec(i, 4) FROM generate_series(1, 200) i;
CREATE TEMPORARY TABLE passing (id integer, v vector(4));
INSERT INTO passing SELECT i, pg_temp.vec(i, 4) FROM generate_series(1, 200) i;
CREATE INDEX passing_v ON passing USING semantic_graph (v) INCLUDE (id) WHERE id % 2 = 0;
CREATE TABLE parts (id integer, v vector(4)) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (101);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (101) TO (201);
CREATE INDEX parts_v ON parts USING semantic_graph (v) INCLUDE (id);
INSERT INTO parts SELECT i, pg_temp.vec(i, 4) FROM generate_series(1, 200) i;
SELECT index, pg_temp.sound(index), graph.* FROM unnest('{fast_v,passing_v,parts_1_v_id_idx,parts_2_v_id_idx}'::regclass[]) index, pg_temp.graph(index) graph;
TRUNCATE fast;
SELECT pg_temp.sound('fast_v'), * FROM pg_temp.graph('fast_v');
DROP TABLE fast, parts;

-- What it refuses.
CREATE TABLE refused (id integer, other integer, flag boolean, words text, v vector(3));
INSERT INTO refused SELECT i, i, true, 'w' || i, ARRAY[i, 1, 1] FROM generate_series(1, 20) i;
SELECT statement, pg_temp.outcome(statement) FROM (VALUES
    ('CREATE INDEX ON refused USING semantic_graph (v) INCLUDE (flag)'),
    ('CREATE INDEX ON refused USING semantic_graph (v) INCLUDE (id, other)'),
    ('CREATE INDEX ON refused USING semantic_graph (v, id)'),
    ('CREATE INDEX ON refused USING semantic_graph (v) WITH (k = 0)'),
    ('CREATE INDEX ON refused USING semantic_graph (v) WITH (k = 101)'),
    ('CREATE INDEX ON refused USING semantic_graph (v) WITH (edge_weight = heavy)'),
    ('CREATE INDEX ON refused USING semantic_graph (v) WITH (ef_construction = 10)'),
    ('CREATE INDEX ON refused USING semantic_graph (v) WITH (lists = 10)'),
    ('CREATE INDEX ON refused USING semantic_graph (v vector_ip_ops) WITH (edge_weight = local_scaling)'),
    ('CREATE INDEX ON refused USING lid_hnsw (v) WITH (k = 10)')
) s(statement);
CREATE INDEX refused_v ON refused USING semantic_graph (v) INCLUDE (words);
CREATE INDEX refused_lid ON refused USING lid_hnsw (v);
SELECT pg_temp.outcome('INSERT INTO refused VALUES (21, 21, true, repeat(''x'', 1025), ''[1,2,3]'')');
SELECT statement, pg_temp.outcome(statement) FROM (VALUES
    ('SELECT semantic_graph_stats(''refused'')'),
    ('SELECT semantic_graph_stats(''refused_lid'')'),
    ('SELECT semantic_graph_stats(''refused_v'', -1)'),
    ('SELECT semantic_graph_stats(''refused_v'', 1000000)')
) s(statement);
SELECT pg_temp.sound('refused_v'), * FROM pg_temp.graph('refused_v');
CREATE ROLE semantic_graph_stranger;
SET ROLE semantic_graph_stranger;
SELECT pg_temp.outcome('SELECT semantic_graph_stats(''refused_v'')');
RESET ROLE;
DROP ROLE semantic_graph_stranger;
DROP TABLE refused;
SELECT amname, opcname, amvalidate(c.oid) FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod WHERE amname = 'semantic_graph' ORDER BY opcname;

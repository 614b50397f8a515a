-- Wrong input to the functions over semantic_graph indexes.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
CREATE TABLE sge_row (id bigint PRIMARY KEY, name text, v vector(2));
INSERT INTO sge_row SELECT i, 'row ' || i, format('[%s,1]', i)::vector FROM generate_series(1, 50) i;
CREATE TABLE sge_link (a integer, b integer, name text, weight real, kind text);
INSERT INTO sge_link SELECT i, i + 1, 'x', 1, 'next' FROM generate_series(1, 49) i;
CREATE INDEX sge_index ON sge_row USING semantic_graph (v vector_cosine_ops) INCLUDE (id) WITH (k = 4);
CREATE INDEX sge_plain ON sge_row USING lid_hnsw (v);
CREATE INDEX sge_keyless ON sge_row USING semantic_graph (v vector_l2_ops) WITH (k = 4);
CREATE INDEX sge_text ON sge_row USING semantic_graph (v vector_l2_ops) INCLUDE (name) WITH (k = 4);

-- The index.
SELECT * FROM semantic_graph_search('no_such_index', '[1,1]');
SELECT * FROM semantic_graph_search(NULL, '[1,1]');
SELECT * FROM semantic_graph_search('sge_row', '[1,1]');
SELECT * FROM semantic_graph_search('sge_row_pkey', '[1,1]');
SELECT * FROM semantic_graph_search('sge_plain', '[1,1]');
SELECT * FROM semantic_graph_search('sge_keyless', '[1,1]');
SELECT * FROM semantic_graph_search('sge_text', '[1,1]');
SELECT * FROM semantic_graph_search_text('sge_index', '[1,1]');

-- The query and the numbers.
SELECT * FROM semantic_graph_search('sge_index', NULL);
SELECT * FROM semantic_graph_search('sge_index', '[1,1,1]');
SELECT * FROM semantic_graph_search('sge_index', '[0,0]');
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', k => 0);
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', k => 1000000);
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', k => NULL);
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', seeds => 0);
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', max_hops => -1);
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', max_hops => 17);
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', method => 'pagerank');
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', beta => 1.5);
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', beta => 'NaN');
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', restart => 0);
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', hop_decay => 2);
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', epsilon => -1);
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', link_share => 'Infinity');
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', min_similarity => 'NaN');
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', diversity => 2);
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', filter_keys => '{1,NULL}');
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', kinds => '{x,NULL}');
SELECT * FROM semantic_graph_search('sge_index', '[1,1]', max_nodes => 0);
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', filter_keys => '{}');

-- The other functions.
SELECT * FROM semantic_graph_neighbors('sge_index', 12345);
SELECT * FROM semantic_graph_neighbors('sge_index', NULL);
SELECT * FROM semantic_graph_path('sge_index', 1, 12345);
SELECT * FROM semantic_graph_path('sge_index', 1, 2, k => 0);
SELECT * FROM semantic_graph_ppr('sge_index', '{1,2}', '{1}');
SELECT * FROM semantic_graph_ppr('sge_index', '{1}', '{-1}');
SELECT * FROM semantic_graph_ppr('sge_index', '{1}', '{NULL}');
SELECT count(*) FROM semantic_graph_ppr('sge_index', '{12345}');
SELECT count(*) FROM semantic_graph_expand('sge_index', '{}');
SELECT * FROM semantic_graph_edges('sge_index', 'links');
SELECT * FROM semantic_graph_communities('sge_index', 'leiden');
SELECT * FROM semantic_graph_communities('sge_index', resolution => 0);
SELECT * FROM semantic_graph_centrality('sge_index', 'closeness');
SELECT semantic_graph_dot('sge_index', '{1}', label => 'title');

-- Link sets.
SELECT semantic_graph_add_links('sge_plain', 'sge_link', 'a', 'b');
SELECT semantic_graph_add_links('sge_index', 'sge_link', 'a', 'c');
SELECT semantic_graph_add_links('sge_index', 'sge_link', 'a', 'name');
SELECT semantic_graph_add_links('sge_index', 'sge_link', 'a', 'a');
SELECT semantic_graph_add_links('sge_index', 'sge_link', 'a', 'b', weight => 'name');
SELECT semantic_graph_add_links('sge_index', 'sge_link', 'a', 'b', kind => 'c');
SELECT semantic_graph_add_links('sge_index', 'sge_link', 'a', NULL);
SELECT semantic_graph_add_links('sge_index', 'sge_index', 'a', 'b');
SELECT semantic_graph_add_links('sge_text', 'sge_link', 'a', 'b');
CREATE TEMPORARY TABLE sge_temp (a bigint, b bigint);
SELECT semantic_graph_add_links('sge_index', 'sge_temp', 'a', 'b');
SELECT semantic_graph_add_links('sge_index', 'sge_link', 'a', 'b', weight => 'weight', kind => 'kind');
SELECT * FROM semantic_graph_links('sge_index');
SELECT semantic_graph_add_links('sge_index', 'sge_link', 'a', 'b', directed => true, label => 'follows');
SELECT * FROM semantic_graph_links('sge_index');
ALTER TABLE sge_link RENAME COLUMN b TO c;
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]');
ALTER TABLE sge_link RENAME COLUMN c TO b;
ALTER TABLE sge_link RENAME TO sge_other;
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]');
ALTER TABLE sge_other RENAME TO sge_link;
SELECT semantic_graph_drop_links('sge_index', 'sge_link', 'b');
SELECT semantic_graph_drop_links('sge_index', 'sge_link');
SELECT semantic_graph_drop_links('sge_index');
SELECT semantic_graph_add_links('sge_index', 'sge_link', 'a', 'b', weight => 'weight');
UPDATE sge_link SET weight = -1 WHERE a = 3;
SELECT count(*) FROM semantic_graph_search('sge_index', '[3,1]');
UPDATE sge_link SET weight = 'Infinity' WHERE a = 3;
SELECT count(*) FROM semantic_graph_search('sge_index', '[3,1]');
UPDATE sge_link SET weight = 1 WHERE a = 3;
SELECT count(*) FROM semantic_graph_search('sge_index', '[3,1]');

-- links_sql.
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELECT a AS source FROM sge_link');
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELECT a AS source, name AS target FROM sge_link');
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELECT a AS source, b AS target, name AS weight FROM sge_link');
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELECT a AS source, b AS target, a AS directed FROM sge_link');
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELECT a AS source, b AS target, -1 AS weight FROM sge_link');
-- Errors of a link name it.
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELECT 7 AS source, 8 AS target, 1e400::numeric AS weight');
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELEC 1');
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => '');
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELECT 1; SELECT 2');
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'DELETE FROM sge_link RETURNING a AS source, b AS target');
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'WITH gone AS (DELETE FROM sge_link RETURNING a, b) SELECT a AS source, b AS target FROM gone');
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELECT a AS source, b AS target FROM sge_link FOR UPDATE');
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'TRUNCATE sge_link');
CREATE FUNCTION sge_write() RETURNS integer LANGUAGE plpgsql AS 'BEGIN DELETE FROM sge_link; RETURN 1; END';
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELECT sge_write() AS source, 2 AS target');
-- Nor can it give itself leave to write.
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]',
    links_sql => $$SELECT 1 AS source, 2 AS target FROM set_config('transaction_read_only', 'off', true)$$);
CREATE FUNCTION sge_try() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELECT sge_write() AS source, 2 AS target');
    RETURN false;
EXCEPTION WHEN read_only_sql_transaction THEN
    INSERT INTO sge_link VALUES (1, 2);  -- the stretch that only reads is over
    DELETE FROM sge_link WHERE ctid = (SELECT max(ctid) FROM sge_link);
    RETURN true;
END $$;
SELECT sge_try();
BEGIN READ ONLY;
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELECT a AS source, b AS target FROM sge_link');
SHOW transaction_read_only;
COMMIT;
-- Nothing was written, and the session may write again.
SELECT count(*) FROM sge_link;
SHOW transaction_read_only;
INSERT INTO sge_link VALUES (1, 3);
SET work_mem = '64kB';
SELECT count(*) FROM semantic_graph_search('sge_index', '[1,1]', links_sql => 'SELECT i AS source, i + 1 AS target FROM generate_series(1, 100000) i');
RESET work_mem;
SELECT semantic_graph_drop_links('sge_index');
-- The key's type changes under the plans of a session.
CREATE TABLE sge_key (id uuid PRIMARY KEY, v vector(2));
INSERT INTO sge_key SELECT format('00000000-0000-0000-0000-%s', lpad(i::text, 12, '0'))::uuid, format('[%s,1]', i)::vector FROM generate_series(1, 9) i;
CREATE TABLE sge_key_link (a uuid, b uuid, weight float8);
INSERT INTO sge_key_link SELECT x.id, y.id FROM sge_key x, sge_key y WHERE x.v <-> '[1,1]' = 0 AND y.v <-> '[9,1]' = 0;
CREATE INDEX ON sge_key_link (a);
CREATE INDEX ON sge_key_link (b);
CREATE INDEX sge_key_index ON sge_key USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 2);
SELECT semantic_graph_add_links('sge_key_index', 'sge_key_link', 'a', 'b', weight => 'weight');
SELECT neighbor FROM semantic_graph_neighbors_text('sge_key_index', '00000000-0000-0000-0000-000000000001') WHERE kind <> 'knn';
ALTER TABLE sge_key ALTER id TYPE text;
ALTER TABLE sge_key_link ALTER a TYPE text, ALTER b TYPE text;
SELECT neighbor FROM semantic_graph_neighbors_text('sge_key_index', '00000000-0000-0000-0000-000000000001') WHERE kind <> 'knn';
ALTER TABLE sge_key ALTER id TYPE uuid USING id::uuid;
ALTER TABLE sge_key_link ALTER a TYPE uuid USING a::uuid, ALTER b TYPE uuid USING b::uuid;
SELECT neighbor FROM semantic_graph_neighbors_text('sge_key_index', '00000000-0000-0000-0000-000000000001') WHERE kind <> 'knn';
UPDATE sge_key_link SET weight = -2;
SELECT neighbor FROM semantic_graph_neighbors_text('sge_key_index', '00000000-0000-0000-0000-000000000001') WHERE kind <> 'knn';
SELECT semantic_graph_drop_links('sge_key_index');
DROP TABLE sge_key, sge_key_link;
DROP FUNCTION sge_write, sge_try;
DROP TABLE sge_row, sge_link;

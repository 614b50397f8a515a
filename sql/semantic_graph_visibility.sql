-- What the graph functions may see: snapshots, dead rows, HOT chains, rights, row-level security.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
CREATE TABLE sgv_row (id bigint PRIMARY KEY, note integer DEFAULT 0, v vector(2)) WITH (autovacuum_enabled = off, fillfactor = 50);
INSERT INTO sgv_row SELECT i, 0, format('[%s,%s]', cos(i * 0.003), sin(i * 0.003))::vector FROM generate_series(1, 500) i;
CREATE TABLE sgv_link (a bigint, b bigint);
INSERT INTO sgv_link SELECT i, i + 100 FROM generate_series(1, 400) i;
CREATE INDEX ON sgv_link (a);
CREATE INDEX ON sgv_link (b);
CREATE INDEX sgv_index ON sgv_row USING semantic_graph (v vector_cosine_ops) INCLUDE (id) WITH (k = 4);
SELECT semantic_graph_add_links('sgv_index', 'sgv_link', 'a', 'b');
\set query '''[1,0.001]'''

-- Rows of an aborted transaction, and of this one.
BEGIN;
INSERT INTO sgv_row VALUES (1001, 0, :query);
SELECT key FROM semantic_graph_search('sgv_index', :query, k => 1);
ROLLBACK;
SELECT key FROM semantic_graph_search('sgv_index', :query, k => 1);

-- The statement's snapshot, not a newer one: a function that inserts and searches in one statement.
WITH new AS (INSERT INTO sgv_row VALUES (1002, 0, :query) RETURNING id)
SELECT key, (SELECT id FROM new) FROM semantic_graph_search('sgv_index', :query, k => 1);
DELETE FROM sgv_row WHERE id = 1002;

-- A HOT update leaves the index entry at the root of the chain; a non-HOT one makes two nodes with one key.
UPDATE sgv_row SET note = 1 WHERE id <= 10;
UPDATE sgv_row SET note = 2 WHERE id <= 10;
SELECT count(*), count(DISTINCT key) FROM semantic_graph_search('sgv_index', :query, k => 20) WHERE key <= 10;
UPDATE sgv_row SET v = format('[%s,%s]', cos(id * 0.003 + 0.0001), sin(id * 0.003 + 0.0001))::vector WHERE id <= 10;
SELECT count(*), count(DISTINCT key) FROM semantic_graph_search('sgv_index', :query, k => 20) WHERE key <= 10;
-- Similarity is that of the version seen.
SELECT count(*) FROM semantic_graph_search('sgv_index', :query, k => 20) s JOIN sgv_row r ON r.id = s.key
WHERE abs(s.similarity - (1 - (r.v <=> :query))) > 1e-5;

-- A deleted row is no stepping stone: 1 - 101 - 201 without 101.
SELECT key, path FROM semantic_graph_expand('sgv_index', '{1}', 2) ORDER BY key;
BEGIN;
DELETE FROM sgv_row WHERE id = 101;
SELECT key, path FROM semantic_graph_expand('sgv_index', '{1}', 2) ORDER BY key;
SELECT count(*) FROM semantic_graph_path('sgv_index', 1, 201, link_share => 1);
SELECT count(*) FROM semantic_graph_neighbors('sgv_index', 1) WHERE neighbor = 101;
SELECT count(*) FROM semantic_graph_edges('sgv_index', 'both') WHERE 101 IN (source, target);
SELECT count(*) FROM semantic_graph_components('sgv_index') WHERE key = 101;
ROLLBACK;
-- A row without embedding is walked through, and not returned by a search.
BEGIN;
UPDATE sgv_row SET v = NULL WHERE id = 101;
SELECT key, path FROM semantic_graph_expand('sgv_index', '{1}', 2) ORDER BY key;
SELECT count(*) FILTER (WHERE key = 101) AS null_row, count(*) FILTER (WHERE 101 = ANY (path)) > 0 AS through
FROM semantic_graph_search('sgv_index', :query, k => 500, beta => 1, link_share => 1);
ROLLBACK;

-- Nine rows of ten deleted and no vacuum yet: still k rows.
DELETE FROM sgv_row WHERE id % 10 <> 0;
SELECT count(*), bool_and(key % 10 = 0) AS alive FROM semantic_graph_search('sgv_index', :query, k => 40);
SELECT count(*), bool_and(key % 10 = 0) AS alive FROM semantic_graph_search('sgv_index', :query, k => 40, beta => 0);
SELECT array_agg(key) AS before FROM semantic_graph_search('sgv_index', :query, k => 10) \gset
SELECT count(*) FROM semantic_graph_edges('sgv_index', 'knn') WHERE source % 10 <> 0 OR target % 10 <> 0;
VACUUM sgv_row;
SELECT count(*) FROM semantic_graph_search('sgv_index', :query, k => 40);

-- Rights: the table's columns and the link tables, of whoever calls.
CREATE ROLE sgv_user;
SET ROLE sgv_user;
SELECT count(*) FROM semantic_graph_search('sgv_index', :query);
RESET ROLE;
GRANT SELECT (id, v) ON sgv_row TO sgv_user;
SET ROLE sgv_user;
SELECT count(*) FROM semantic_graph_search('sgv_index', :query);
SELECT count(*) FROM semantic_graph_search('sgv_index', :query, links_sql => 'SELECT 10 AS source, 20 AS target');
SELECT count(*) FROM semantic_graph_search('sgv_index', :query, beta => 0);
SELECT semantic_graph_add_links('sgv_index', 'sgv_link', 'a', 'b');
SELECT semantic_graph_drop_links('sgv_index');
DELETE FROM _vectorgraph.semantic_graph_link_set;
RESET ROLE;
GRANT SELECT ON sgv_link TO sgv_user;
SET ROLE sgv_user;
SELECT count(*) FROM semantic_graph_search('sgv_index', :query);
SELECT semantic_graph_dot('sgv_index', '{10}', label => 'note') IS NULL;
RESET ROLE;
-- An owner who is no superuser registers links.
CREATE TABLE sgv_own (id bigint PRIMARY KEY, up bigint, v vector(2));
INSERT INTO sgv_own SELECT i, i / 2, format('[%s,1]', i)::vector FROM generate_series(1, 9) i;
CREATE INDEX ON sgv_own (up);
CREATE INDEX sgv_own_index ON sgv_own USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 2);
ALTER TABLE sgv_own OWNER TO sgv_user;
SET ROLE sgv_user;
SELECT semantic_graph_add_links('sgv_own_index', 'sgv_own', 'id', 'up');
SELECT * FROM semantic_graph_links('sgv_own_index');
SELECT key, kinds FROM semantic_graph_expand('sgv_own_index', '{2}') ORDER BY key;
RESET ROLE;

-- Row-level security decides on rows, seeds and stepping stones, and on links.
ALTER TABLE sgv_row ENABLE ROW LEVEL SECURITY;
CREATE POLICY sgv_policy ON sgv_row TO sgv_user USING (id % 20 = 0);
INSERT INTO sgv_link VALUES (20, 30), (30, 40), (20, 60);
SET ROLE sgv_user;
SELECT count(*), bool_and(key % 20 = 0) AS allowed, bool_and((SELECT bool_and(p % 20 = 0) FROM unnest(path) p) IS NOT FALSE) AS paths
FROM semantic_graph_search('sgv_index', :query, k => 50);
SELECT key, path FROM semantic_graph_expand('sgv_index', '{20,30}', 2) WHERE key <= 60 ORDER BY key;
SELECT count(*) FROM semantic_graph_edges('sgv_index', 'both') WHERE source % 20 <> 0 OR target % 20 <> 0;
SELECT count(*) FROM semantic_graph_neighbors('sgv_index', 30);
RESET ROLE;
ALTER TABLE sgv_link ENABLE ROW LEVEL SECURITY;
CREATE POLICY sgv_links ON sgv_link TO sgv_user USING (b <> 60);
SET ROLE sgv_user;
SELECT key FROM semantic_graph_expand('sgv_index', '{20}', 1) ORDER BY key;
RESET ROLE;

-- Few rows of many that may be seen, or that are not dead: what is passed on the way to them takes no memory.
CREATE TABLE sgv_few (name text, mine boolean, v vector(2)) WITH (autovacuum_enabled = off);
INSERT INTO sgv_few SELECT 'a name of some length ' || i, i % 800 = 1, format('[%s,%s]', i, i % 7)::vector FROM generate_series(1, 4000) i;
CREATE INDEX sgv_few_index ON sgv_few USING semantic_graph (v vector_l2_ops) INCLUDE (name) WITH (k = 2, m = 4, ef_construction = 16);
ALTER TABLE sgv_few ENABLE ROW LEVEL SECURITY;
CREATE POLICY sgv_mine ON sgv_few TO sgv_user USING (mine);
GRANT SELECT ON sgv_few TO sgv_user;
SET work_mem = '64kB';
SET ROLE sgv_user;
SELECT key FROM semantic_graph_search_text('sgv_few_index', '[3000,0]', k => 10);
SELECT key FROM semantic_graph_components_text('sgv_few_index', 'knn') ORDER BY key;
RESET ROLE;
DELETE FROM sgv_few WHERE NOT mine;
SELECT key FROM semantic_graph_search_text('sgv_few_index', '[3000,0]', k => 10);
-- Nor does a node of many rows of which few may be seen.
INSERT INTO sgv_few SELECT 'another ' || i, i % 3000 = 0, '[1,1]' FROM generate_series(1, 6000) i;
SET ROLE sgv_user;
SELECT key FROM semantic_graph_search_text('sgv_few_index', '[1,1]', k => 3, beta => 0);
RESET ROLE;
RESET work_mem;
DROP TABLE sgv_few;

-- A partial index: only its rows are nodes, the others are walked through.
CREATE INDEX sgv_partial ON sgv_own USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 2) WHERE id <> 2;
SELECT semantic_graph_add_links('sgv_partial', 'sgv_own', 'id', 'up');
SELECT key, path FROM semantic_graph_expand('sgv_partial', '{1}', 2) WHERE 4 = key;
SELECT count(*) FROM semantic_graph_search('sgv_partial', '[2,1]', k => 20) WHERE key = 2;

-- Equal vectors share a node and keep their keys.
INSERT INTO sgv_own SELECT 100 + i, 1, '[5,1]' FROM generate_series(1, 30) i;
SELECT count(DISTINCT key) FROM semantic_graph_search('sgv_own_index', '[5,1]', k => 31, beta => 0) WHERE similarity = 1;
SELECT count(DISTINCT neighbor) FROM semantic_graph_neighbors('sgv_own_index', 105) WHERE kind = 'knn' AND similarity = 1;

-- A transaction that may not write, and one that must be serialisable.
BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT count(*) FROM semantic_graph_search('sgv_own_index', '[5,1]', k => 5);
COMMIT;
BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM semantic_graph_search('sgv_own_index', '[5,1]', k => 5);
SELECT mode, count(*) FROM pg_locks WHERE locktype = 'relation' AND relation = 'sgv_own_index'::regclass AND mode = 'SIReadLock' GROUP BY mode;
COMMIT;
DROP TABLE sgv_row, sgv_link, sgv_own;
DELETE FROM _vectorgraph.semantic_graph_link_set;
DROP ROLE sgv_user;

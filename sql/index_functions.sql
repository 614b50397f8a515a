-- The functions that look at an index: check, stats, recall.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
CREATE TABLE looked_at (id integer, v vector(16));
INSERT INTO looked_at SELECT i, (SELECT array_agg(sin(i * j * 0.37 + j) ORDER BY j)::real[]::vector
    FROM generate_series(1, 16) j) FROM generate_series(1, 3000) i;
INSERT INTO looked_at SELECT 3000 + i, v FROM looked_at, generate_series(1, 20) i WHERE id = 1;
CREATE INDEX looked_at_v ON looked_at USING lid_hnsw (v);
SELECT vectorgraph_index_check('looked_at_v', true);
SELECT nodes, tuples, duplicates, dead_nodes, free_slots, unreachable, m, ef_construction, link_capacity,
    build_order, metric, dimensions, storage FROM vectorgraph_index_stats('looked_at_v');
SELECT k, queries, ef_search, recall_mean > 0.9 AS good, recall_p5 <= recall_mean AS p5, recall_min <= recall_p5 AS min,
    ci_low <= recall_mean AND recall_mean <= ci_high AS interval, pages_mean > 10 AS pages
FROM vectorgraph_index_recall('looked_at_v', 10, 50, ef_search => 100);
SELECT queries, recall_mean FROM vectorgraph_index_recall('looked_at_v', 1,
    queries => ARRAY(SELECT v FROM looked_at WHERE id IN (2, 3)), ef_search => 200);
SHOW lid_hnsw.ef_search;
DELETE FROM looked_at WHERE id % 2 = 0;
VACUUM looked_at;
SELECT vectorgraph_index_check('looked_at_v', true) > 0 AS sound;
SELECT dead_nodes, free_slots > 0 AS freed, unreachable FROM vectorgraph_index_stats('looked_at_v');
-- When a REINDEX would pay, and from what that follows.
CREATE FUNCTION pg_temp.advice(index text) RETURNS text LANGUAGE sql AS $$
    SELECT format('shift %s, outliers %s: %s', centre_shift > 1, outliers, coalesce(advice, 'none'))
    FROM vectorgraph_index_stats($1::regclass)
$$;
CREATE TABLE moved (id integer, v vector(4)) WITH (autovacuum_enabled = off);
CREATE FUNCTION pg_temp.fill(first integer, last integer, by real) RETURNS void LANGUAGE sql AS $$
    INSERT INTO moved SELECT i, ARRAY[sin(i), cos(i), sin(i * 0.7), cos(i * 0.3)]::real[]::vector + ARRAY[by, 0, 0, 0]::vector
    FROM generate_series(first, last) i
$$;
CREATE INDEX moved_l2 ON moved USING lid_hnsw (v vector_l2_ops);
CREATE INDEX moved_ip ON moved USING lid_hnsw (v vector_ip_ops);
SELECT pg_temp.advice('moved_l2');
SELECT pg_temp.fill(1, 500, 0);
SELECT pg_temp.advice('moved_l2');
REINDEX TABLE moved;
SELECT pg_temp.advice('moved_l2'), pg_temp.advice('moved_ip');
SELECT pg_temp.fill(501, 510, 10);
SELECT pg_temp.advice('moved_l2'), pg_temp.advice('moved_ip');
SELECT pg_temp.fill(511, 1500, 10);
SELECT pg_temp.advice('moved_l2'), pg_temp.advice('moved_ip');
TRUNCATE moved;
SELECT pg_temp.fill(1, 500, 30);
SELECT pg_temp.advice('moved_l2');
REINDEX TABLE moved;
SELECT pg_temp.advice('moved_l2'), pg_temp.advice('moved_ip');
DELETE FROM moved WHERE id > 200;
VACUUM moved;
SELECT pg_temp.advice('moved_l2');
SELECT vectorgraph_index_check('moved_l2', true) > 0 AND vectorgraph_index_check('moved_ip', true) > 0 AS sound;
DROP TABLE moved;
\set VERBOSITY sqlstate
SELECT vectorgraph_index_check('looked_at');
CREATE INDEX looked_at_id ON looked_at (id);
SELECT vectorgraph_index_check('looked_at_id');
SELECT * FROM vectorgraph_index_stats('looked_at_id');
SELECT * FROM vectorgraph_index_recall('looked_at_v', 0);
SELECT * FROM vectorgraph_index_recall('looked_at_v', 10, 0);
SELECT * FROM vectorgraph_index_recall('looked_at_v', 10, queries => ARRAY['[1,2]'::vector]);
\set VERBOSITY default
DROP TABLE looked_at;

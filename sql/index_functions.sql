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

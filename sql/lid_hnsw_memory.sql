-- Builds that outgrow maintenance_work_mem: what fits is built in memory, the rest goes in through the pages.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all
CREATE TABLE items (id integer, v vector(24));
INSERT INTO items SELECT i, pg_temp.vec(i, 24) FROM generate_series(1, 4000) i;
INSERT INTO items SELECT 4000 + i, v FROM items, generate_series(1, 20) i WHERE id = 7;
SET client_min_messages = warning;  -- the notice names a number of rows

-- From the first row on.
SET maintenance_work_mem = '1MB';
CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops);
SELECT vectorgraph_index_check('items_v', true);
SELECT nodes, tuples, inserted_since_build > 3900 AS through_pages, unreachable FROM vectorgraph_index_stats('items_v');
SELECT recall > 0.9 AS good, full_answers, ordered FROM pg_temp.compare('items', '<->', 24, 10, 30);
SELECT pg_temp.all_rows('items', '<->', 24);

-- From somewhere in the middle on.
SET maintenance_work_mem = '6MB';
REINDEX INDEX items_v;
SELECT vectorgraph_index_check('items_v', true);
SELECT nodes, tuples, inserted_since_build BETWEEN 1 AND 3900 AS through_pages, unreachable FROM vectorgraph_index_stats('items_v');
SELECT recall > 0.9 AS good, full_answers, ordered FROM pg_temp.compare('items', '<->', 24, 10, 30);
SELECT pg_temp.all_rows('items', '<->', 24);

-- The index goes on as any other.
DELETE FROM items WHERE id % 3 = 0;
VACUUM items;
INSERT INTO items SELECT i, pg_temp.vec(i, 24) FROM generate_series(5001, 5500) i;
SELECT vectorgraph_index_check('items_v', true);
RESET maintenance_work_mem;
REINDEX INDEX items_v;
SELECT nodes, inserted_since_build FROM vectorgraph_index_stats('items_v');
DROP TABLE items;

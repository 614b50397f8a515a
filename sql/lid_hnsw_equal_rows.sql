-- Many rows of one vector: the first of them come at the price of a page or two, and all of them come once.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all
-- Graphs that several threads build differ from one time to the next, and so do the pages that a search reads.
SET max_parallel_maintenance_workers = 0;
CREATE TABLE copies (id integer, v vector(16)) WITH (autovacuum_enabled = off);
INSERT INTO copies SELECT i, pg_temp.vec(i, 16) FROM generate_series(1, 3000) i;
CREATE INDEX copies_v ON copies USING lid_hnsw (v vector_l2_ops);
SET enable_seqscan = off;
SET enable_sort = off;
SELECT pg_temp.buffers('SELECT id FROM copies ORDER BY v <-> pg_temp.vec(7, 16) LIMIT 1') AS alone \gset
-- 40,000 copies of row 7, which take 4,444 chunks: the first row costs no more than it did, ten a page or two more.
INSERT INTO copies SELECT 10000 + i, pg_temp.vec(7, 16) FROM generate_series(1, 40000) i;
SELECT pg_temp.buffers('SELECT id FROM copies ORDER BY v <-> pg_temp.vec(7, 16) LIMIT 1') <= :alone + 2 AS first_row,
    pg_temp.buffers('SELECT id FROM copies ORDER BY v <-> pg_temp.vec(7, 16) LIMIT 10') <= :alone + 20 AS ten_rows;
SELECT count(*), count(DISTINCT id), max(v <-> pg_temp.vec(7, 16)) AS farthest
FROM (SELECT * FROM copies ORDER BY v <-> pg_temp.vec(7, 16) LIMIT 40001) s;
SELECT pg_temp.all_rows('copies', '<->', 16), pg_temp.sound('copies_v');
-- The same after a build, and after most of them are gone.
SET enable_seqscan = off;
SET enable_sort = off;
REINDEX INDEX copies_v;
SELECT pg_temp.buffers('SELECT id FROM copies ORDER BY v <-> pg_temp.vec(7, 16) LIMIT 1') <= :alone + 2 AS first_row;
DELETE FROM copies WHERE id > 10000 AND id % 100 <> 0;
VACUUM copies;
SELECT pg_temp.all_rows('copies', '<->', 16), pg_temp.sound('copies_v');
DROP TABLE copies;

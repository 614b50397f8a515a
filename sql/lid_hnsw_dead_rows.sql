-- Rows that nobody sees any more are looked up in the table once: the scan that meets them marks their heap TIDs.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all
SET max_parallel_maintenance_workers = 0;
-- Whether the pages of a statement come down to so many. Rows are dead once every transaction is over that was
-- under way when they died, one of autovacuum perhaps.
CREATE FUNCTION pg_temp.comes_down_to(most bigint, statement text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..300 LOOP
        IF pg_temp.buffers(statement) <= most THEN
            RETURN true;
        END IF;
        PERFORM pg_sleep(0.1);
    END LOOP;
    RETURN false;
END $$;
-- 1,000 rows, and 600 copies of one of them, each on a page of the table of its own.
CREATE FUNCTION pg_temp.make_rows(persistence text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE %s TABLE jobs (id integer, v vector(16), pad text) WITH (autovacuum_enabled = off)', persistence);
    ALTER TABLE jobs ALTER COLUMN pad SET STORAGE PLAIN;
    INSERT INTO jobs SELECT i, pg_temp.vec(i, 16) FROM generate_series(1, 1000) i;
    CREATE INDEX jobs_v ON jobs USING lid_hnsw (v vector_l2_ops);
    INSERT INTO jobs SELECT 10000 + i, pg_temp.vec(7, 16), repeat('x', 7000) FROM generate_series(1, 600) i;
    SET enable_seqscan = off;
    SET enable_sort = off;
END $$;
\set nearest 'SELECT id FROM jobs ORDER BY v <-> pg_temp.vec(7, 16) LIMIT 1'
-- All copies go, and their row: what is next costs 600 pages of the table once, and none then.
SELECT pg_temp.make_rows('');
SELECT pg_temp.buffers(:'nearest') AS alone \gset
DELETE FROM jobs WHERE id = 7 OR id > 10000;
SELECT pg_temp.buffers(:'nearest') > 600 AS looked_up,
    pg_temp.comes_down_to(:alone + 600 / 8 + 20, :'nearest') AS not_again;
:nearest;
-- The pass over all pages heeds the marks too.
SET lid_hnsw.exact_scan = on;
SELECT pg_temp.buffers(:'nearest') < 500 AS not_again;
:nearest;
RESET lid_hnsw.exact_scan;
SELECT pg_temp.sound('jobs_v');
-- The marks go with their rows, and the next rows in those places are seen.
VACUUM jobs;
INSERT INTO jobs SELECT 20000 + i, pg_temp.vec(7, 16), repeat('x', 7000) FROM generate_series(1, 600) i;
SELECT count(*), count(DISTINCT id), max(v <-> pg_temp.vec(7, 16)) AS farthest
FROM (SELECT * FROM jobs ORDER BY v <-> pg_temp.vec(7, 16) LIMIT 600) s;
SELECT pg_temp.all_rows('jobs', '<->', 16), pg_temp.sound('jobs_v');
SET enable_seqscan = off;
SET enable_sort = off;
-- Rows of a transaction that came to nothing.
BEGIN;
INSERT INTO jobs SELECT 30000 + i, pg_temp.vec(8, 16), repeat('x', 7000) FROM generate_series(1, 600) i;
ROLLBACK;
DELETE FROM jobs WHERE id = 8;
\set nearest 'SELECT id FROM jobs ORDER BY v <-> pg_temp.vec(8, 16) LIMIT 1'
SELECT pg_temp.buffers(:'nearest') > 600 AS looked_up,
    pg_temp.comes_down_to(:alone + 600 / 8 + 20, :'nearest') AS not_again;
-- A row among the marked ones still comes, and new ones.
INSERT INTO jobs VALUES (40000, pg_temp.vec(8, 16), NULL);
:nearest;
SELECT pg_temp.all_rows('jobs', '<->', 16), pg_temp.sound('jobs_v');
DROP TABLE jobs;
-- An unlogged index has no positions in the WAL to go by: its rows are looked up every time.
SELECT pg_temp.make_rows('UNLOGGED');
DELETE FROM jobs WHERE id = 7 OR id > 10000;
\set nearest 'SELECT id FROM jobs ORDER BY v <-> pg_temp.vec(7, 16) LIMIT 1'
:nearest;
SELECT pg_temp.buffers(:'nearest') > 600 AS looked_up;
:nearest;
DROP TABLE jobs;

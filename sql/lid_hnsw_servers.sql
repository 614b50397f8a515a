-- Where servers differ: rows that are locked, changed and named by ctid, ties that a second column breaks, index searches
-- that EXPLAIN counts. Some releases lose the ctids of rows that wait for their exact distance, 18.6 among them: they are
-- told apart below.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all
SELECT current_setting('server_version_num')::integer AS server,
    pg_temp.loses_ctids() AS loses_ctids \gset

-- Sixteen places, three rows each that differ by no more than rounding: the executor puts them in order. Two rows have none.
CREATE TABLE job (id integer PRIMARY KEY, state text DEFAULT 'new', v vector(3));
INSERT INTO job (id, v) SELECT i, ARRAY[i % 16, 1 + (i / 16) * 6e-8, 0.3]::vector FROM generate_series(0, 47) i;
INSERT INTO job (id, v) VALUES (48, NULL), (49, NULL);
CREATE INDEX job_v ON job USING lid_hnsw (v vector_l2_ops);
ANALYZE job;
SET enable_seqscan = off;
SET enable_sort = off;
SELECT pg_temp.path('SELECT id FROM job ORDER BY v <-> ''[3,1,0]'' LIMIT 6');

-- The plan is that of the index for whoever can use it: not for rows that the server would lose.
SET client_min_messages = error;
SELECT (pg_temp.path(q) ~ 'using job_v') = (:'loses_ctids' <> 't') AS as_expected FROM (VALUES
    ('SELECT id FROM job ORDER BY v <-> ''[3,1,0]'' LIMIT 6 FOR UPDATE'), ('SELECT ctid FROM job ORDER BY v <-> ''[3,1,0]'' LIMIT 6')) s(q);
RESET client_min_messages;
BEGIN;
SET LOCAL client_min_messages = error;
SELECT array_agg(id / 16 ORDER BY id) AS turns, array_agg(DISTINCT id % 16) AS places FROM
    (SELECT id FROM job ORDER BY v <-> '[3,1,0]' LIMIT 3 FOR UPDATE) s;
SELECT count(*) AS locked FROM (SELECT id FROM job ORDER BY v <-> '[3,1,0]' LIMIT 20 FOR UPDATE SKIP LOCKED) s;
WITH taken AS (UPDATE job SET state = 'taken' WHERE ctid = ANY (ARRAY(SELECT ctid FROM job ORDER BY v <-> '[3,1,0]' LIMIT 9))
    RETURNING id) SELECT count(*) AS taken, array_agg(DISTINCT id % 16) AS places FROM taken;
DELETE FROM job USING (SELECT id FROM job ORDER BY v <-> '[9,1,0]' LIMIT 3) n WHERE n.id = job.id RETURNING job.id % 16 AS place;
ROLLBACK;

-- A cursor's row. Where ctids are lost it would not be found, which is the server's fault.
\if :loses_ctids
SELECT 3 AS places \gset
\else
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM job ORDER BY v <-> '[3,1,0]';
MOVE 2 FROM c;
\o /dev/null
FETCH c;
\o
UPDATE job SET state = 'current' WHERE CURRENT OF c;
SELECT id % 16 AS places FROM job WHERE state = 'current' \gset
ROLLBACK;
\endif
SELECT :places AS place_of_the_cursor;

-- A warning, where there is something to warn of, comes once in a session: with the first of these, which hides it.
\c -
CREATE FUNCTION pg_temp.quietly(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('client_min_messages', 'error', true);
    EXECUTE statement;
    RETURN 'done';
END $$;
SELECT pg_temp.quietly('SELECT id FROM job ORDER BY v <-> ''[3,1,0]'' LIMIT 6 FOR UPDATE');
SELECT count(*) AS locked FROM (SELECT id FROM job ORDER BY v <-> '[3,1,0]' LIMIT 6 FOR UPDATE) s;

-- Ties broken by a second column, from 17 on by an incremental sort of what the index returns.
SET enable_seqscan = off;
SELECT array_agg(id) AS ids FROM (SELECT id FROM job WHERE v IS NOT NULL ORDER BY v <-> '[3,1,0]', id LIMIT 3) s;
SELECT count(*) = count(v) AS rows_with_a_vector_only FROM (SELECT v FROM job WHERE v IS NOT NULL ORDER BY v <-> '[3,1,0]', id) s;
-- Who wants the rows that are in no index too orders by what no index has.
SELECT count(*) AS all_rows, count(*) - count(v) AS without FROM (SELECT v FROM job ORDER BY (v <-> '[3,1,0]') + 0, id OFFSET 0) s;
SELECT array_agg(id) AS last FROM (SELECT id FROM job ORDER BY (v <-> '[3,1,0]') + 0, id OFFSET 48) s;

-- EXPLAIN ANALYZE counts searches from 18 on: one for a scan, one for each that it is repeated.
CREATE FUNCTION pg_temp.searches(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || statement LOOP
        IF line ~ 'Index Searches: ' THEN
            RETURN substring(line FROM '\d+');
        END IF;
    END LOOP;
    RETURN 'not counted';
END $$;
SELECT pg_temp.searches('SELECT id FROM job ORDER BY v <-> ''[3,1,0]'' LIMIT 5')
        = CASE WHEN current_setting('server_version_num')::integer >= 180000 THEN '1' ELSE 'not counted' END AS one,
    pg_temp.searches('SELECT n.id FROM (VALUES (1), (5), (9)) q(x),
        LATERAL (SELECT id FROM job ORDER BY v <-> ARRAY[q.x, 1, 0]::vector LIMIT 2) n')
        = CASE WHEN current_setting('server_version_num')::integer >= 180000 THEN '3' ELSE 'not counted' END AS three;
-- No order, no scan: not even where sequential scans are forbidden.
SELECT count(*) FROM job;
DROP TABLE job;

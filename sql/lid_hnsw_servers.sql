-- Where servers differ: rows that are locked, changed and named by ctid, ties that a second column breaks, index searches
-- that EXPLAIN counts. Some releases (15.18, 16.14, 17.10, 18.4 and 18.6) lose the ctid of rows that wait in the executor
-- for their exact distance. Rows of these indexes never do.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all

-- Sixteen places, three rows each that differ by no more than rounding, and more dimensions of zeros, which the index keeps
-- in 8 bits, so that only the table tells them apart. Two rows have none.
CREATE FUNCTION pg_temp.wide(v vector) RETURNS vector IMMUTABLE LANGUAGE sql
    AS 'SELECT (v::real[] || array_fill(0::real, ARRAY[1497]))::vector';
CREATE TABLE job (id integer PRIMARY KEY, state text DEFAULT 'new', v vector(3), w vector(1500));
INSERT INTO job (id, v) SELECT i, ARRAY[i % 16, 1 + (i / 16) * 6e-8, 0.3]::vector FROM generate_series(0, 47) i;
INSERT INTO job (id, v) VALUES (48, NULL), (49, NULL);
UPDATE job SET w = pg_temp.wide(v) WHERE v IS NOT NULL;
CREATE INDEX job_v ON job USING lid_hnsw (v vector_l2_ops);
CREATE INDEX job_w ON job USING lid_hnsw (w vector_l2_ops);
ANALYZE job;
SET enable_seqscan = off;
SET enable_sort = off;
SELECT storage FROM vectorgraph_index_stats('job_v') UNION ALL SELECT storage FROM vectorgraph_index_stats('job_w');
\set vector v
SELECT '[3,1,0]' AS near_3, '[9,1,0]' AS near_9 \gset
\i sql/include/locked_rows.sql
\set vector w
SELECT pg_temp.wide('[3,1,0]') AS near_3, pg_temp.wide('[9,1,0]') AS near_9 \gset
\i sql/include/locked_rows.sql

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

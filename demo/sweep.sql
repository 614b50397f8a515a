-- Recall@10, latency and buffers of the 200 queries that were kept out of the table. A hit is a result
-- at most as far away as the true tenth neighbour; latency is taken inside the server, per statement;
-- pages are all buffers a query touches, those of the table included.
SET max_parallel_workers_per_gather = 0;

CREATE TEMP TABLE truth (id integer PRIMARY KEY, d10 float8);
CREATE TEMP TABLE point (
    how text, ord integer, recall float8, milliseconds float8, pages float8
);

CREATE FUNCTION pg_temp.measure(label text, place integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement constant text := 'SELECT v <=> $1 AS d FROM word ORDER BY v <=> $1 LIMIT 10';
    q record;
    far float8;
    hits integer;
    found integer := 0;
    plan json;
    milliseconds float8[];
    pages float8[];
    since timestamptz;
BEGIN
    FOR q IN SELECT * FROM query ORDER BY id LOOP
        since := clock_timestamp();
        EXECUTE format('SELECT max(d) FROM (%s) AS nearest', statement) INTO far USING q.v;
        milliseconds := milliseconds || 1000 * extract(epoch FROM clock_timestamp() - since)::float8;

        INSERT INTO truth VALUES (q.id, far) ON CONFLICT DO NOTHING;  -- the first caller is exact
        EXECUTE format('SELECT count(*) FROM (%s) AS nearest, truth
                        WHERE truth.id = $2 AND d <= d10 + 1e-6', statement) INTO hits USING q.v, q.id;
        found := found + hits;

        EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || statement INTO plan USING q.v;
        pages := pages || ((plan->0->'Plan'->>'Shared Hit Blocks')::float8
                         + (plan->0->'Plan'->>'Shared Read Blocks')::float8);
    END LOOP;
    INSERT INTO point
        SELECT label, place, found / (10.0 * (SELECT count(*) FROM query)),
               (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM unnest(milliseconds) x),
               (SELECT avg(x) FROM unnest(pages) x);
END
$$;

SET enable_indexscan = off;
SELECT pg_temp.measure('sequential scan', 0) \g /dev/null
RESET enable_indexscan;
SET enable_seqscan = off;
SET lid_hnsw.ef_search = 10;
SELECT pg_temp.measure('index, ef_search 10', 10) \g /dev/null
SET lid_hnsw.ef_search = 20;
SELECT pg_temp.measure('index, ef_search 20', 20) \g /dev/null
SET lid_hnsw.ef_search = 40;
SELECT pg_temp.measure('index, ef_search 40', 40) \g /dev/null
SET lid_hnsw.ef_search = 80;
SELECT pg_temp.measure('index, ef_search 80', 80) \g /dev/null
SET lid_hnsw.ef_search = 160;
SELECT pg_temp.measure('index, ef_search 160', 160) \g /dev/null

SELECT how, round(recall::numeric, 4) AS "recall@10", round(milliseconds::numeric, 3) AS median_ms,
       round(pages::numeric, 0) AS pages_per_query
FROM point ORDER BY ord;

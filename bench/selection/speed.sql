-- What the selection functions cost through SQL beside reading the same rows; run by
-- bench/selection/run.sh. 768 dimensions, k = 10; rounds alternate between the queries.
SET work_mem = '64MB';
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
DROP TABLE IF EXISTS rows_768, rows_of_queries, queries, timings;
-- 37 clusters, relevance in random order.
SET seed = 0.5;
CREATE TABLE rows_768 AS
SELECT i AS id, random() AS rel, (SELECT array_agg(random() - 0.5 + 0.6 * sin(i % 37 + j))::real[]::vector(768)
    FROM generate_series(1, 768) j WHERE i = i) AS v FROM generate_series(1, 5000) i;
CREATE TABLE rows_of_queries AS
SELECT q AS qid, i AS id, random() AS rel, (SELECT array_agg(random() - 0.5 + 0.6 * sin(i % 7 + j))::real[]::vector(64)
    FROM generate_series(1, 64) j WHERE i = i AND q = q) AS v FROM generate_series(1, 1000) q, generate_series(1, 100) i;
ANALYZE;

CREATE TABLE queries (name text, rows integer, sql text);
INSERT INTO queries
SELECT name, rows, format('SELECT count(x) FROM (SELECT %s AS x FROM rows_768 WHERE id <= %s WINDOW w AS (ORDER BY rel DESC, id '
    'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) s', call, rows)
FROM (VALUES (500), (2000), (5000)) n(rows),
    (VALUES ('read', 'sum(vector_norm(v)) OVER w'), ('top-k', 'mmr_rank(v, rel, 10, 0) OVER w'),
        ('mmr', 'mmr_rank(v, rel, 10) OVER w'), ('dpp', 'dpp_rank(v, rel, 10) OVER w'), ('max_min', 'max_min_rank(v, rel, 10) OVER w'),
        ('max_sum', 'max_sum_rank(v, rel, 10) OVER w'), ('facility_location', 'facility_location_rank(v, rel, 10) OVER w'),
        ('saturated', 'saturated_rank(v, rel, 10) OVER w'), ('graph_cut', 'graph_cut_rank(v, rel, 10) OVER w'),
        ('compression', 'compression_rank(v, rel, 10) OVER w')) m(name, call)
WHERE rows = 500 OR rows = 5000 AND name IN ('read', 'top-k', 'mmr', 'dpp', 'max_min', 'max_sum');
INSERT INTO queries
SELECT name, 100000, format('SELECT count(x) FROM (SELECT %s AS x FROM rows_of_queries WINDOW w AS (PARTITION BY qid ORDER BY rel DESC, id '
    'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) s', call)
FROM (VALUES ('read', 'sum(vector_norm(v)) OVER w'), ('mmr', 'mmr_rank(v, rel, 10) OVER w'), ('dpp', 'dpp_rank(v, rel, 10) OVER w')) m(name, call);

-- Time on the CPU, in nanoseconds: unlike the wall clock, it hardly depends on what else the machine does. The
-- kernel counts it in steps of some milliseconds, so short statements run many times between two readings.
CREATE FUNCTION pg_temp.on_cpu() RETURNS float8 LANGUAGE sql VOLATILE AS
    $$SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8$$;
CREATE FUNCTION pg_temp.measure(query text, times integer, OUT wall float8, OUT cpu float8) LANGUAGE plpgsql AS $$
DECLARE
    start timestamptz := clock_timestamp();
    cpu_start float8 := pg_temp.on_cpu();
BEGIN
    FOR i IN 1..times LOOP
        EXECUTE query;
    END LOOP;
    cpu := (pg_temp.on_cpu() - cpu_start) / 1e6 / times;
    wall := 1000 * extract(epoch FROM clock_timestamp() - start) / times;
END $$;
CREATE TABLE timings AS
SELECT name, rows, round, wall, cpu
FROM (SELECT * FROM generate_series(0, :rounds) round, queries ORDER BY round, rows, name OFFSET 0) s,
    LATERAL pg_temp.measure(sql, greatest(1, 10000 / rows));

\echo 'milliseconds per statement, all rounds but the first: CPU time (minimum and quartiles), median by the clock;'
\echo 'over: CPU time above reading the rows, medians and minima. 100000 rows: 1000 queries of 100 rows of 64 dimensions'
SELECT rows, name, round(low::numeric, 2) AS min, round(q1::numeric, 2) AS q1, round(median::numeric, 2) AS median,
    round(q3::numeric, 2) AS q3, round(wall::numeric, 2) AS wall,
    round((median - min(median) FILTER (WHERE name = 'read') OVER w)::numeric, 2) AS over,
    round((low - min(low) FILTER (WHERE name = 'read') OVER w)::numeric, 2) AS over_min
FROM (SELECT rows, name, min(cpu) AS low, percentile_cont(0.25) WITHIN GROUP (ORDER BY cpu) AS q1,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS median, percentile_cont(0.75) WITHIN GROUP (ORDER BY cpu) AS q3,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY wall) AS wall
      FROM timings WHERE round > 0 GROUP BY rows, name) t
WINDOW w AS (PARTITION BY rows) ORDER BY rows, median;

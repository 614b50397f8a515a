-- What a scan costs beside its scorer calls, and what a build takes: 500,000 rows, 256 anchor queries,
-- and a scorer that costs next to nothing (Euclidean distance in 8 dimensions, which has full rank).
-- Run by bench/cur/run.sh.
SET client_min_messages = warning;
SET jit = off;
SET maintenance_work_mem = '64MB';
SET cur.max_build_calls = 2e8;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
CREATE OPERATOR CLASS l2_ops FOR TYPE vector USING cur AS
    OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops, FUNCTION 1 l2_distance(vector, vector);
CREATE FUNCTION process_status(field text) RETURNS bigint LANGUAGE sql AS $$
    SELECT substring(pg_read_file('/proc/self/status') FROM field || ':\s+(\d+)')::bigint
$$;
SELECT setseed(0.5) \g /dev/null
CREATE TABLE big AS SELECT i AS id, ARRAY[random(), random(), random(), random(), random(), random(), random(), random()]::vector(8) AS v
FROM generate_series(1, 500000) i;
VACUUM ANALYZE big;
\c -
SET client_min_messages = warning;
SET maintenance_work_mem = '64MB';
SET cur.max_build_calls = 2e8;
SELECT clock_timestamp() AS start \gset
CREATE INDEX big_v ON big USING cur (v l2_ops) WITH (anchor_queries = 256);
\echo 'build of 500,000 rows x 256 anchor queries with maintenance_work_mem = 64MB: seconds; peak resident memory and shared buffers touched now, MB'
SELECT round(extract(epoch FROM clock_timestamp() - :'start'::timestamptz)) AS seconds, process_status('VmHWM') / 1024 AS peak_mb,
    process_status('RssShmem') / 1024 AS shared_mb, process_status('RssAnon') / 1024 AS private_mb;
SELECT items, dimensions, pg_size_pretty(bytes) AS size, round(predicted_recall::numeric, 3) AS predicted_recall FROM cur_index_stats('big_v');
-- Processor time of the backend, in clock ticks of 10 ms.
CREATE FUNCTION ticks() RETURNS bigint LANGUAGE sql AS $$
    SELECT f[12]::bigint + f[13]::bigint FROM regexp_split_to_array(substring(pg_read_file('/proc/self/stat') FROM '\) (.*)$'), ' ') f
$$;
CREATE FUNCTION times(calls integer, rounds integer)
    RETURNS TABLE (cpu_ms numeric, median_ms numeric, least_ms numeric) LANGUAGE plpgsql AS $$
DECLARE
    start timestamptz;
    taken float8[] := '{}';
    before bigint := ticks();
BEGIN
    PERFORM set_config('cur.budget', calls::text, false), set_config('cur.rounds', rounds::text, false),
        set_config('enable_seqscan', 'off', false);
    FOR i IN 1..21 LOOP
        start := clock_timestamp();
        PERFORM id FROM big ORDER BY v <-> (SELECT b.v FROM big b WHERE b.ctid = format('(%s,1)', i * 100)::tid) LIMIT 10;
        taken := taken || extract(epoch FROM clock_timestamp() - start) * 1000;
    END LOOP;
    RETURN QUERY SELECT round((ticks() - before) * 10 / 21.0, 1), round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t)::numeric, 1), round(min(t)::numeric, 1) FROM unnest(taken) t;
END $$;
SELECT * FROM times(200, 5) \g /dev/null
\echo 'milliseconds per scan, everything cached'
SELECT c AS calls, r AS rounds, t.* FROM (VALUES (50, 5), (200, 2), (200, 5), (200, 10), (500, 5)) x(c, r), LATERAL times(c, r) t;
\echo 'one inserted row, microseconds (no scorer call)'
SELECT clock_timestamp() AS start \gset
INSERT INTO big SELECT 600000 + i, '[0,0,0,0,0,0,0,0]' FROM generate_series(1, 10000) i;
SELECT round(extract(epoch FROM clock_timestamp() - :'start'::timestamptz) * 1e6 / 10000, 1) AS microseconds;

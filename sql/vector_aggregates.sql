-- Aggregates of vector and their state functions.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
RESET client_min_messages;

-- The value of an expression, or the SQLSTATE, text and detail of its error.
CREATE FUNCTION pg_temp.outcome(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
    message text;
    detail text;
BEGIN
    EXECUTE 'SELECT (' || expression || ')::text' INTO result;
    RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ': ' || message || CASE WHEN detail <> '' THEN ' | ' || detail ELSE '' END;
END $$;

SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2,3]', '[3,5,7]']::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY[NULL, '[1,2,3]', NULL, '[3,5,7]', NULL]::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[0.5,-0]']::vector[]) v;
-- No rows, only NULLs, and groups of which one has none.
SELECT avg(v), sum(v) FROM unnest(ARRAY[]::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY[NULL, NULL]::vector[]) v;
SELECT g, avg(v), sum(v), avg(v) FILTER (WHERE g = 1) AS filtered
FROM (VALUES (1, '[1,2]'::vector), (1, '[3,4]'), (2, NULL), (3, '[5]'), (3, '[6]')) x(g, v) GROUP BY g ORDER BY g;
SELECT avg(DISTINCT v), sum(DISTINCT v) FROM unnest(ARRAY['[1]', '[1]', '[3]']::vector[]) v;

-- Errors.
SELECT call, pg_temp.outcome(format('(SELECT %s FROM unnest(%L::vector[]) v)', call, vs)) FROM (VALUES
    ('avg(v)', '{"[1,2]","[3]"}'), ('sum(v)', '{"[1,2]","[3]"}'),
    ('avg(v)', '{"[3e38]","[3e38]"}'), ('sum(v)', '{"[3e38]","[3e38]"}')
) AS calls(call, vs);

-- The average is kept in double precision, the sum in float.
SELECT avg(v), sum(v) FROM unnest(ARRAY['[16777216]', '[1]', '[1]', '[2]']::vector[]) v;

-- As window aggregates each frame has its own state.
SELECT i, sum(v) OVER w AS running_sum, avg(v) OVER w AS running_avg, avg(v) OVER sliding AS sliding_avg
FROM (SELECT i, ARRAY[i, 2 * i]::vector AS v FROM generate_series(1, 5) i) s
WINDOW w AS (ORDER BY i), sliding AS (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW);

-- The state functions by hand.
SELECT expression, pg_temp.outcome(expression) FROM (VALUES
    ($$vector_accum('{0}', '[1,2,3]')$$), ($$vector_accum('{2,1,1,1}', '[1,2,3]')$$),
    ($$vector_accum('{1,1,1}', '[1,2,3]')$$), ($$vector_accum('{}', '[1]')$$),
    ($$vector_accum('{{0}}', '[1]')$$), ($$vector_accum('{NULL}', '[1]')$$),
    ($$vector_accum('{1,Infinity}', '[1]')$$), ($$vector_accum('{1,NaN}', '[1]')$$),
    ($$vector_combine('{1,2}', '{3,4}')$$), ($$vector_combine('{0}', '{3,4}')$$),
    ($$vector_combine('{3,4}', '{0}')$$), ($$vector_combine('{1,2}', '{3,4,5}')$$),
    ($$vector_combine('{}', '{0}')$$), ($$vector_combine('{0}', '{}')$$),
    ($$vector_combine('{{1,2}}', '{3,4}')$$), ($$vector_combine('{1,2}', '{{3,4}}')$$),
    ($$vector_combine('{NULL,2}', '{3,4}')$$), ($$vector_combine('{1,2}', '{3,NULL}')$$),
    ($$vector_combine('{1,1.7e308}', '{1,1.7e308}')$$),
    ($$vector_combine('{0}', array_fill(1::float8, ARRAY[16002]))$$),
    ($$vector_combine(array_fill(1::float8, ARRAY[16002]), '{0}')$$),
    ($$vector_combine(array_fill(1::float8, ARRAY[16002]), array_fill(1::float8, ARRAY[16002]))$$),
    ($$vector_avg('{2,2,4,6}')$$), ($$vector_avg('{0}')$$), ($$vector_avg('{0,1}')$$), ($$vector_avg('{1}')$$),
    ($$vector_avg('{}')$$), ($$vector_avg('{{2,2}}')$$), ($$vector_avg('{NULL,2}')$$),
    ($$vector_avg('{1,1e39}')$$), ($$vector_avg('{1,NaN}')$$)
) AS expressions(expression);
-- pgvector, which has halfvec, refuses that in its later releases only.
SELECT pg_temp.outcome($$vector_avg(array_fill(1::float8, ARRAY[16002]))$$)
    LIKE '54000: vector cannot have more than 16000 dimensions%'
    OR EXISTS (SELECT FROM pg_type WHERE typname = 'halfvec') AS refused;

-- Called outside an aggregate they leave their arguments alone. (40 dimensions: a shorter array would be
-- unpacked from its short header, and so copied, before they see it.)
CREATE TABLE states (s double precision[]);
INSERT INTO states VALUES (array_fill(10::float8, ARRAY[41]));
SELECT (vector_accum(s, array_fill(1, ARRAY[40])::vector))[1:3], (vector_combine(s, s))[1:3],
    (vector_combine(s, '{0}'))[1:3]
FROM states;
SELECT s[1:3], s = array_fill(10::float8, ARRAY[41]) AS unchanged FROM states;
DROP TABLE states;

-- Parallel plans, with workers that see no row.
CREATE TABLE many (g integer, v vector(3));
INSERT INTO many SELECT i % 7, ARRAY[i, -i, 1] FROM generate_series(1, 20000) i;
ANALYZE many;
ALTER TABLE many SET (parallel_workers = 2);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT avg(v), sum(v) FROM many;
SELECT avg(v), sum(subvector(v, 3, 1)) FROM many;
SELECT avg(v), sum(v) FROM many WHERE g = 6 AND v < '[7]';
SELECT avg(v), sum(v) FROM many WHERE g = 8;
SELECT g, avg(subvector(v, 3, 1)), sum(subvector(v, 3, 1)) FROM many GROUP BY g ORDER BY g;
DROP TABLE many;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

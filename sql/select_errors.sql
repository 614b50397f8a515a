-- Bad input of the selection functions: SQLSTATE, message, detail, hint.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;
CREATE FUNCTION pg_temp.outcome(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text; message text; detail text; hint text;
BEGIN
    EXECUTE 'SELECT (array_agg(r))::text FROM (SELECT ' || expression || ' AS r FROM docs) s' INTO result;
    RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ': ' || message || CASE WHEN detail <> '' THEN ' | ' || detail ELSE '' END
        || CASE WHEN hint <> '' THEN ' | ' || hint ELSE '' END;
END $$;
CREATE TABLE docs (id integer, v vector, rel float8);
INSERT INTO docs VALUES (1, '[1,0]', 1), (2, '[0,1]', 0.5), (3, '[1,1]', 0.2);

SELECT expression, pg_temp.outcome(expression || ' OVER (ORDER BY id)') FROM (VALUES
    ('mmr_rank(v, rel, 2)'),
    ('mmr_rank(v, rel, 0)'), ('mmr_rank(v, rel, -1)'), ('mmr_rank(v, rel, NULL)'),
    ('mmr_rank(v, rel, 2, 1.5)'), ('mmr_rank(v, rel, 2, -0.1)'), ('mmr_rank(v, rel, 2, ''nan'')'), ('mmr_rank(v, rel, 2, NULL)'),
    ('mmr_rank(NULL, rel, 2)'), ('mmr_rank(v, NULL, 2)'), ('mmr_rank(v, ''nan'', 2)'), ('mmr_rank(v, rel / 0e0 + id, 2)'),
    ('mmr_rank(v, CASE id WHEN 2 THEN ''-inf'' ELSE rel END, 2)'),
    ('mmr_rank(v - v, rel, 2)'), ('mmr_rank(CASE id WHEN 3 THEN ''[1,2,3]'' ELSE v END, rel, 2)'),
    ('mmr_rank(v, rel, 2, dedupe => 2)'), ('mmr_rank(v, rel, 2, cost => 1)'), ('mmr_rank(v, rel, 2, budget => 1)'),
    ('mmr_rank(v, rel, 2, cost => 1, budget => ''nan'')'), ('mmr_rank(v, rel, 2, cost => -1, budget => 1)'),
    ('mmr_rank(v, rel, 2, cost => ''inf'', budget => 1)'),
    ('mmr_rank(v, rel, 2, max_per_group => 1)'), ('mmr_rank(v, rel, 2, grp => ''x'', max_per_group => 1)'),
    ('mmr_rank(v, rel, 2, grp => id, max_per_group => -1)'), ('mmr_rank(v, rel, 2, grp => 1, max_per_group => 1, min_per_group => 2)'),
    ('mmr_rank(v, rel, 2, grp => 1, max_per_group => id)'), ('mmr_rank(v, rel, 2, grp => id, min_per_group => 1)'),
    ('mmr_rank(v, rel, 2, grp => point(1,1), max_per_group => 1)'),
    ('facility_location_rank(v, rel, 2, weight => -1)'), ('facility_location_rank(v, rel, 2, weight => ''nan'')'),
    ('compression_rank(v, rel, 2, -1)'), ('compression_rank(v, rel, 2, NULL)'), ('compression_rank(v, rel, 2, dispersion => ''dpp'')'),
    ('quota_rank(rel, NULL, 2, 1)'), ('quota_rank(rel, NULL, 2)'), ('quota_rank(rel, id, 0)'),
    ('diverse_rank(''nearest'', v, rel, 2)'), ('diverse_rank(NULL, v, rel, 2)'), ('diverse_gain(''MMR'', v, rel, 2)')
) AS calls(expression);

SELECT expression, pg_temp.outcome(expression) FROM (VALUES
    ('diverse_select(id, v, rel, 2)'), ('diverse_select(id, v, rel, 0)'), ('diverse_select(id, v, rel, NULL)'),
    ('diverse_select(id, v, rel, 2, 2)'), ('diverse_select(id, v, rel, 2, NULL)'), ('diverse_select(id, v, rel, 2, 0.1, ''x'')'),
    ('diverse_select(id, v, rel, 2, 0.1, NULL)'), ('diverse_select(id, v, rel, 2, 0.1, ''mmr'', 1, NULL)'),
    ('diverse_select(id, v, ''nan'', 2)'), ('diverse_select(id, v - v, rel, 2)'),
    ('select_items(id, 1, id, 0)'), ('select_items(id, 1, id, NULL)'), ('select_items(id, 1, 0, 1)'), ('select_items(id, 1, 1, 1)'),
    ('select_items(1, 1, id, 1)'), ('select_items(id, 1, id, 1, ''veto'')'), ('select_items(id, 1, id, 1, NULL)'),
    ('select_items(1, id, 1, 1, ''borda'', id, 1, 0)')
) AS calls(expression);

-- Limits on the candidates and on memory.
SET diverse.max_candidates = 2;
SELECT pg_temp.outcome('mmr_rank(v, rel, 2) OVER ()');
SELECT pg_temp.outcome('mmr_rank(CASE WHEN id > 1 THEN v END, rel, 2) OVER (ORDER BY id)');
SET diverse.max_candidates = 5000;
SET diverse.max_pairwise_candidates = 2;
SELECT pg_temp.outcome('facility_location_rank(v, rel, 2) OVER ()'), pg_temp.outcome('facility_location_rank(v, rel, 2, 0) OVER (ORDER BY id)');
RESET diverse.max_pairwise_candidates;
SET diverse.max_candidates = 0;
SET diverse.unknown = 1;
RESET diverse.max_candidates;
SET work_mem = '64kB';
\set VERBOSITY sqlstate
SELECT mmr_rank(array_fill(1 + i, '{1000}')::real[]::vector, i, 2) OVER () FROM generate_series(1, 40) i;
SELECT diverse_select(i, array_fill(1 + i, '{1000}')::real[]::vector, i, 2) FROM generate_series(1, 40) i;
SELECT select_items(i, 1, i, 2) FROM generate_series(1, 5000) i;
\set VERBOSITY default
RESET work_mem;

-- Not a window call; a cancelled selection.
SELECT mmr_rank(v, rel, 2) FROM docs;
SET statement_timeout = '50ms';
SET diverse.max_candidates = 1000000;
SET work_mem = '1GB';
SELECT count(r) FROM (SELECT dpp_rank(array_fill(1 + i % 97, '{200}')::real[]::vector + array_fill(0.001 * i, '{200}')::real[]::vector,
    i, 20000, 1) OVER () AS r FROM generate_series(1, 20000) i) s;
RESET statement_timeout;
DROP TABLE docs;

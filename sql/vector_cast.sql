-- Casts between vector and arrays.
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

-- From each array type.
SELECT expression, pg_temp.outcome(expression) FROM (VALUES
    ('ARRAY[1,-2,3]::vector'), ('ARRAY[1.5,2,-3]::vector'), ('ARRAY[1.5,2]::real[]::vector'),
    ('ARRAY[0.1,2e-3]::double precision[]::vector'), ('ARRAY[0.1,1e30]::numeric[]::vector'),
    ('ARRAY[16777217,2147483647]::vector'), ('ARRAY[1,2]::vector(2)'), ($$'[5:6]={1,2}'::real[]::vector$$),
    ('(ARRAY[1,NULL,2])[1:1]::vector'), ('(ARRAY[1,2,3]::real[])[2:3]::vector'),
    ($$ARRAY['1e-46',1]::double precision[]::vector$$)
) AS expressions(expression);

-- Refused: dimensions, NULLs, shape, values.
SELECT expression, pg_temp.outcome(expression) FROM (VALUES
    ('ARRAY[1,2,3]::vector(2)'), ('ARRAY[1.5,2]::numeric[]::vector(3)'),
    ($$'{}'::integer[]::vector$$), ($$'{}'::real[]::vector$$), ($$'{}'::double precision[]::vector$$),
    ($$'{}'::numeric[]::vector$$), ('ARRAY[NULL]::integer[]::vector'), ('ARRAY[1,NULL]::real[]::vector'),
    ('ARRAY[NULL,1]::double precision[]::vector'), ('ARRAY[1,NULL]::numeric[]::vector'),
    ('ARRAY[[1,2],[3,4]]::vector'), ($$'{{1}}'::real[]::vector$$),
    ($$'{1,NaN}'::real[]::vector$$), ($$'{Infinity}'::real[]::vector$$), ($$'{-Infinity}'::real[]::vector$$),
    ($$'{NaN}'::double precision[]::vector$$), ($$'{4e38}'::double precision[]::vector$$),
    ($$'{-4e38}'::double precision[]::vector$$), ($$'{NaN}'::numeric[]::vector$$),
    ($$'{Infinity}'::numeric[]::vector$$),
    ('array_fill(0, ARRAY[16001])::vector'), ('array_fill(0::numeric, ARRAY[16001])::vector'),
    ('array_to_vector(array_fill(0, ARRAY[16001]), 16001, false)'),
    ($$ARRAY['1','2']::text[]::vector$$), ($$ARRAY[true]::vector$$), ('1::vector')
) AS expressions(expression);
-- numeric_float4 writes out all digits of what does not fit.
SELECT regexp_replace(pg_temp.outcome($$'{4e38}'::numeric[]::vector$$), '40{38}', '4e38');

SELECT vector_dims(array_fill(1, ARRAY[16000])::vector);

-- To real[]: an ordinary one-based array.
SELECT a, array_ndims(a), array_lower(a, 1), array_upper(a, 1), pg_typeof(a)
FROM (SELECT '[1,2.5,-3]'::vector::real[] AS a) s;
SELECT array_to_string('[1,2]'::vector, '|');
SELECT vector_to_float4('[1,2]', 7, true), array_to_vector(ARRAY[1,2], -1, false), vector('[1,2]', 2, false);
SELECT pg_temp.outcome($$vector('[1,2]'::vector, 3, false)$$);
SELECT '{0.1,1e-45,3.4028235e38,-0}'::real[] = '{0.1,1e-45,3.4028235e38,-0}'::real[]::vector::real[] AS same;

-- Context: vector -> real[] and vector -> vector are implicit, arrays -> vector are assignments.
SELECT castsource::regtype, casttarget::regtype, castcontext, castmethod
FROM pg_cast WHERE 'vector'::regtype IN (castsource, casttarget)
    AND castsource::regtype::text !~ 'halfvec|sparsevec' AND casttarget::regtype::text !~ 'halfvec|sparsevec'
ORDER BY castsource::regtype::text, casttarget::regtype::text;
CREATE TABLE cast_target (v vector(2));
INSERT INTO cast_target VALUES (ARRAY[1,2]), (ARRAY[1.5,2.5]), (ARRAY[3,4]::real[]),
    (ARRAY[5,6]::double precision[]);
INSERT INTO cast_target VALUES (ARRAY[1,2,3]);
SELECT * FROM cast_target ORDER BY v;
DROP TABLE cast_target;

-- The casts must not make array operators ambiguous.
SELECT ARRAY[1,2,3] = ARRAY[1,2,3] AS integers, ARRAY[1.5] < ARRAY[2.5] AS numerics,
    ARRAY[1]::real[] || ARRAY[2]::real[] AS reals;

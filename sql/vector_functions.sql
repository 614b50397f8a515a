-- Every function of one or two vectors: values that floats represent exactly, and every error.
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

-- Distances.
SELECT expression, pg_temp.outcome(expression) FROM (VALUES
    ($$l2_distance('[0,0]'::vector, '[3,4]')$$), ($$l2_distance('[1]'::vector, '[1]')$$),
    ($$l2_distance('[3e38]'::vector, '[-3e38]')$$), ($$l2_distance('[1e-30]'::vector, '[0]')$$),
    ($$vector_l2_squared_distance('[0,0]', '[3,4]')$$), ($$vector_l2_squared_distance('[3e38]', '[0]')$$),
    ($$inner_product('[1,2]'::vector, '[3,4]')$$), ($$inner_product('[1,-1]'::vector, '[1,1]')$$),
    ($$inner_product('[3e38]'::vector, '[3e38]')$$), ($$inner_product('[3e38]'::vector, '[-3e38]')$$),
    ($$vector_negative_inner_product('[1,2]', '[3,4]')$$),
    ($$l1_distance('[0,0]'::vector, '[3,-4]')$$), ($$l1_distance('[3e38]'::vector, '[-3e38]')$$),
    ($$cosine_distance('[1,2]'::vector, '[2,4]')$$), ($$cosine_distance('[1,0]'::vector, '[0,2]')$$),
    ($$cosine_distance('[1,1]'::vector, '[-1,-1]')$$), ($$cosine_distance('[1,2]'::vector, '[0,0]')$$),
    ($$cosine_distance('[0,0]'::vector, '[0,0]')$$), ($$cosine_distance('[3e38]'::vector, '[3e38]')$$),
    ($$cosine_distance('[1e-30]'::vector, '[1]')$$),
    ($$vector_spherical_distance('[1,0]', '[0,1]')$$), ($$vector_spherical_distance('[1,0]', '[1,0]')$$),
    ($$vector_spherical_distance('[1,0]', '[-1,0]')$$), ($$vector_spherical_distance('[2,0]', '[2,0]')$$)
) AS expressions(expression);

-- Rounding never carries a cosine distance out of [0, 2].
SELECT count(*) AS pairs,
    count(*) FILTER (WHERE cosine_distance(v, w) NOT BETWEEN 0 AND 2) AS out_of_range,
    count(*) FILTER (WHERE cosine_distance(v, v) > 1e-6 OR abs(cosine_distance(v, '[0,0,0]'::vector - v) - 2) > 1e-6)
        AS wrong
FROM (SELECT ARRAY[i * 0.1, i % 7 + 0.3, 1.1]::vector AS v, ARRAY[i * 0.7, (i % 7) * 7 + 2.1, 7.7]::vector AS w
    FROM generate_series(1, 1000) i) s;

-- Every length up to 70, against plain SQL on small integers, where no rounding happens.
WITH input AS (
    SELECT n, array_agg((i * 7) % 11 - 5 ORDER BY i) AS a, array_agg((i * 5 + 3) % 13 - 6 ORDER BY i) AS b
    FROM generate_series(1, 70) n, generate_series(1, n) i GROUP BY n
), exact AS (
    SELECT n, a::vector AS v, b::vector AS w, e.*
    FROM input, LATERAL (
        SELECT sum((x - y) ^ 2) AS l2, sum(x * y)::float8 AS ip, sum(abs(x - y))::float8 AS l1,
            sum(x * x)::float8 AS xx, sum(y * y)::float8 AS yy,
            array_agg(x + y ORDER BY i)::vector AS sum, array_agg(x - y ORDER BY i)::vector AS difference,
            array_agg(x * y ORDER BY i)::vector AS product, string_agg((x > 0)::integer::text, '' ORDER BY i) AS bits
        FROM unnest(a, b) WITH ORDINALITY u(x, y, i)) e
)
SELECT count(*) AS lengths,
    bool_and(vector_l2_squared_distance(v, w) = l2 AND l2_distance(v, w) = sqrt(l2)) AS l2,
    bool_and(inner_product(v, w) = ip AND vector_negative_inner_product(v, w) = -ip) AS ip,
    bool_and(l1_distance(v, w) = l1) AS l1,
    bool_and(abs(cosine_distance(v, w) - (1 - ip / sqrt(xx * yy))) < 1e-15) AS cosine,
    bool_and(vector_norm(v) = sqrt(xx) AND vector_dims(v) = n) AS norm,
    bool_and(v + w = sum AND v - w = difference AND v * w = product) AS arithmetic,
    bool_and(binary_quantize(v)::text = bits) AS bits,
    bool_and(subvector(v || w, n + 1, n) = w AND subvector(v || w, 1, n) = v) AS concatenation
FROM exact;

-- The largest vectors.
SELECT l2_distance(v, w), inner_product(v, w), l1_distance(v, w), vector_norm(v), vector_dims(v + w)
FROM (SELECT array_fill(1, ARRAY[16000])::vector AS v, array_fill(-1, ARRAY[16000])::vector AS w) s;

-- Length and direction.
SELECT expression, pg_temp.outcome(expression) FROM (VALUES
    ($$vector_dims('[1,2,3]'::vector)$$), ($$vector_norm('[3,4]')$$), ($$vector_norm('[0,0]')$$),
    ($$vector_norm('[-2]')$$), ($$vector_norm('[3e38,0]')::real$$), ($$vector_norm('[1e-45]')::real$$),
    ($$l2_normalize('[3,4]'::vector)$$), ($$l2_normalize('[0,-5]'::vector)$$), ($$l2_normalize('[0,0]'::vector)$$),
    ($$l2_normalize('[3e38]'::vector)$$), ($$l2_normalize('[1e-45,0]'::vector)$$)
) AS expressions(expression);

-- Arithmetic and its overflow and underflow.
SELECT expression, pg_temp.outcome(expression) FROM (VALUES
    ($$vector_add('[1,2]', '[3,4]')$$), ($$vector_add('[3e38]', '[3e38]')$$), ($$vector_add('[1e-45]', '[-1e-45]')$$),
    ($$vector_sub('[1,2]', '[3,4]')$$), ($$vector_sub('[-3e38]', '[3e38]')$$),
    ($$vector_mul('[1,2]', '[3,-4]')$$), ($$vector_mul('[1e37]', '[1e37]')$$), ($$vector_mul('[1e-37]', '[1e-37]')$$),
    ($$vector_mul('[0,1e-37]', '[1e-37,0]')$$), ($$vector_mul('[1e-45]', '[0.5]')$$),
    ($$vector_mul('[1,1e-37]', '[-1e39,1]')$$),
    ($$vector_concat('[1,2]', '[3]')$$), ($$vector_dims(array_fill(0, ARRAY[15999])::vector || '[1]')$$),
    ($$array_fill(0, ARRAY[16000])::vector || '[1]'$$)
) AS expressions(expression);

-- Different numbers of dimensions.
SELECT f, pg_temp.outcome(f || $$('[1,2]'::vector, '[3]'::vector)$$) FROM unnest(ARRAY['l2_distance',
    'vector_l2_squared_distance', 'inner_product', 'vector_negative_inner_product', 'cosine_distance', 'l1_distance',
    'vector_spherical_distance', 'vector_add', 'vector_sub', 'vector_mul', 'vector_concat', 'vector_lt', 'vector_le',
    'vector_eq', 'vector_ne', 'vector_ge', 'vector_gt', 'vector_cmp']) f;

-- subvector counts from one; extreme arguments do not overflow.
SELECT start, count, pg_temp.outcome(format($$subvector('[1,2,3,4,5]'::vector, %s, %s)$$, start, count)) FROM (VALUES
    (1, 3), (3, 2), (5, 1), (1, 5), (3, 9), (-1, 3), (0, 1), (0, 2), (-1, 2), (1, 0), (3, -1), (6, 1),
    (2147483647, 10), (2147483647, 2147483647), (3, 2147483647), (-2147483644, 2147483647),
    (-2147483648, 2147483647), (-2147483648, -2147483648), (1, 2147483647)
) AS arguments(start, count);

-- binary_quantize: zero and negative elements give 0.
SELECT expression, pg_temp.outcome(expression) FROM (VALUES
    ($$binary_quantize('[1,0,-1,-0,1e-45]'::vector)$$), ($$binary_quantize('[1,1,1,1,1,1,1,1]'::vector)$$),
    ($$binary_quantize('[-1,1,-1,1,-1,1,-1,1,1]'::vector)$$),
    ($$length(binary_quantize(array_fill(1, ARRAY[16000])::vector))$$)
) AS expressions(expression);

-- Comparison: by value, then the shorter first.
SELECT a, b, vector_cmp(a, b), vector_lt(a, b) AS lt, vector_le(a, b) AS le, vector_eq(a, b) AS eq,
    vector_ne(a, b) AS ne, vector_ge(a, b) AS ge, vector_gt(a, b) AS gt
FROM (VALUES ('[1,2]'::vector, '[1,2]'::vector), ('[1,2]', '[1,3]'), ('[2,0]', '[1,3]'), ('[1]', '[1,2]'),
    ('[1,2]', '[1]'), ('[0]', '[-0]'), ('[1,2]', '[2,3,4]'), ('[2,3]', '[1,2,3]'), ('[-1]', '[1]')) AS pairs(a, b);

-- NULL in, NULL out.
SELECT l2_distance(NULL::vector, '[1]') AS d, vector_add('[1]', NULL) AS a, vector_dims(NULL::vector) AS n,
    subvector('[1]'::vector, NULL, 1) AS s;

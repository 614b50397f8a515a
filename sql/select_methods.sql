-- The selection methods through SQL: one small example, top-k, ties, partitions, gains.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;

-- Unit vectors at 0, 2, 30, 90, 180 degrees; a row without vector, one without relevance.
CREATE TABLE docs (id integer PRIMARY KEY, v vector(2), rel float8);
INSERT INTO docs VALUES (1, '[1,0]', 1.0), (2, '[0.9994,0.0349]', 0.95), (3, '[0.866,0.5]', 0.9),
    (4, '[0,1]', 0.5), (5, '[-1,0]', 0.0), (6, NULL, 0.99), (7, '[1,1]', NULL);
SELECT id, mmr_rank(v, rel, 3) OVER w AS mmr, dpp_rank(v, rel, 3) OVER w AS dpp,
    facility_location_rank(v, rel, 3) OVER w AS facility, saturated_rank(v, rel, 3) OVER w AS saturated,
    graph_cut_rank(v, rel, 3) OVER w AS cut, max_min_rank(v, rel, 3, 0.9) OVER w AS max_min,
    max_sum_rank(v, rel, 3) OVER w AS max_sum, compression_rank(v, rel, 3) OVER w AS compression
FROM docs WINDOW w AS (ORDER BY id) ORDER BY id;

-- The same by name; diversity changes the answer.
SELECT id, diverse_rank('mmr', v, rel, 3) OVER w AS mmr, diverse_rank('mmr', v, rel, 3, diversity => 0.6) OVER w AS more,
    round(diverse_gain('mmr', v, rel, 3, 0.5) OVER w::numeric, 3) AS gain
FROM docs WINDOW w AS (ORDER BY id) ORDER BY id;

-- 400 rows, 8 clusters, relevances with ties; the same rows in another physical order.
CREATE TABLE many AS
SELECT i AS id, i % 4 AS part, round((1 - i / 500.0)::numeric, 2)::float8 AS rel,
    (SELECT array_agg(sin(1 + i % 8 * 1.7 + j) + 0.3 * sin(i * 0.37 * j) ORDER BY j)::real[]::vector
     FROM generate_series(1, 24) j) AS v
FROM generate_series(1, 400) i;
CREATE TABLE reversed AS SELECT * FROM many ORDER BY id DESC;
CREATE TABLE methods AS SELECT unnest('{mmr,dpp,facility_location,saturated,graph_cut,max_min,max_sum,compression}'::text[]) AS method;

-- Diversity 0 is exactly top-k; k beyond the rows returns all of them, once.
SELECT method, count(*) FILTER (WHERE zero IS DISTINCT FROM top) AS not_top_k, count(all_rows) AS returned, max(all_rows) AS last
FROM methods CROSS JOIN LATERAL (
    SELECT diverse_rank(method, v, rel, 25, 0) OVER w AS zero, diverse_rank(method, v, rel, 9999, 0.5) OVER w AS all_rows,
        CASE WHEN row_number() OVER w <= 25 THEN row_number() OVER w END AS top
    FROM many WINDOW w AS (ORDER BY rel DESC, id)) s
GROUP BY method ORDER BY method;

-- Neither the physical order nor the window's order of rows of different relevance matters.
SELECT method, count(*) AS rows, count(*) FILTER (WHERE a.r <> b.r) AS differ
FROM methods
CROSS JOIN LATERAL (SELECT id, diverse_rank(method, v, rel + id * 1e-6, 20, 0.5) OVER () AS r FROM many) a
CROSS JOIN LATERAL (SELECT id, diverse_rank(method, v, rel + id * 1e-6, 20, 0.5) OVER () AS r FROM reversed) b
WHERE a.id = b.id AND a.r IS NOT NULL GROUP BY method ORDER BY method;

-- Partitions are selections of their own: the same as one at a time.
SELECT count(*) AS differ FROM (
    SELECT id, dpp_rank(v, rel, 5) OVER (PARTITION BY part ORDER BY rel DESC, id) AS r FROM many) a
JOIN (SELECT id, dpp_rank(v, rel, 5) OVER (ORDER BY rel DESC, id) AS r FROM many WHERE part = 2) b USING (id)
WHERE a.r IS DISTINCT FROM b.r;
SELECT part, count(r) FROM (
    SELECT part, mmr_rank(v, rel, 5) OVER (PARTITION BY part ORDER BY rel DESC, id) AS r FROM many) a
GROUP BY part ORDER BY part;

-- Fifty identical vectors still give k rows, unless dedupe says otherwise.
SELECT method, count(k) AS rows, count(once) AS deduplicated FROM methods CROSS JOIN LATERAL (
    SELECT diverse_rank(method, '[1,2,3]'::vector * vector_of, i, 10, 0.5) OVER (ORDER BY i) AS k,
        diverse_rank(method, '[1,2,3]'::vector * vector_of, i, 10, 0.5, dedupe => 1) OVER (ORDER BY i) AS once
    FROM generate_series(1, 50) i, LATERAL (SELECT array_fill(i, '{3}')::real[]::vector AS vector_of) f) s
GROUP BY method ORDER BY method;

-- Aggregates return the keys in order of choice.
SELECT diverse_select(id, v, rel, 3), diverse_select(id, v, rel, 3, 0.6), diverse_select(id::text, v, rel, 3, 0.6, 'dpp'),
    diverse_select(id, v, rel, NULL, 0.6, 'dpp', 1 + id, 7) FROM docs;
SELECT method, diverse_select(id, v, rel, 12, 0.4, method ORDER BY rel DESC, id) =
    (SELECT array_agg(id ORDER BY r) FROM (SELECT id, diverse_rank(method, v, rel, 12, 0.4) OVER (ORDER BY rel DESC, id) AS r
     FROM many) w WHERE r IS NOT NULL) AS same
FROM methods, many GROUP BY method ORDER BY method;
SELECT part, cardinality(diverse_select(id, v, rel, 7)) FROM many GROUP BY part ORDER BY part;
SELECT diverse_select(id, v, rel, 3) FROM docs WHERE false;
SELECT diverse_select(id, v, rel, 3) FROM docs WHERE v IS NULL;
SELECT diverse_select(NULL::integer, v, rel, 2) FROM docs;
DROP TABLE docs, many, reversed, methods;

-- Fusion aggregates and score normalisation.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;

CREATE TABLE hit (source text, document text, rank integer, score float8);
INSERT INTO hit VALUES
    ('bm25', 'd1', 1, 12), ('bm25', 'd2', 2, 9), ('bm25', 'd3', 3, 3), ('bm25', 'd4', 4, 1),
    ('vector', 'd3', 1, 0.9), ('vector', 'd1', 2, 0.6), ('vector', 'd5', 3, 0.3), ('vector', 'd2', 4, 0.1),
    ('graph', 'd5', 1, 7), ('graph', 'd3', 2, 5);

-- Reciprocal rank fusion: the worked example, k = 60, k = 0, weights.
SELECT document, round(rrf(rank)::numeric, 8) AS rrf, round(rrf(rank, 0)::numeric, 6) AS k0,
    round(rrf(rank, 60, CASE source WHEN 'bm25' THEN 1 WHEN 'vector' THEN 2 ELSE 0.5 END)::numeric, 8) AS weighted
FROM hit GROUP BY document ORDER BY rrf DESC;

-- Equal documents are equal whatever order their rows come in.
SELECT count(DISTINCT f) FROM (
    SELECT rrf(rank ORDER BY md5(rank::text || seed)) AS f
    FROM generate_series(1, 200) rank, generate_series(1, 50) seed GROUP BY seed) s;

-- Documents that a list does not hold: FULL JOIN gives NULL, which adds nothing.
SELECT rrf(rank) AS nulls, rrf(rank, 60) IS NULL AS is_null FROM (VALUES (NULL::int), (NULL)) v (rank);
SELECT rrf(rank), borda(rank, 5), comb_sum(rank), comb_mnz(rank) FROM hit WHERE false;
SELECT round(rrf(rank)::numeric, 8) FROM (VALUES (1), (NULL), (3)) v (rank);

-- Borda: five rankings of five items.
SELECT item, borda(position(item IN ranking), length(ranking)) AS borda,
    borda(position(item IN ranking), length(ranking), 0.5) AS half
FROM (VALUES ('abcde'), ('abcde'), ('bacde'), ('decab'), ('decab')) r (ranking),
    unnest(string_to_array('a,b,c,d,e', ',')) item
GROUP BY item ORDER BY item;

-- CombSUM and CombMNZ of min-max scores; half of each: d1 .75, d3 .5, d2 .333333, d5 0.
SELECT document, round(comb_sum(s, 0.5)::numeric, 6) AS half, round(comb_sum(s)::numeric, 6) AS comb_sum,
    round(comb_mnz(s)::numeric, 6) AS comb_mnz, round(comb_mnz(s, 2)::numeric, 6) AS weighted_mnz
FROM (SELECT document, minmax_norm(score) OVER (PARTITION BY source) AS s
      FROM hit WHERE source IN ('bm25', 'vector') AND document IN ('d1', 'd3') OR source = 'bm25' AND document = 'd2'
          OR source = 'vector' AND document = 'd5') n
GROUP BY document ORDER BY half DESC;

-- Normalisation, several lists in one statement, with NULL and with equal scores.
SELECT list, score, round(minmax_norm(score) OVER w::numeric, 6) AS minmax,
    round(zscore_norm(score) OVER w::numeric, 6) AS zscore, round(sigmoid_norm(score) OVER w::numeric, 6) AS sigmoid
FROM (VALUES (1, 12::float8), (1, 9), (1, 3), (1, NULL), (2, 5), (3, 2), (3, 2), (4, NULL), (5, -1e308), (5, 1e308)) v (list, score)
WHERE list < 5 WINDOW w AS (PARTITION BY list) ORDER BY list, score DESC NULLS LAST;
-- The frame does not matter: the whole partition counts.
SELECT score, minmax_norm(score) OVER (ORDER BY score ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS minmax
FROM (VALUES (1::float8), (2), (5)) v (score);
SELECT minmax_norm(score) OVER () FROM (VALUES (-1.7e308::float8), (0), (1.7e308)) v (score);
SELECT zscore_norm(score) OVER () FROM (VALUES (-1.7e308::float8), (1.7e308)) v (score);

-- The best at both ends.
SELECT s, edge_order() OVER (ORDER BY s DESC) AS place FROM generate_series(1, 5) s ORDER BY place;
SELECT string_agg(s::text, ' ' ORDER BY place) FROM (
    SELECT s, edge_order() OVER (ORDER BY s) AS place FROM generate_series(1, 8) s) t;

-- A parallel plan gives the same answer.
CREATE TABLE many AS SELECT i % 10 AS document, 1 + i / 10 AS rank FROM generate_series(0, 19999) i;
CREATE TEMPORARY TABLE serial AS SELECT document, rrf(rank) AS f, borda(rank, 2000) AS b, comb_mnz(rank) AS m FROM many GROUP BY document;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT document, rrf(rank), borda(rank, 2000), comb_mnz(rank) FROM many GROUP BY document;
SELECT count(*) FILTER (WHERE s.f = p.f AND s.b = p.b AND s.m = p.m) AS equal
FROM serial s JOIN (SELECT document, rrf(rank) AS f, borda(rank, 2000) AS b, comb_mnz(rank) AS m FROM many GROUP BY document) p
    USING (document);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- Errors.
SELECT rrf(0);
SELECT rrf(1, -1);
SELECT rrf(1, NULL);
SELECT rrf(1, 60, -0.5);
SELECT rrf(1, 60, 'NaN');
SELECT rrf(NULL, 60, NULL);
SELECT borda(3, 2);
SELECT borda(1, 0);
SELECT borda(1, NULL);
SELECT comb_sum('NaN');
SELECT comb_mnz('-Infinity');
SELECT comb_sum(1, -1);
SELECT comb_sum(s) FROM (VALUES (1e308::float8), (1e308)) v (s);
SELECT minmax_norm('NaN') OVER ();
SELECT zscore_norm(s) OVER () FROM (VALUES (1::float8), ('Infinity')) v (s);
SELECT sigmoid_norm('NaN') OVER ();
-- The support functions do not trust their callers.
SELECT _vectorgraph.rrf_accum('{1,2}', 1);
SELECT _vectorgraph.rrf_accum(NULL, 1);
SELECT _vectorgraph.fused_total('{{1,2,3}}');
SELECT _vectorgraph.fused_combine('{0,0,0}', '{1,2,NULL}');
SELECT _vectorgraph.comb_accum('{1,0,2}', 5), _vectorgraph.fused_total_by_hits('{6,0,3}');
DROP TABLE hit, many, serial;
-- The row is named by its place in the window's order; a place in an array, and a pair, likewise.
SELECT minmax_norm(x) OVER (ORDER BY i) FROM (VALUES (1, 0.5), (2, NULL), (3, 'NaN'), (4, 0.1)) v (i, x);
SELECT sigmoid_norm(x) OVER (PARTITION BY i % 2 ORDER BY i) FROM (VALUES (1, 0.5::float8), (2, NULL), (3, '-Infinity'), (4, 0.1)) v (i, x);
SELECT rate(ARRAY[NULL, (25, 'NaN')]::skill_rating[], '{1,2}');
SELECT rate(ARRAY[NULL, NULL, (25, 0)]::skill_rating[], '{1,2,3}');
SELECT rank_pairs(i, j, w) FROM (VALUES (1, 2, 0.5::float8), (7, 9, 'NaN')) v (i, j, w);
SELECT rank_pairs(i, j, w) FROM (VALUES (1, 2, 0.5::float8), (7, 9, -1)) v (i, j, w);
-- A query without an embedding, or without a direction, is answered by words alone.
CREATE TABLE doc (id integer, words tsvector, v vector(2));
INSERT INTO doc VALUES (1, 'a', '[1,0]'), (2, 'b', '[0,1]'), (3, 'b c', '[1,1]');
CREATE FUNCTION hybrid(q vector) RETURNS TABLE (id integer, score numeric) LANGUAGE sql AS $$
    WITH by_words AS (SELECT id, row_number() OVER (ORDER BY id) AS rank FROM doc WHERE words @@ 'b'),
    by_meaning AS (SELECT id, row_number() OVER (ORDER BY distance, id) AS rank FROM (SELECT id, v <=> q AS distance FROM doc ORDER BY v <=> q LIMIT 2) n WHERE distance < 'NaN')
    SELECT id, round(rrf(rank)::numeric, 6) FROM (SELECT * FROM by_words UNION ALL SELECT * FROM by_meaning) h GROUP BY id ORDER BY 2 DESC, 1 $$;
SELECT 'vector' AS query, * FROM hybrid('[1,0]') UNION ALL SELECT 'null', * FROM hybrid(NULL) UNION ALL SELECT 'zero', * FROM hybrid('[0,0]');
DROP FUNCTION hybrid;
DROP TABLE doc;

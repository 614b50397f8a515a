-- rank_pairs: from pairwise comparisons to one list.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;

-- The worked example: every method differs or has a known value.
CREATE TABLE duel (i bigint, j bigint, w float8);
INSERT INTO duel VALUES (0, 1, .9), (0, 2, .2), (0, 3, .3), (1, 0, .1), (1, 2, .8), (1, 3, .4),
    (2, 0, .6), (2, 1, .2), (2, 3, .9), (3, 0, .5), (3, 1, .3), (3, 2, .1);
CREATE TABLE method (method text, place int);
INSERT INTO method VALUES ('net', 1), ('bradley_terry', 2), ('kemeny', 3), ('copeland', 4), ('tsp', 5);
SELECT rank_pairs(i, j, w) FROM duel;
SELECT method, rank_pairs(i, j, w, method) FROM duel, method GROUP BY method, place ORDER BY place;
SELECT method, item, rank, round(score::numeric, 6) AS score
FROM (SELECT method, place, rank_pairs_scores(i, j, w, method) AS list FROM duel, method GROUP BY method, place) m, unnest(list)
ORDER BY place, rank;
-- The sums that kemeny and tsp maximise.
SELECT method, round(sum(score)::numeric, 6) AS total
FROM (SELECT method, rank_pairs_scores(i, j, w, method) AS list FROM duel, method GROUP BY method) m, unnest(list)
WHERE method IN ('kemeny', 'tsp') GROUP BY method ORDER BY method;
SELECT item, rank, round(score::numeric, 6) AS score FROM unnest((SELECT rank_pairs_scores(i, j, w) FROM duel));

-- The order of the rows does not matter, one row of weight 3 is three rows of weight 1, rows with NULL are no rows.
SELECT method, count(DISTINCT list::text) AS lists FROM (
    SELECT method, seed, rank_pairs_scores(i, j, w, method ORDER BY md5(i::text || j || seed)) AS list
    FROM duel, method, generate_series(1, 10) seed GROUP BY method, seed) s GROUP BY method ORDER BY method;
SELECT rank_pairs_scores(i, j, 3, 'bradley_terry') = (SELECT rank_pairs_scores(i, j, 1, 'bradley_terry') FROM (VALUES (1, 2), (2, 3)) v (i, j), generate_series(1, 3)) AS same
FROM (VALUES (1, 2), (2, 3)) v (i, j);
SELECT rank_pairs(i, j, w) FROM (VALUES (1, 2, 1::float8), (NULL, 3, 1), (4, NULL, 1), (5, 6, NULL)) v (i, j, w);
SELECT rank_pairs(i, j, w), rank_pairs_scores(i, j, w) FROM duel WHERE false;
SELECT rank_pairs(NULL, 1, 1);

-- Ties go to the smaller id, negative and large ids work.
SELECT method, rank_pairs(i, j, 1, method) FROM (VALUES (9223372036854775807, -9223372036854775808), (-9223372036854775808, 9223372036854775807),
    (5, -7), (-7, 5)) v (i, j), method GROUP BY method ORDER BY method;

-- Many groups at once, as a hash aggregate and sorted; both aggregates of one state.
CREATE TABLE votes AS SELECT q, i, j, 1 + (q * 7 + i * 3 + j * 5) % 4 AS w
    FROM generate_series(1, 300) q, generate_series(1, 6) i, generate_series(1, 6) j WHERE i <> j;
SET enable_sort = off;
CREATE TEMPORARY TABLE hashed AS SELECT q, rank_pairs(i, j, w, 'bradley_terry') AS list FROM votes GROUP BY q;
RESET enable_sort;
SET enable_hashagg = off;
SELECT count(*) FILTER (WHERE s.list = h.list AND s.list = s.items) AS equal FROM hashed h JOIN (
    SELECT q, list, ARRAY(SELECT item FROM unnest(scores) ORDER BY rank) AS items FROM (
        SELECT q, rank_pairs(i, j, w, 'bradley_terry') AS list, rank_pairs_scores(i, j, w, 'bradley_terry') AS scores
        FROM votes GROUP BY q) t) s USING (q);
RESET enable_hashagg;
-- As a moving window: the state goes on after each result.
SELECT j, rank_pairs(i, j, w) OVER (ORDER BY j) FROM (VALUES (1, 2, 1::float8), (3, 4, 2), (5, 6, 3)) v (i, j, w);

-- Beyond the exact sizes: a consistent world, and a path hidden in noise.
CREATE TABLE world AS SELECT a.i, b.i AS j, CASE WHEN a.i < b.i THEN 0.9 ELSE 0.1 END AS w
    FROM generate_series(1, 60) a (i), generate_series(1, 60) b (i) WHERE a.i <> b.i;
SELECT method, rank_pairs(i, j, w, method) = ARRAY(SELECT generate_series(1, 60)::bigint) AS ascending
FROM world, method WHERE method <> 'tsp' GROUP BY method ORDER BY method;
SELECT rank_pairs(i, j, CASE WHEN j = i + 1 THEN 1 ELSE (i * 37 + j * 61) % 100 / 101.0 END, 'tsp') = ARRAY(SELECT generate_series(1, 60)::bigint) AS path
FROM world;

-- Errors.
SELECT rank_pairs(1, 2, 1, 'elo');
SELECT rank_pairs(1, 2, 1, NULL);
SELECT rank_pairs(1, 1, 1);
SELECT rank_pairs(1, 2, -1);
SELECT rank_pairs(1, 2, 'NaN');
SELECT rank_pairs(1, 2, 'Infinity');
SELECT rank_pairs(1, 2, 1e200);
SELECT rank_pairs(i, j, w, CASE WHEN i = 0 THEN 'net' ELSE 'tsp' END) FROM duel;
SELECT rank_pairs(i, i + 1, 1, 'kemeny') FROM generate_series(1, 2000) i;
-- Work memory: of the rows, of a matrix.
SET work_mem = '64kB';
SELECT rank_pairs(i, i + 1, 1) FROM generate_series(1, 5000) i;
SELECT rank_pairs(i, j, w, 'kemeny') IS NULL FROM world WHERE i <= 12 AND j <= 12;
SELECT rank_pairs(i, j, w, 'tsp') FROM world WHERE i <= 13 AND j <= 13;
SELECT rank_pairs(1 + i % 2, 2 - i % 2, 1) FROM generate_series(1, 50000) i;  -- two items, whatever the rows
RESET work_mem;
-- A cancel ends a search of many seconds.
CREATE TABLE noise AS SELECT i, 1 + (i + s * s) % 2000 AS j, abs(sin(i * 12.9898 + s * 78.233)) AS w
    FROM generate_series(1, 2000) i, generate_series(1, 20) s;
SET work_mem = '64MB';
SET statement_timeout = '100ms';
SELECT rank_pairs(i, j, w, 'tsp') FROM noise;
RESET statement_timeout;
RESET work_mem;
DROP TABLE duel, method, votes, hashed, world, noise;

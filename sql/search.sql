-- Searches of several steps: feedback, rounds, joins, hard negatives.
\set ECHO none
\i sql/include/rerank.sql
\set ECHO all
-- Unit vectors by their angle in degrees.
CREATE FUNCTION at(degrees double precision) RETURNS vector LANGUAGE sql IMMUTABLE AS
    $$ SELECT ARRAY[cosd(degrees), sind(degrees)]::real[]::vector $$;
CREATE TABLE items (id text PRIMARY KEY, v vector(2));
INSERT INTO items SELECT id, at(degrees) FROM (VALUES ('a', 5), ('b', 10), ('c', 14), ('d', 18), ('e', -12), ('f', -20)) t (id, degrees);
INSERT INTO items VALUES ('null', NULL);

-- ---- rounds: the examples of the literature
SELECT beta, string_agg(members, ' ' ORDER BY round) AS rounds FROM (
    SELECT beta, round, string_agg(id, '' ORDER BY rank) AS members
    FROM (VALUES (0), (-0.6), (0.6)) b (beta), multi_round_search('items', 'id', 'v', '[1,0]', 6, 3, beta => beta) GROUP BY beta, round) r
GROUP BY beta ORDER BY beta;
SELECT id, round, rank, round(distance::numeric, 4) AS distance FROM multi_round_search('items', 'id', 'v', '[1,0]', 5, 2, beta => -0.6);
-- beta 0 is a plain search, however many rounds; more rows than there are; rounds without a row.
SELECT bool_and(m.ids = p.ids) AS plain FROM generate_series(1, 8) rounds,
    LATERAL (SELECT array_agg(id ORDER BY rank) AS ids FROM multi_round_search('items', 'id', 'v', at(7), 4, rounds, beta => 0)) m,
    (SELECT array_agg(id) AS ids FROM (SELECT id FROM items ORDER BY v <=> at(7) LIMIT 4) s) p;
SELECT count(*), count(DISTINCT id), max(round) FROM multi_round_search('items', 'id', 'v', '[1,0]', 100, 10);
SELECT array_agg(round ORDER BY rank) FROM multi_round_search('items', 'id', 'v', '[1,0]', 2, 5);
SELECT count(*) FROM multi_round_search('items', 'id', 'v', '[1,0]', 3, 2, beta => 0, op => '<->(vector,vector)', unit_length => false);

-- ---- feedback
SELECT id, rank, round(distance::numeric, 4) AS distance FROM prf_search('items', 'id', 'v', '[1,0]', k => 3, feedback => 2);
SELECT string_agg(p.id, '' ORDER BY p.rank) = (SELECT string_agg(id, '') FROM (SELECT id FROM items WHERE v IS NOT NULL
    ORDER BY v <=> (SELECT rocchio_agg(v, r, '[1,0]', 2) FROM (SELECT v, row_number() OVER (ORDER BY v <=> '[1,0]') AS r FROM items WHERE v IS NOT NULL) f) LIMIT 4) s) AS as_by_hand
FROM prf_search('items', 'id', 'v', '[1,0]', k => 4, feedback => 2) p;
SELECT string_agg(id, '' ORDER BY rank) AS plain FROM prf_search('items', 'id', 'v', '[1,0]', k => 4, feedback => 0);
SELECT string_agg(id, '' ORDER BY rank) AS only_feedback FROM prf_search('items', 'id', 'v', '[1,0]', k => 2, feedback => 4, alpha => 0, op => '<#>(vector,vector)');
SELECT count(*) AS of_nothing FROM (SELECT 1) one, LATERAL (SELECT * FROM prf_search('items', 'id', 'v', '[1,0]', k => 10)) p;
-- Several queries, joined to the table's rows.
SELECT q, string_agg(i.id, '' ORDER BY p.rank) AS found FROM (VALUES (1, at(18)), (2, at(-20))) q (q, v),
    prf_search('items', 'id', 'v', q.v, k => 2, feedback => 1) p JOIN items i USING (id) GROUP BY q ORDER BY q;

-- ---- join
CREATE TABLE spots (id integer, x vector(1), p point);
INSERT INTO spots SELECT i, ARRAY[x]::real[]::vector, point(x, 0) FROM (VALUES (1, 0), (2, 1), (3, 1.5), (4, 10), (5, 10.5), (6, 30)) t (i, x);
INSERT INTO spots VALUES (7, NULL, NULL), (NULL, '[3]', '(3,0)');
SELECT left_key, right_key, rank, round(distance::numeric, 4) AS distance
FROM knn_join('items', 'id', 'v', 'items', 'id', 'v', k => 2) WHERE left_key <> 'c' ORDER BY left_key, rank;
SELECT left_key, string_agg(right_key, ' ' ORDER BY rank) AS near
FROM knn_join('spots', 'id', 'x', 'spots', 'id', 'x', k => 2, op => '<->(vector,vector)') GROUP BY 1 ORDER BY 1;
SELECT left_key, string_agg(right_key, ' ' ORDER BY rank) AS near
FROM knn_join('spots', 'id', 'x', 'spots', 'id', 'x', k => 2, radius => 1.5, op => '<->(vector,vector)') GROUP BY 1 ORDER BY 1;
SELECT left_key, right_key, rank FROM knn_join('spots', 'id', 'x', 'spots', 'id', 'x', k => 1, mutual => true, op => '<->(vector,vector)') ORDER BY 1, 2;
-- Two tables, both ways; another type, another operator, an index of another kind.
CREATE TABLE towns (name text, p point);
INSERT INTO towns VALUES ('west', '(0.9,0)'), ('east', '(11,0)');
SELECT left_key, right_key, rank, round(distance::numeric, 4) AS distance FROM knn_join('towns', 'name', 'p', 'spots', 'id', 'p', k => 2, op => '<->(point,point)') ORDER BY 1, 3;
SELECT left_key, right_key, rank FROM knn_join('spots', 'id', 'p', 'towns', 'name', 'p', k => 1, mutual => true, op => '<->(point,point)') ORDER BY 1, 2;
CREATE INDEX ON spots USING gist (p);
SET enable_seqscan = off;
SET jit = off;
BEGIN;
SELECT left_key, right_key, rank, round(distance::numeric, 4) AS distance FROM knn_join('towns', 'name', 'p', 'spots', 'id', 'p', k => 2, op => '<->(point,point)') ORDER BY 1, 3;
SELECT idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'spots';
COMMIT;
RESET enable_seqscan;
RESET jit;

-- ---- hard negatives: cosines to the query are p .92, n1 .95, n2 .90, n3 .80, n4 .50, n5 .10
CREATE TABLE queries (id integer, v vector(2));
CREATE TABLE corpus (id text, v vector(2));
CREATE TABLE positives (query integer, document text);
INSERT INTO queries VALUES (1, '[1,0]'), (2, '[0,1]'), (3, NULL), (4, '[1,1]');
INSERT INTO corpus SELECT id, ARRAY[c, sqrt(1 - c * c)]::real[]::vector FROM (VALUES ('p', .92), ('n1', .95), ('n2', .90), ('n3', .80), ('n4', .50), ('n5', .10)) t (id, c);
INSERT INTO corpus VALUES ('zero', '[0,0]'), ('null', NULL);
INSERT INTO positives VALUES (1, 'p'), (1, 'p'), (1, 'absent'), (3, 'p');
CREATE VIEW mined AS SELECT * FROM (VALUES ('top 3', 3, 0, 200, NULL::float8, NULL::float8), ('2 to 4', 3, 1, 4, NULL, NULL),
    ('margin', 5, 0, 200, 0.05, NULL), ('ratio', 5, 0, 200, NULL, 0.95), ('short', 5, 2, 3, NULL, NULL), ('none', 5, 5, 9, NULL, NULL)) t (what, n, range_min, range_max, margin, max_ratio);
SELECT what, (SELECT string_agg(negative_key || ' ' || rank, ', ' ORDER BY rank) FROM mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v',
    'positives', 'query', 'document', n, range_min, range_max, margin, max_ratio)) AS negatives FROM mined;
SELECT query_key, positive_key, negative_key, rank, round(score::numeric, 2) AS score, round(positive_score::numeric, 2) AS positive_score
FROM mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document', n => 1);
SELECT round(score::numeric, 2) AS score, round(positive_score::numeric, 2) AS positive_score FROM mine_hard_negatives('queries', 'id', 'v', 'corpus',
    'id', 'v', 'positives', 'query', 'document', n => 1, max_ratio => 0.9, op => '<#>(vector,vector)');
SELECT negative_key, round(score::numeric, 2) AS score FROM mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v',
    'positives', 'query', 'document', n => 2, margin => 0.2, op => '<->(vector,vector)');
-- Several positives per query: none of them is a negative, and each has its own margin.
INSERT INTO positives VALUES (1, 'n3'), (2, 'n5'), (4, 'n1');
SELECT query_key, positive_key, string_agg(negative_key, ' ' ORDER BY rank) AS negatives
FROM mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document', margin => 0.05) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT bool_and(a = b) AS same, count(DISTINCT a) > 3 AS by_seed, bool_and(a <@ '{n1,n2,n3,n4,n5}'::text[] AND cardinality(a) = 2) AS of_the_range FROM generate_series(1, 30) seed,
    LATERAL (SELECT array_agg(negative_key ORDER BY rank) AS a FROM mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document', n => 2, sampling => 'random', seed => seed) WHERE query_key = '1' AND positive_key = 'p') x,
    LATERAL (SELECT array_agg(negative_key ORDER BY rank) AS b FROM mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document', n => 2, sampling => 'random', seed => seed) WHERE query_key = '1' AND positive_key = 'p') y;
-- Samples come in the order of their rank.
SELECT bool_and(rank > before) AS in_order FROM generate_series(1, 30) seed, LATERAL (SELECT rank, lag(rank) OVER (ORDER BY n) AS before FROM
    mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document', n => 3, sampling => 'random', seed => seed)
    WITH ORDINALITY r(query_key, positive_key, negative_key, rank, score, positive_score, n) WHERE query_key = '1' AND positive_key = 'p') x;
-- What is as near as the positive is a negative, what is nearer is not, where there is a margin, of nothing.
BEGIN;
INSERT INTO corpus SELECT 'mirror', ARRAY[c, -sqrt(1 - c * c)]::real[]::vector FROM (SELECT .92::float8 AS c) x;
SELECT negative_key, round(score::numeric, 4) = round(positive_score::numeric, 4) AS same FROM mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document', n => 1, margin => 0)
WHERE query_key = '1' AND positive_key = 'p';
ROLLBACK;
-- A copy of a positive is none, whichever positive, and however many copies there are.
BEGIN;
INSERT INTO corpus SELECT 'copy' || i, v FROM corpus, generate_series(1, 9) i WHERE id = 'p';
INSERT INTO corpus SELECT 'copy of n3', v FROM corpus WHERE id = 'n3';
SELECT positive_key, string_agg(negative_key, ' ' ORDER BY rank) AS negatives
FROM mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document', range_max => 3) WHERE query_key = '1' GROUP BY 1 ORDER BY 1;
SELECT positive_key, string_agg(negative_key, ' ' ORDER BY rank) AS negatives
FROM mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document', margin => 0.05) WHERE query_key = '1' GROUP BY 1 ORDER BY 1;
ROLLBACK;
-- On one table a row is no negative of its own.
CREATE TABLE pairs (query text, document text);
INSERT INTO pairs VALUES ('n1', 'p'), ('p', 'n2');
SELECT query_key, positive_key, string_agg(negative_key, ' ' ORDER BY rank) AS negatives
FROM mine_hard_negatives('corpus', 'id', 'v', 'corpus', 'id', 'v', 'pairs', 'query', 'document', n => 2) GROUP BY 1, 2 ORDER BY 1;
-- An id stands for one vector; the same one twice does no harm.
BEGIN;
INSERT INTO queries SELECT * FROM queries WHERE id = 1;
SELECT count(*), count(DISTINCT negative_key) FROM mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document') WHERE query_key = '1' AND positive_key = 'p';
SAVEPOINT s;
INSERT INTO corpus VALUES ('p', '[0,1]');
SELECT count(*) FROM mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document');
ROLLBACK TO s;
INSERT INTO queries VALUES (1, '[0.6,0.8]');
SELECT count(*) FROM mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document');
ROLLBACK;
-- Equal ids that are written differently are two queries: each keeps all its positives.
CREATE TABLE numeric_queries (id numeric, v vector(2));
INSERT INTO numeric_queries VALUES (1.0, '[1,0]'), (1.00, '[1,0]'), (10, '[0,1]'), (9, '[1,1]');
SELECT query_key, string_agg(DISTINCT positive_key, ' ') AS positives, string_agg(DISTINCT negative_key, ' ') AS negatives
FROM mine_hard_negatives('numeric_queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document') GROUP BY 1 ORDER BY 1;
-- A distance that is NULL or NaN is none.
CREATE FUNCTION half_blind(double precision, double precision) RETURNS double precision IMMUTABLE LANGUAGE sql
    AS $$ SELECT CASE WHEN $1 = 5 OR $2 = 5 THEN NULL WHEN $1 = 6 OR $2 = 6 THEN 'NaN' ELSE abs($1 - $2) END $$;
CREATE OPERATOR <~~~> (LEFTARG = double precision, RIGHTARG = double precision, FUNCTION = half_blind);
CREATE TABLE blind (id integer, x double precision);
INSERT INTO blind SELECT i, i FROM generate_series(1, 7) i;
CREATE TABLE blind_pairs (q integer, d integer);
INSERT INTO blind_pairs VALUES (1, 3), (2, 5), (5, 1), (3, 6), (4, 7);
SELECT left_key, string_agg(right_key || ' ' || distance, ', ' ORDER BY rank) AS near
FROM knn_join('blind', 'id', 'x', 'blind', 'id', 'x', k => 10, op => '<~~~>(double precision,double precision)') GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM knn_join('blind', 'id', 'x', 'blind', 'id', 'x', k => 10, radius => 0, op => '<~~~>(double precision,double precision)');
SELECT count(*) FROM knn_join('blind', 'id', 'x', 'blind', 'id', 'x', k => 10, mutual => true, op => '<~~~>(double precision,double precision)');
SELECT query_key, positive_key, string_agg(negative_key || ' ' || score, ', ' ORDER BY rank) AS negatives
FROM mine_hard_negatives('blind', 'id', 'x', 'blind', 'id', 'x', 'blind_pairs', 'q', 'd', n => 10, op => '<~~~>(double precision,double precision)') GROUP BY 1, 2 ORDER BY 1;
DROP OPERATOR <~~~> (double precision, double precision);
DROP FUNCTION half_blind;
DROP TABLE pairs, numeric_queries, blind, blind_pairs;

-- ---- through an index, partitions and views: the same answers
CREATE TABLE cloud (id integer, v vector(8)) PARTITION BY RANGE (id);
CREATE TABLE cloud1 PARTITION OF cloud FOR VALUES FROM (0) TO (500);
CREATE TABLE cloud2 PARTITION OF cloud FOR VALUES FROM (500) TO (2000);
INSERT INTO cloud SELECT i, (SELECT array_agg((hashint4(i * 8 + j) & 1023) / 512.0 - 1 ORDER BY j) FROM generate_series(1, 8) j)::real[]::vector FROM generate_series(1, 1000) i;
CREATE VIEW seen AS SELECT id AS key, v AS "Vec""tor" FROM cloud WHERE id % 2 = 0;
CREATE TABLE exact AS SELECT 'prf' AS what, id::text || '-' || rank AS row FROM prf_search('cloud', 'id', 'v', '[1,1,0,0,1,0,0,1]', k => 20)
    UNION ALL SELECT 'rounds', id || '-' || round FROM multi_round_search('cloud', 'id', 'v', '[1,1,0,0,1,0,0,1]', k => 20)
    UNION ALL SELECT 'view', id || '-' || rank FROM prf_search('seen', 'key', 'Vec"tor', '[1,1,0,0,1,0,0,1]', k => 20)
    UNION ALL SELECT 'join', left_key || '-' || right_key FROM knn_join('cloud1', 'id', 'v', 'cloud', 'id', 'v', k => 3);
CREATE INDEX ON cloud USING lid_hnsw (v);
SET enable_seqscan = off;
SET jit = off;
SET lid_hnsw.ef_search = 200;
BEGIN;
WITH found AS (SELECT 'prf' AS what, id::text || '-' || rank AS row FROM prf_search('cloud', 'id', 'v', '[1,1,0,0,1,0,0,1]', k => 20)
    UNION ALL SELECT 'rounds', id || '-' || round FROM multi_round_search('cloud', 'id', 'v', '[1,1,0,0,1,0,0,1]', k => 20)
    UNION ALL SELECT 'view', id || '-' || rank FROM prf_search('seen', 'key', 'Vec"tor', '[1,1,0,0,1,0,0,1]', k => 20)
    UNION ALL SELECT 'join', left_key || '-' || right_key FROM knn_join('cloud1', 'id', 'v', 'cloud', 'id', 'v', k => 3))
SELECT what, count(*) AS rows, avg((row IN (SELECT row FROM exact e WHERE e.what = found.what))::integer) > 0.98 AS same FROM found GROUP BY what ORDER BY what;
SELECT relname, idx_scan > 0 AS index_used FROM pg_stat_xact_user_tables WHERE relname IN ('cloud1', 'cloud2') ORDER BY relname;
COMMIT;
RESET enable_seqscan;
RESET jit;
RESET lid_hnsw.ef_search;

-- ---- the caller's privileges and row-level security
CREATE ROLE vg_search_user;
SET ROLE vg_search_user;
\set VERBOSITY terse
SELECT * FROM prf_search('items', 'id', 'v', '[1,0]');
SELECT * FROM knn_join('towns', 'name', 'p', 'spots', 'id', 'p', op => '<->(point,point)');
\set VERBOSITY default
RESET ROLE;
GRANT SELECT ON items TO vg_search_user;
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON items TO vg_search_user USING (id <> 'a');
SET ROLE vg_search_user;
SELECT string_agg(id, '' ORDER BY rank) FROM prf_search('items', 'id', 'v', '[1,0]', 4, feedback => 0);
SELECT string_agg(id, '' ORDER BY rank) FROM multi_round_search('items', 'id', 'v', '[1,0]', 4, beta => 0);
SELECT count(*) FROM knn_join('items', 'id', 'v', 'items', 'id', 'v', k => 100);
RESET ROLE;
-- Rows of one snapshot: those the statement adds are not seen.
WITH new AS (INSERT INTO towns SELECT 'new', '(1,1)' RETURNING 1)
SELECT (SELECT count(*) FROM new) AS added, (SELECT count(*) FROM knn_join('towns', 'name', 'p', 'towns', 'name', 'p', op => '<->(point,point)')) AS pairs;

-- ---- errors
CREATE SEQUENCE numbers;
CREATE FUNCTION joined(args text) RETURNS text LANGUAGE sql AS $$ SELECT 'SELECT * FROM ' || args $$;
CREATE TABLE cases (statement text);
INSERT INTO cases VALUES ($$prf_search(NULL, 'id', 'v', '[1,0]')$$), ($$prf_search(0, 'id', 'v', '[1,0]')$$), ($$prf_search('numbers', 'id', 'v', '[1,0]')$$),
    ($$prf_search('items', 'key', 'v', '[1,0]')$$), ($$prf_search('items', 'id', 'w', '[1,0]')$$), ($$prf_search('items', 'id', 'id', '[1,0]')$$),
    ($$prf_search('items', NULL, 'v', '[1,0]')$$), ($$prf_search('items', 'id', NULL, '[1,0]')$$), ($$prf_search('items', 'id', 'v', NULL)$$), ($$prf_search('items', 'id', 'v', '[1,0,0]')$$),
    ($$prf_search('items', 'id', 'v', '[1,0]', 0)$$), ($$prf_search('items', 'id', 'v', '[1,0]', 100001)$$), ($$prf_search('items', 'id', 'v', '[1,0]', NULL)$$), ($$prf_search('items', 'id', 'v', '[1,0]', feedback => -1)$$),
    ($$prf_search('items', 'id', 'v', '[1,0]', alpha => -1)$$), ($$prf_search('items', 'id', 'v', '[1,0]', beta => 'NaN')$$), ($$prf_search('items', 'id', 'v', '[1,0]', unit_length => NULL)$$),
    ($$prf_search('items', 'id', 'v', '[1,0]', alpha => 0, beta => 0)$$), ($$prf_search('items', 'id', 'v', '[1,0]', op => NULL)$$), ($$prf_search('items', 'id', 'v', '[1,0]', op => '<(vector,vector)')$$),
    ($$prf_search('items', 'id', 'v', '[1,0]', op => '+(vector,vector)')$$), ($$prf_search('items', 'id', 'v', '[1,0]', op => '<->(point,point)')$$), ($$prf_search('items', 'id', 'v', '[1,0]', op => '-(NONE,integer)')$$), ($$prf_search('items', 'id', 'v', '[1,0]', op => 4294967295::oid::regoperator)$$),
    ($$multi_round_search('items', 'id', 'v', '[1,0]', rounds => 0)$$), ($$multi_round_search('items', 'id', 'v', '[1,0]', rounds => 1001)$$), ($$multi_round_search('items', 'id', 'v', '[1,0]', beta => 'Infinity')$$), ($$multi_round_search('items', 'id', 'v', '[1,0]', beta => NULL)$$), ($$multi_round_search('items', 'id', 'v', '[1,0]', alpha => 0, beta => 0.5, k => 2, rounds => 2, op => '<->(vector,vector)')$$),
    ($$prf_search('items', 'id', 'v', '[0,0]')$$), ($$multi_round_search('items', 'id', 'v', '[0,0]')$$), ($$multi_round_search('items', 'id', 'v', '[1,0]', alpha => 0, beta => 1e-60, unit_length => false)$$), ($$(SELECT count(*) FROM prf_search('items', 'id', 'v', '[0,0]', unit_length => false, op => '<->(vector,vector)')) c$$),
    ($$knn_join('items', 'id', 'v', 'spots', 'id', 'p')$$), ($$knn_join('items', 'id', 'v', 'spots', 'id', 'x')$$), ($$knn_join('items', 'id', 'v', 'items', 'id', 'v', radius => 'NaN')$$), ($$knn_join('items', 'id', 'v', 'items', 'id', 'v', mutual => NULL)$$), ($$knn_join('items', 'id', 'v', 'items', 'id', 'v', 0)$$);
INSERT INTO cases SELECT format($$mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'document', %s)$$, a)
    FROM unnest('{n => 0,n => NULL,range_min => -1,"range_min => 5, range_max => 5",margin => -1,margin => ''NaN'',max_ratio => ''Infinity'',"max_ratio => 0.9, op => ''<->(vector,vector)''",sampling => ''best'',sampling => NULL,seed => NULL}'::text[]) a;
INSERT INTO cases VALUES ($$mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'query', 'doc')$$), ($$mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', NULL, 'query', 'document')$$), ($$mine_hard_negatives('queries', 'id', 'v', 'corpus', 'id', 'v', 'positives', 'document', 'document')$$);
SELECT statement, pg_temp.outcome(joined(statement)) FROM cases;
-- A cancel comes through.
CREATE FUNCTION slow_distance(integer, integer) RETURNS double precision LANGUAGE sql AS $$ SELECT 1.0::float8 FROM pg_sleep(0.01) $$;
CREATE OPERATOR <~~> (LEFTARG = integer, RIGHTARG = integer, FUNCTION = slow_distance);
\set VERBOSITY terse
SET statement_timeout = '300ms';
SELECT count(*) FROM knn_join('cloud', 'id', 'id', 'cloud', 'id', 'id', op => '<~~>(integer,integer)');
RESET statement_timeout;
\set VERBOSITY default
DROP OPERATOR <~~> (integer, integer);
DROP VIEW mined, seen;
DROP TABLE items, spots, towns, queries, corpus, positives, cloud, exact, cases;
DROP SEQUENCE numbers;
DROP FUNCTION at, joined, slow_distance;
DROP ROLE vg_search_user;

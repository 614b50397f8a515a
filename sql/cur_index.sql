-- Access method cur: builds, scans, changes, vacuum. Every answer is compared with a sequential scan.
\i sql/include/cur.sql
CREATE TABLE t (id integer PRIMARY KEY, x float8, kind integer);
INSERT INTO t SELECT i, (i * 7919 % 10007) / 128.0, i % 5 FROM generate_series(1, 2000) i;
INSERT INTO t VALUES (0, NULL, 0);
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_queries = 60);
ANALYZE t;
SELECT items, pending, anchor_queries, storage, build_calls, scans, advice FROM cur_index_stats('t_x');
SELECT energy > 0.999 AS energy, build_residual < score_deviation AS residual,
    predicted_recall BETWEEN 0.5 AND 1 AS predicted FROM cur_index_stats('t_x');

-- Plans.
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY x <~> 31 LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE kind = 3 ORDER BY x <~> 31 LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY x LIMIT 5;
EXPLAIN (COSTS OFF) SELECT count(*) FROM t;

-- Scoring all rows, the index would come second.
SET cur.budget = 5000;
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY x <~> 31 LIMIT 5;
RESET cur.budget;
-- Predicted recall grows with the budget, from little to all.
CREATE FUNCTION predicted(budget integer) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('cur.budget', budget::text, true);
    RETURN (SELECT predicted_recall FROM cur_index_stats('t_x'));
END $$;
SELECT bool_and(r >= before) AS grows, min(r) < 0.1 AS low, max(r) AS high FROM (
    SELECT r, lag(r, 1, 0::float8) OVER (ORDER BY b) AS before FROM generate_series(0, 12) b, predicted((2 ^ b)::integer) r) s;

-- A budget: calls before the first row, one more per returned row, because the executor evaluates the operator.
SELECT use_index(true);
SET cur.budget = 100;
SELECT calls_of('SELECT id FROM t ORDER BY x <~> 31 LIMIT 5') AS calls;
SELECT count(*) FROM (SELECT id FROM t ORDER BY x <~> 31) s;
SELECT scans, scan_calls, scan_residual > 0 AS residual FROM cur_index_stats('t_x');
-- Distances are the operator's own, ascending.
SELECT bool_and(d = x <~> 31) AS exact, bool_and(d >= before) AS ordered FROM (
    SELECT x, x <~> 31 AS d, lag(x <~> 31) OVER () AS before FROM t ORDER BY x <~> 31 LIMIT 60 OFFSET 5) s;
-- Nearest rows are found.
CREATE FUNCTION recall(k integer) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    hits integer := 0;
    found integer;
    farthest float8;
BEGIN
    FOR q IN 1..20 LOOP
        PERFORM use_index(false);
        SELECT max(d) INTO farthest FROM (SELECT x <~> q * 3.3 AS d FROM t WHERE x IS NOT NULL ORDER BY 1 LIMIT k) s;
        PERFORM use_index(true);
        SELECT count(*) INTO found FROM (SELECT x <~> q * 3.3 AS d FROM t ORDER BY x <~> q * 3.3 LIMIT k) s WHERE d <= farthest;
        hits := hits + found;
    END LOOP;
    RETURN hits / (20.0 * k);
END $$;
SELECT recall(10) >= 0.8 AS "at 100 calls";
SET cur.budget = 400;
SELECT recall(10) >= 0.95 AS "at 400 calls";
-- Rows that are the same for every query leave calls to a round that knows the query.
SET cur.rounds = 1;
SELECT recall(10) >= 0.9 AS "in one round";
RESET cur.rounds;

-- A budget for all rows: the answer of a sequential scan, whatever the statement.
SET cur.budget = 3000;
SELECT same_answer('SELECT x <~> 31 AS d FROM t WHERE x IS NOT NULL ORDER BY x <~> 31');
SELECT same_answer('SELECT x <~> 8.5 AS d FROM t ORDER BY x <~> 8.5 LIMIT 20 OFFSET 10');
SELECT same_answer('SELECT x <~> 8.5 AS d FROM t WHERE kind = 3 AND id > 50 ORDER BY x <~> 8.5 LIMIT 20');
SELECT same_answer('SELECT s.d FROM generate_series(1, 9, 2) q CROSS JOIN LATERAL
    (SELECT x <~> q AS d FROM t ORDER BY x <~> q LIMIT 3) s');
SELECT same_answer('SELECT t.x <~> 40 AS d FROM t JOIN t o ON o.id = t.id + 1 ORDER BY t.x <~> 40 LIMIT 12');
SELECT same_answer('SELECT max(x <~> 40) AS d FROM t GROUP BY kind ORDER BY 1');
BEGIN;
DECLARE c CURSOR FOR SELECT id, round((x <~> 31)::numeric, 4) AS d FROM t ORDER BY x <~> 31, id;
FETCH 2 FROM c;
FETCH 2 FROM c;
CLOSE c;
COMMIT;

-- A query of NULL: rows in any order, without a call.
SELECT use_index(true);
SELECT calls_of('SELECT id FROM t ORDER BY x <~> NULL') AS calls;
SELECT count(*) FROM (SELECT FROM t ORDER BY x <~> NULL) s;
PREPARE near(float8) AS SELECT count(*) FROM (SELECT FROM t ORDER BY x <~> $1) s;
EXECUTE near(NULL);
SET plan_cache_mode = force_generic_plan;
EXECUTE near(NULL);
RESET plan_cache_mode;

-- Iterative scans.
SET cur.budget = 50;
SELECT count(*) FROM (SELECT id FROM t ORDER BY x <~> 31 LIMIT 500) s;
SET cur.iterative_scan = relaxed_order;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY x <~> 31 LIMIT 500) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY x <~> 31) s;
SELECT count(*) FROM (SELECT id FROM t WHERE kind = 3 ORDER BY x <~> 31 LIMIT 100) s;
SET cur.max_scan_calls = 120;
SELECT count(*) FROM (SELECT id FROM t ORDER BY x <~> 31) s;
RESET cur.max_scan_calls;
SET cur.iterative_scan = strict_order;
SELECT bool_and(d >= before), count(*) BETWEEN 100 AND 2000 AS many FROM (
    SELECT d, lag(d) OVER () AS before FROM (SELECT x <~> 31 AS d FROM t ORDER BY x <~> 31 OFFSET 0) s) s;
-- A filter that few rows pass: as many rows as without an order, and the nearest of them.
SET cur.budget = 200;
SELECT count(*) AS rows, bool_and(d >= before) AS ordered, count(*) FILTER (WHERE d <= farthest) >= 18 AS nearest FROM (
    SELECT d, lag(d) OVER () AS before FROM (
        SELECT x <~> 31 AS d FROM t WHERE id % 50 = 7 ORDER BY x <~> 31 LIMIT 20) s) s,
    (SELECT max(d) AS farthest FROM (SELECT abs(x - 31) + (floor(x)::integer * 31 % 7) * 0.25 AS d FROM t WHERE id % 50 = 7 ORDER BY 1 LIMIT 20) e) e;
RESET cur.iterative_scan;
SET cur.shortlist = 10;
SET cur.budget = 300;
SELECT recall(10) >= 0.8 AS "short shortlist";
RESET cur.shortlist;

-- New rows cost no call, and are found at once.
SELECT calls_of('INSERT INTO t SELECT 3000 + i, 31, 9 FROM generate_series(1, 5) i') AS calls;
SELECT pending FROM cur_index_stats('t_x');
SELECT count(*) FROM (SELECT kind FROM t ORDER BY x <~> 31 LIMIT 5) s WHERE kind = 9;
SELECT calls_of('SELECT cur_flush(''t_x'')') AS calls;
SELECT items, pending, flushed_items FROM cur_index_stats('t_x');
SELECT count(*) FROM (SELECT kind FROM t ORDER BY x <~> 31 LIMIT 5) s WHERE kind = 9;
-- More new rows than fit a page of the list.
INSERT INTO t SELECT 4000 + i, i / 16.0, 8 FROM generate_series(1, 3000) i;
SELECT pending, advice FROM cur_index_stats('t_x');
SET cur.budget = 10000;
SELECT same_answer('SELECT x <~> 31 AS d FROM t WHERE x IS NOT NULL ORDER BY x <~> 31');
SELECT cur_flush('t_x');
SELECT items, pending FROM cur_index_stats('t_x');
SELECT same_answer('SELECT x <~> 31 AS d FROM t WHERE x IS NOT NULL ORDER BY x <~> 31');

-- Rows that nobody sees cost no call.
DELETE FROM t WHERE kind <> 3;
SELECT use_index(true);
SELECT calls_of('SELECT id FROM t ORDER BY x <~> 31 LIMIT 1') AS calls;
SELECT same_answer('SELECT x <~> 31 AS d FROM t ORDER BY x <~> 31');
-- VACUUM empties slots, a flush of some rows uses them again.
INSERT INTO t SELECT 8000 + i, i / 8.0, 3 FROM generate_series(1, 600) i;
ALTER INDEX t_x SET (flush_limit = 0);
VACUUM t;
SELECT cur_flush('t_x', 450);
SELECT items, pending, free_slots > 4000 AS free, removed_items, advice FROM cur_index_stats('t_x');
SELECT pages AS before FROM cur_index_stats('t_x') \gset
SELECT cur_flush('t_x');
SELECT pages = :before AS same_pages, items, pending FROM cur_index_stats('t_x');
SELECT same_answer('SELECT x <~> 31 AS d FROM t ORDER BY x <~> 31');
-- Updates, HOT and not.
UPDATE t SET kind = kind + 10 WHERE id % 2 = 0;
UPDATE t SET x = x + 1 WHERE id % 3 = 0;
SELECT same_answer('SELECT x <~> 31 AS d FROM t ORDER BY x <~> 31');
VACUUM t;
SELECT same_answer('SELECT x <~> 31 AS d FROM t ORDER BY x <~> 31');
SELECT same_answer('SELECT x <~> 31 AS d FROM t WHERE kind > 9 ORDER BY x <~> 31 LIMIT 7');
BEGIN;
INSERT INTO t VALUES (20000, 31, 7);
SELECT kind FROM t ORDER BY x <~> 31, kind DESC LIMIT 1;
ROLLBACK;
SELECT same_answer('SELECT x <~> 31 AS d FROM t ORDER BY x <~> 31');
REINDEX INDEX t_x;
SELECT same_answer('SELECT x <~> 31 AS d FROM t ORDER BY x <~> 31');
SELECT pending, free_slots, scans FROM cur_index_stats('t_x');

-- Pending rows beyond the budget come once each, whether a scan returns to the list or not.
CREATE TABLE waiting (x float8);
INSERT INTO waiting SELECT i / 16.0 FROM generate_series(1, 400) i;
CREATE INDEX waiting_x ON waiting USING cur (x far_ops) WITH (anchor_queries = 10);
INSERT INTO waiting SELECT i / 16.0 FROM generate_series(401, 1000) i;
SET cur.budget = 100;
SELECT use_index(true);
SELECT count(*), count(DISTINCT x) FROM (SELECT x FROM waiting ORDER BY x <~> 31 OFFSET 0) s;
SET cur.iterative_scan = relaxed_order;
SELECT count(*), count(DISTINCT x) FROM (SELECT x FROM waiting ORDER BY x <~> 31 OFFSET 0) s;
RESET cur.iterative_scan;
-- Pages of the list are filled again after a flush.
INSERT INTO waiting SELECT i / 16.0 FROM generate_series(1001, 4000) i;
SELECT cur_flush('waiting_x');
DELETE FROM waiting WHERE x > 25;
VACUUM waiting;
SELECT pages AS before FROM cur_index_stats('waiting_x') \gset
INSERT INTO waiting SELECT i / 16.0 FROM generate_series(1001, 4000) i;
SELECT pages = :before AS same_pages, pending FROM cur_index_stats('waiting_x');
DROP TABLE waiting;
SET cur.budget = 10000;

-- Kinds of indexes.
CREATE INDEX CONCURRENTLY t_neg ON t USING cur ((-x) far_ops) WITH (anchor_queries = 20) WHERE kind > 5;
SELECT same_answer('SELECT -x <~> -31 AS d FROM t WHERE kind > 5 ORDER BY -x <~> -31');
DROP INDEX t_neg;
CREATE TABLE q (v float8);
INSERT INTO q SELECT i * 1.5 FROM generate_series(1, 40) i;
CREATE INDEX t_f16 ON t USING cur (x far_ops) WITH (anchor_source = 'cur_test.q.v', anchor_queries = 30, storage = float16, latent_dim = 12);
CREATE INDEX t_f32 ON t USING cur (x far_ops) WITH (anchor_source = 'cur_test.q.v', anchor_queries = 30, storage = float32, anchor_items = 5);
SELECT anchor_queries, dimensions, storage, energy < 1 AS cut FROM cur_index_stats('t_f16');
SELECT anchor_queries, anchor_items, storage FROM cur_index_stats('t_f32');
DROP INDEX t_x, t_f32;
SET cur.budget = 300;
SELECT recall(5) >= 0.8 AS float16;
CREATE INDEX t_f32 ON t USING cur (x far_ops) WITH (anchor_source = 'cur_test.q.v', anchor_queries = 30, storage = float32, anchor_items = 5);
DROP INDEX t_f16;
SELECT recall(5) >= 0.8 AS float32;
DROP INDEX t_f32;
SET cur.budget = 10000;

-- Nothing to learn from: rows wait in the list, and are scored one by one.
CREATE TABLE empty (x float8);
CREATE INDEX empty_x ON empty USING cur (x far_ops);
SELECT count(*) FROM (SELECT FROM empty ORDER BY x <~> 1) s;
INSERT INTO empty SELECT i FROM generate_series(1, 2000) i;
SELECT same_answer('SELECT x <~> 31 AS d FROM empty ORDER BY x <~> 31');
SELECT cur_flush('empty_x');
SELECT items, pending, dimensions, advice FROM cur_index_stats('empty_x');
VACUUM empty;
DELETE FROM empty WHERE x > 1000;
VACUUM empty;
SELECT pending FROM cur_index_stats('empty_x');
SELECT same_answer('SELECT x <~> 31 AS d FROM empty ORDER BY x <~> 31');
REINDEX INDEX empty_x;
SELECT items, pending, dimensions > 0 AS model, advice FROM cur_index_stats('empty_x');
TRUNCATE empty;
SELECT count(*) FROM (SELECT FROM empty ORDER BY x <~> 1) s;
INSERT INTO empty SELECT 5 FROM generate_series(1, 50) i;
REINDEX INDEX empty_x;
SELECT count(*) FROM (SELECT FROM empty ORDER BY x <~> 1) s;
CREATE UNLOGGED TABLE fast (x float8);
CREATE INDEX fast_x ON fast USING cur (x far_ops) WITH (anchor_queries = 10);
INSERT INTO fast SELECT i FROM generate_series(1, 100) i;
REINDEX INDEX fast_x;
SELECT same_answer('SELECT x <~> 31 AS d FROM fast ORDER BY x <~> 31');
CREATE TEMPORARY TABLE gone AS SELECT i::float8 AS x FROM generate_series(1, 100) i;
CREATE INDEX ON gone USING cur (x far_ops) WITH (anchor_queries = 10);
SELECT same_answer('SELECT x <~> 31 AS d FROM gone ORDER BY x <~> 31');
SET client_min_messages = warning;
DROP SCHEMA cur_test CASCADE;

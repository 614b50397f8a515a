-- cur_recall: an index against a scan of its table by the scorer.
\i sql/include/cur.sql
\set VERBOSITY default
CREATE TABLE t (id integer PRIMARY KEY, x float8);
INSERT INTO t SELECT i, (i * 7919 % 10007) / 128.0 FROM generate_series(1, 1500) i;
INSERT INTO t VALUES (0, NULL);
CREATE TABLE q (v float8);
INSERT INTO q SELECT i * 1.5 FROM generate_series(1, 50) i;
SET client_min_messages = warning;
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_queries = 40);
RESET client_min_messages;

-- Given queries. The figures are those of a sequential scan and an index scan run by hand.
CREATE FUNCTION by_hand(queries float8[], k integer) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
    r float8[];
    farthest float8;
    query float8;
BEGIN
    FOREACH query IN ARRAY queries LOOP
        PERFORM use_index(false);
        SELECT max(d) INTO farthest FROM (SELECT x <~> query AS d FROM t WHERE x IS NOT NULL ORDER BY 1 LIMIT k) s;
        PERFORM use_index(true);
        r := r || (SELECT count(*) / k::float8 FROM (SELECT x <~> query AS d FROM t ORDER BY x <~> query LIMIT k) s WHERE d <= farthest);
    END LOOP;
    RETURN r;
END $$;
SET cur.budget = 60;
SELECT by_hand(array_agg(v ORDER BY v), 10) AS hand FROM q \gset
SELECT r.queries, r.budget, abs(r.recall_mean - (SELECT avg(h) FROM unnest(:'hand'::float8[]) h)) < 1e-6 AS mean,
    abs(r.recall_min - (SELECT min(h) FROM unnest(:'hand'::float8[]) h)) < 1e-6 AS min, r.recall_mean BETWEEN 0.3 AND 0.99 AS between,
    r.recall_min <= r.recall_p5 AND r.recall_p5 <= r.recall_mean AS p5, r.ci_low < r.recall_mean AND r.recall_mean < r.ci_high AS interval,
    r.scan_calls_mean, r.calls, r.latency_ms_mean > 0 AS latency, r.exact_ms_mean > r.latency_ms_mean AS exact
FROM cur_recall('t_x', (SELECT array_agg(v ORDER BY v) FROM q)) r;
SELECT calls_of('SELECT cur_recall(''t_x'', ARRAY[31, 8.5]::float8[])') AS calls;
SELECT recall_mean, scan_calls_mean FROM cur_recall('t_x', ARRAY[31, 8.5]::float8[], 20, budget => 5000);
SHOW cur.budget;
-- Ties cost nothing, and an index that lacks nothing finds all of a table smaller than k.
CREATE TABLE ties (x float8);
INSERT INTO ties SELECT i % 4 FROM generate_series(1, 300) i;
SET client_min_messages = warning;
CREATE INDEX ties_x ON ties USING cur (x far_ops) WITH (anchor_queries = 4);
SELECT recall_mean FROM cur_recall('ties_x', ARRAY[1.0]::float8[], 10);
SELECT recall_mean, calls FROM cur_recall('ties_x', ARRAY[1.0]::float8[], 10000, budget => 300);
SELECT recall_mean < 1 AS short FROM cur_recall('ties_x', ARRAY[1.0]::float8[], 300, budget => 50);

-- Drawn queries: from the rows, or from a column; never one of the anchor queries.
SELECT k, queries, recall_mean > 0.5 AS good FROM cur_recall('t_x', 5, 30, budget => 300);
SELECT queries, scan_calls_mean FROM cur_recall('t_x', source => 'q.v', n => 7);
SELECT (SELECT recall_mean FROM cur_recall('t_x', seed => 1)) = (SELECT recall_mean FROM cur_recall('t_x', seed => 1)) AS repeats;
CREATE INDEX t_q ON t USING cur (x far_ops) WITH (anchor_source = 'cur_test.q.v', anchor_queries = 45);
SELECT queries FROM cur_recall('t_q');
CREATE TABLE few AS SELECT * FROM q LIMIT 10;
CREATE INDEX t_few ON t USING cur (x far_ops) WITH (anchor_source = 'cur_test.few.v', anchor_queries = 20);
SELECT cur_recall('t_few');
SELECT queries > 0 AS drawn FROM cur_recall('t_few', source => 'items', n => 3);
DROP INDEX t_q, t_few;

-- Rows of a partial index on an expression, under the caller's snapshot.
CREATE INDEX t_neg ON t USING cur ((-x) far_ops) WITH (anchor_queries = 20) WHERE id % 3 = 0;
SELECT calls, recall_mean FROM cur_recall('t_neg', ARRAY[-31.0]::float8[], budget => 600);
BEGIN;
DELETE FROM t WHERE id % 2 = 0;
SELECT calls, recall_mean FROM cur_recall('t_neg', ARRAY[-31.0]::float8[], budget => 600);
ROLLBACK;
DROP INDEX t_neg;

-- Queries that are arrays.
CREATE TABLE passages (tokens vector[]);
INSERT INTO passages SELECT ARRAY[ARRAY[i % 7, i % 5, 1]::vector, ARRAY[1, i % 3, i % 11]::vector] FROM generate_series(1, 400) i;
CREATE INDEX passages_t ON passages USING cur (tokens) WITH (anchor_queries = 30);
SELECT queries, recall_mean > 0.5 AS good FROM cur_recall('passages_t', ARRAY[ARRAY['[1,0,2]', '[0,1,1]']::vector[], ARRAY['[3,1,0]', '[0,0,1]']::vector[]]);
SELECT queries FROM cur_recall('passages_t', ARRAY['[1,0,2]', '[0,1,1]']::vector[]);
SELECT queries FROM cur_recall('passages_t', n => 4);

-- Nothing to compare.
CREATE TABLE empty (x float8);
CREATE INDEX empty_x ON empty USING cur (x far_ops);
SELECT k, queries, recall_mean, calls FROM cur_recall('empty_x');
SELECT queries, recall_mean, calls FROM cur_recall('empty_x', ARRAY[1.0]::float8[]);
INSERT INTO empty SELECT i FROM generate_series(1, 100) i;
SELECT queries, recall_mean, calls FROM cur_recall('empty_x', n => 5);
-- Rows without a score are the farthest.
CREATE FUNCTION holes(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN CASE WHEN item > 90 THEN NULL WHEN item > 80 THEN 'NaN' ELSE abs(item - query) END; END $$;
CREATE OPERATOR <~~> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = holes);
CREATE OPERATOR CLASS hole_ops FOR TYPE float8 USING cur AS OPERATOR 1 <~~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 holes(float8, float8);
CREATE INDEX empty_h ON empty USING cur (x hole_ops) WITH (nonfinite = skip, anchor_queries = 5);
SELECT recall_mean::real FROM cur_recall('empty_h', ARRAY[70.0]::float8[], 100);
RESET client_min_messages;

-- Limits and mistakes.
SET cur.max_build_calls = 3119;
SELECT cur_recall('t_x', ARRAY[31, 8.5]::float8[]);
SET cur.max_build_calls = 3120;
SELECT queries FROM cur_recall('t_x', ARRAY[31, 8.5]::float8[]);
RESET cur.max_build_calls;
SELECT cur_recall('t_x', 0);
SELECT cur_recall('t_x', n => 0);
SELECT cur_recall('t_x', k => NULL);
SELECT cur_recall('t_x', budget => 0);
SELECT cur_recall('t_x', source => 'v');
SELECT cur_recall('t_x', ARRAY[31]);
SELECT cur_recall('t_x', ARRAY[31, NULL]::float8[]);
SELECT cur_recall('t_x', '{}'::float8[]);
SELECT cur_recall('t', ARRAY[31]::float8[]);
CREATE ROLE cur_reader;
GRANT USAGE ON SCHEMA cur_test TO cur_reader;
GRANT SELECT ON t TO cur_reader;
SET ROLE cur_reader;
SELECT cur_recall('t_x', ARRAY[31]::float8[]);
RESET ROLE;
-- The owner's rights are those of the table's owner, whoever asks.
CREATE FUNCTION who(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN item * query / (current_user = 'cur_reader')::integer; END $$;
CREATE OPERATOR <~~~> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = who);
CREATE OPERATOR CLASS who_ops FOR TYPE float8 USING cur AS OPERATOR 1 <~~~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 who(float8, float8);
GRANT CREATE ON SCHEMA cur_test TO cur_reader;
ALTER TABLE few OWNER TO cur_reader;
SET client_min_messages = warning;
CREATE INDEX few_v ON few USING cur (v who_ops) WITH (anchor_queries = 3);
SELECT recall_mean FROM cur_recall('few_v', ARRAY[31]::float8[]);
SELECT current_user = 'cur_reader' AS still;
-- A statement's timeout ends it.
\set SHOW_CONTEXT never
SET statement_timeout = '200ms';
CREATE FUNCTION slow(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE AS $$
BEGIN IF query > 1000 THEN PERFORM pg_sleep(0.01); END IF; RETURN abs(item - query); END $$;
CREATE OPERATOR <~~~~> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = slow);
CREATE OPERATOR CLASS slow_ops FOR TYPE float8 USING cur AS OPERATOR 1 <~~~~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 slow(float8, float8);
CREATE INDEX t_slow ON t USING cur (x slow_ops) WITH (anchor_queries = 2);
SELECT cur_recall('t_slow', ARRAY[2000]::float8[]);
RESET statement_timeout;
DROP SCHEMA cur_test CASCADE;
DROP ROLE cur_reader;

-- cur_index_check: pages, rows, and whether the scorer is the one of the build.
\i sql/include/cur.sql
\set VERBOSITY default
CREATE TABLE t (id integer PRIMARY KEY, x float8);
INSERT INTO t SELECT i, (i * 7919 % 10007) / 128.0 FROM generate_series(1, 1500) i;
INSERT INTO t VALUES (0, NULL);
SET client_min_messages = warning;
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_queries = 40);
RESET client_min_messages;
SELECT items, pending, sampled, score_difference < 1e-4 AS same, batch_difference < 1e-4 AS agree, calls, advice FROM cur_index_check('t_x');
SELECT calls_of('SELECT cur_index_check(''t_x'', 7, true)') AS calls;
SELECT calls_of('SELECT cur_index_check(''t_x'', 0)') AS calls;
SELECT items, sampled, calls FROM cur_index_check('t_x', 2000);
-- New rows, dead rows, free slots, more than a page of the list.
INSERT INTO t SELECT 3000 + i, i / 16.0 FROM generate_series(1, 3000) i;
DELETE FROM t WHERE id % 3 = 0;
SELECT items, pending, sampled < 1500 AS invisible, score_difference < 1e-4 AS same, advice FROM cur_index_check('t_x', 1500, true);
ALTER INDEX t_x SET (flush_limit = 0);
VACUUM t;
SELECT cur_flush('t_x', 300);
SELECT items, pending, score_difference < 1e-4 AS same, batch_difference < 1e-4 AS agree, advice FROM cur_index_check('t_x', 50, true);
SELECT cur_flush('t_x');
SELECT items, pending, score_difference < 1e-4 AS same, advice FROM cur_index_check('t_x', 50, true);
SET cur.max_build_calls = 409;
SELECT cur_index_check('t_x');
SET cur.max_build_calls = 410;
SELECT sampled FROM cur_index_check('t_x');
RESET cur.max_build_calls;

-- A scorer that changes underneath.
CREATE OR REPLACE FUNCTION far(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE STRICT COST 10000 AS $$
BEGIN
    PERFORM nextval('cur_test.calls');
    RETURN abs(item - query) * 1.5 + (floor(item)::integer * floor(query)::integer % 7) * 0.25;
END $$;
SELECT score_difference > 0.1 AS other, batch_difference < 1e-4 AS agree, advice FROM cur_index_check('t_x');
REINDEX INDEX t_x;
SELECT score_difference < 1e-4 AS same, advice FROM cur_index_check('t_x');
-- A batch scorer that changes alone.
CREATE OR REPLACE FUNCTION far_many(items float8[], query float8) RETURNS float8[] LANGUAGE sql STABLE STRICT COST 10000 AS $$
    SELECT array_agg(cur_test.far(i, query) + i / 8 ORDER BY n) FROM unnest(items) WITH ORDINALITY u(i, n)
$$;
SELECT score_difference > 0.1 AS other, batch_difference > 0.1 AS apart, advice FROM cur_index_check('t_x');
SET client_min_messages = error;
REINDEX INDEX t_x;
SELECT score_difference < 1e-4 AS same, batch_difference > 0.1 AS apart, advice FROM cur_index_check('t_x');
RESET client_min_messages;
-- And one that has no score any more.
CREATE OR REPLACE FUNCTION far_many(items float8[], query float8) RETURNS float8[] LANGUAGE sql STABLE STRICT COST 10000 AS $$
    SELECT array_agg('NaN'::float8) FROM unnest(items)
$$;
SELECT score_difference, batch_difference FROM cur_index_check('t_x');
-- Rounding is no difference: float4 of large scores, latent vectors of every storage.
CREATE FUNCTION large(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN 1000000 + abs(item - query) / 16; END $$;
CREATE FUNCTION large_many(items float8[], query float8) RETURNS float4[] LANGUAGE sql STABLE AS $$
    SELECT array_agg((1000000 + abs(i - query) / 16)::float4 ORDER BY n) FROM unnest(items) WITH ORDINALITY u(i, n)
$$;
CREATE OPERATOR <~~> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = large);
CREATE OPERATOR CLASS large_ops FOR TYPE float8 USING cur AS OPERATOR 1 <~~> (float8, float8) FOR ORDER BY float_ops,
    FUNCTION 1 large(float8, float8), FUNCTION 2 large_many(float8[], float8);
SET client_min_messages = warning;
CREATE INDEX t_l8 ON t USING cur (x large_ops) WITH (anchor_queries = 30);
CREATE INDEX t_l16 ON t USING cur (x large_ops) WITH (anchor_queries = 30, storage = float16, latent_dim = 5);
CREATE INDEX t_l32 ON t USING cur (x large_ops) WITH (anchor_queries = 30, storage = float32);
SELECT score_difference < 1e-4 AS same, batch_difference < 1e-3 AS rounding, advice FROM cur_index_check('t_l8', 100, true);
SELECT score_difference < 1e-4 AS same, batch_difference < 1e-3 AS rounding, advice FROM cur_index_check('t_l16', 100, true);
SELECT score_difference < 1e-4 AS same, batch_difference < 1e-3 AS rounding, advice FROM cur_index_check('t_l32', 100, true);
-- A pointwise scorer alone; a partial index on an expression; queries of a variable length.
CREATE FUNCTION word_distance(item text, query text) RETURNS float8 LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN abs(length(item) - length(query)) + (item < query)::integer; END $$;
CREATE OPERATOR <~~> (LEFTARG = text, RIGHTARG = text, FUNCTION = word_distance);
CREATE OPERATOR CLASS word_ops FOR TYPE text USING cur AS OPERATOR 1 <~~> (text, text) FOR ORDER BY float_ops, FUNCTION 1 word_distance(text, text);
CREATE INDEX t_w ON t USING cur (repeat(id::text, id % 9) word_ops) WITH (anchor_queries = 30) WHERE id % 2 = 1;
SELECT items, sampled, score_difference < 1e-4 AS same, batch_difference < 1e-4 AS agree, calls, advice FROM cur_index_check('t_w', heapallindexed => true);
-- Nothing in it, and no model.
CREATE TABLE empty (x float8);
CREATE INDEX empty_x ON empty USING cur (x large_ops);
SELECT * FROM cur_index_check('empty_x', heapallindexed => true);
INSERT INTO empty SELECT i FROM generate_series(1, 2000) i;
SELECT * FROM cur_index_check('empty_x', heapallindexed => true);
-- A row that the index lacks: a predicate that turns out to mean something else.
CREATE FUNCTION admitted(i integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN i % 4 = 0; END';
CREATE TABLE part AS SELECT i AS id, i::float8 AS x FROM generate_series(1, 100) i;
CREATE INDEX part_x ON part USING cur (x large_ops) WITH (anchor_queries = 5) WHERE admitted(id);
CREATE OR REPLACE FUNCTION admitted(i integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN i % 4 <= 1; END';
SELECT items FROM cur_index_check('part_x');
SELECT items FROM cur_index_check('part_x', heapallindexed => true);
-- Mistakes and rights.
SELECT cur_index_check('t_x', -1);
SELECT cur_index_check('t');
SELECT cur_index_check('t_pkey');
SELECT cur_index_check(NULL);
CREATE ROLE cur_reader;
GRANT USAGE ON SCHEMA cur_test TO cur_reader;
GRANT SELECT ON t TO cur_reader;
SET ROLE cur_reader;
SELECT cur_index_check('t_x');
RESET ROLE;
DROP SCHEMA cur_test CASCADE;
DROP ROLE cur_reader;

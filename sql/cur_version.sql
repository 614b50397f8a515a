-- A scorer that changes after the build is noticed: by its functions, and by what its class's version
-- function says.
\i sql/include/cur.sql
\set VERBOSITY default
CREATE TABLE t (x float8);
INSERT INTO t SELECT i / 8.0 FROM generate_series(1, 400) i;
CREATE FUNCTION plain(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE COST 10000 AS $$
BEGIN RETURN abs(item - query) + (floor(item)::integer * floor(query)::integer % 7) * 0.25; END $$;
CREATE TABLE version AS SELECT '1'::text AS v, 0 AS calls;
CREATE FUNCTION model_version() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN PERFORM nextval('cur_test.calls'); RETURN (SELECT v FROM cur_test.version); END $$;
CREATE OPERATOR <~~> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = plain);
CREATE OPERATOR CLASS versioned_ops FOR TYPE float8 USING cur AS OPERATOR 1 <~~> (float8, float8) FOR ORDER BY float_ops,
    FUNCTION 1 plain(float8, float8), FUNCTION 4 model_version();
SELECT amvalidate(oid) FROM pg_opclass WHERE opcname = 'versioned_ops';
SET client_min_messages = warning;
CREATE INDEX t_v ON t USING cur (x versioned_ops) WITH (anchor_queries = 10);
CREATE FUNCTION near(statement text DEFAULT 'SELECT count(*) FROM (SELECT FROM t ORDER BY x <~~> 31 LIMIT 5) s') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint; BEGIN PERFORM use_index(true); EXECUTE statement INTO n; RETURN n; END $$;
\c
SET search_path = cur_test, public;
-- Asked once in a session, not per scan.
SELECT calls_of('SELECT near() FROM generate_series(1, 3)') AS calls;
SELECT advice FROM cur_index_stats('t_v');
-- Another version: one warning in a session, whatever else changes.
UPDATE version SET v = '2';
SELECT near();
\c
SET search_path = cur_test, public;
SELECT near();
SELECT near();
CREATE FUNCTION unrelated() RETURNS integer LANGUAGE sql AS 'SELECT 1';
SELECT near();
SELECT advice FROM cur_index_stats('t_v');
-- A flush warns as well.
\c
SET search_path = cur_test, public;
INSERT INTO t VALUES (5);
SELECT cur_flush('t_v');
UPDATE version SET v = NULL;
CREATE OR REPLACE FUNCTION unrelated() RETURNS integer LANGUAGE sql AS 'SELECT 2';
SELECT near();
-- REINDEX builds anew.
SET client_min_messages = warning;
REINDEX INDEX t_v;
SELECT near();
SELECT advice FROM cur_index_stats('t_v');
-- Another function, noticed in the session that was there before.
CREATE OR REPLACE FUNCTION plain(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE COST 10000 AS $$
BEGIN RETURN 2 * abs(item - query); END $$;
SELECT near();
SELECT advice FROM cur_index_stats('t_v');
SELECT sampled FROM cur_index_check('t_v', accept => true);
-- And back again: no warning, the scorer is that of the build.
CREATE OR REPLACE FUNCTION plain(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE COST 10000 AS $$
BEGIN RETURN abs(item - query) + (floor(item)::integer * floor(query)::integer % 7) * 0.25; END $$;
SELECT near();
SELECT advice FROM cur_index_stats('t_v');
-- A function that only looks other may be accepted, once its scores were compared.
CREATE OR REPLACE FUNCTION plain(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE COST 10000 AS $$
BEGIN
    RETURN abs(item - query) + (floor(item)::integer * floor(query)::integer % 7) * 0.25;
END $$;
SELECT near();
SELECT sampled FROM cur_index_check('t_v', 0, accept => true);
SELECT sampled FROM cur_index_check('t_v', 5);
SELECT advice FROM cur_index_stats('t_v');
SELECT sampled FROM cur_index_check('t_v', 5, accept => true);
SELECT advice FROM cur_index_stats('t_v');
\c
SET search_path = cur_test, public;
SELECT near();
-- A rebuilt index is another one: the same change is worth another warning.
CREATE OR REPLACE FUNCTION model_version() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'a' $$;
SELECT near();
CREATE OR REPLACE FUNCTION model_version() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'b' $$;
SET client_min_messages = warning;
REINDEX INDEX t_v;
CREATE OR REPLACE FUNCTION model_version() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'a' $$;
SELECT near();
REINDEX INDEX t_v;
-- Settings of a function, and its batch form, count; its name and cost do not.
ALTER FUNCTION plain(float8, float8) COST 5000;
ALTER FUNCTION plain(float8, float8) RENAME TO plainer;
SELECT advice FROM cur_index_stats('t_v');
ALTER FUNCTION plainer(float8, float8) SET extra_float_digits = 0;
SELECT advice FROM cur_index_stats('t_v');
ALTER FUNCTION plainer(float8, float8) RESET ALL;
SELECT advice FROM cur_index_stats('t_v');
SET client_min_messages = warning;
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_queries = 10);
SELECT advice FROM cur_index_stats('t_x');
CREATE OR REPLACE FUNCTION far_many(items float8[], query float8) RETURNS float8[] LANGUAGE sql STABLE STRICT COST 10000
    BEGIN ATOMIC SELECT array_agg(far(i, query) ORDER BY n) FROM unnest(items) WITH ORDINALITY u(i, n); END;
SELECT advice FROM cur_index_stats('t_x');
SELECT advice FROM cur_index_check('t_x', accept => true);
SELECT advice FROM cur_index_stats('t_x');
CREATE OR REPLACE FUNCTION far_many(items float8[], query float8) RETURNS float8[] LANGUAGE sql STABLE STRICT COST 10000
    BEGIN ATOMIC SELECT array_agg(far(i, query) + 1 ORDER BY n) FROM unnest(items) WITH ORDINALITY u(i, n); END;
SELECT advice FROM cur_index_stats('t_x');
-- A body that refers to objects by OID is the same after a restore, where they have others.
CREATE FUNCTION shift() RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 0.0::float8';
CREATE OR REPLACE FUNCTION far_many(items float8[], query float8) RETURNS float8[] LANGUAGE sql STABLE STRICT COST 10000
    BEGIN ATOMIC SELECT array_agg(far(i, query) + shift() + float8 '0.30000000000000004' * 0 ORDER BY n) FROM unnest(items) WITH ORDINALITY u(i, n); END;
REINDEX INDEX t_x;
ALTER FUNCTION shift() RENAME TO shift_before;
CREATE FUNCTION shift() RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 0.0::float8';
CREATE OR REPLACE FUNCTION far_many(items float8[], query float8) RETURNS float8[] LANGUAGE sql STABLE STRICT COST 10000
    BEGIN ATOMIC SELECT array_agg(far(i, query) + shift() + float8 '0.30000000000000004' * 0 ORDER BY n) FROM unnest(items) WITH ORDINALITY u(i, n); END;
SELECT advice FROM cur_index_stats('t_x');
SET quote_all_identifiers = on;
SELECT advice FROM cur_index_stats('t_x');
RESET quote_all_identifiers;
SET extra_float_digits = 0;
SET search_path = public, cur_test;
SELECT advice FROM cur_index_stats('t_x');
RESET extra_float_digits;
SET search_path = cur_test, public;
ALTER FUNCTION far_many(float8[], float8) RENAME TO far_all;
SELECT advice FROM cur_index_stats('t_x');
ALTER FUNCTION far_all(float8[], float8) RENAME TO far_many;
-- A scorer that differs from its batch form is not accepted either, though the rows' scores are the batch's.
CREATE OR REPLACE FUNCTION far(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE STRICT COST 10000 AS $$
BEGIN RETURN abs(item - query) + 5; END $$;
CREATE OR REPLACE FUNCTION far_many(items float8[], query float8) RETURNS float8[] LANGUAGE sql STABLE STRICT COST 10000
    BEGIN ATOMIC SELECT array_agg(abs(i - query) ORDER BY n) FROM unnest(items) WITH ORDINALITY u(i, n); END;
REINDEX INDEX t_x;
CREATE OR REPLACE FUNCTION far(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE STRICT COST 10000 AS $$
BEGIN RETURN abs(item - query) + 6; END $$;
SELECT advice FROM cur_index_stats('t_x');
SELECT sampled FROM cur_index_check('t_x', accept => true);
-- Nor does a session go on with a function of before, in another language.
CREATE OR REPLACE FUNCTION far_many(items float8[], query float8) RETURNS float8[] LANGUAGE plpgsql STABLE STRICT COST 10000 AS $$
BEGIN RETURN ARRAY(SELECT abs(i - query) FROM unnest(items) WITH ORDINALITY u(i, n) ORDER BY n); END $$;
SET client_min_messages = error;
SELECT near('SELECT count(*) FROM (SELECT FROM t ORDER BY x <~> 31 LIMIT 5) s');
SET client_min_messages = warning;
DROP INDEX t_x;
-- A scorer that changes under the check is not accepted.
CREATE OR REPLACE FUNCTION model_version() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT nextval('cur_test.calls')::text $$;
SELECT sampled FROM cur_index_check('t_v', 5, accept => true);
-- An index without a model fits any scorer.
CREATE TABLE empty (x float8);
CREATE INDEX empty_v ON empty USING cur (x versioned_ops);
UPDATE version SET v = '9';
SELECT near('SELECT count(*) FROM (SELECT FROM empty ORDER BY x <~~> 31) s');
SELECT advice FROM cur_index_stats('empty_v');
-- A version function that fails, fails the statement.
CREATE OR REPLACE FUNCTION model_version() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN RAISE EXCEPTION 'no connection to the model'; END $$;
SELECT near();
SELECT near();
-- A flush fails, and leaves new rows pending; a vacuum asks for no version.
INSERT INTO t VALUES (6);
SELECT cur_flush('t_v');
ALTER INDEX t_v SET (flush_limit = 0);
VACUUM t;
SELECT pending FROM cur_index_check('t_v', 0);
CREATE OR REPLACE FUNCTION model_version() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text';
SELECT near();

-- Classes that cur_create_class makes look at the user's own functions.
CREATE FUNCTION judge(query text, items text[]) RETURNS float8[] LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT array_agg(public.levenshtein_similarity(query, item) ORDER BY n) FROM unnest(items) WITH ORDINALITY u(item, n)
$$;
CREATE FUNCTION release() RETURNS text LANGUAGE sql STABLE AS 'SELECT v FROM cur_test.version';
CREATE TABLE words AS SELECT 'word ' || i * 7919 % 1009 AS w FROM generate_series(1, 300) i;
SELECT cur_create_class('judge_ops', batch => 'judge(text, text[])', version => 'release()', operator_name => '<~?>');
SHOW search_path;
CREATE INDEX words_w ON words USING cur (w judge_ops) WITH (anchor_queries = 20);
SET search_path = pg_catalog;
SELECT advice FROM public.cur_index_stats('cur_test.words_w');
CREATE OR REPLACE FUNCTION cur_test.judge(query text, items text[]) RETURNS float8[] LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT array_agg(public.levenshtein_similarity(query, item) / 2 ORDER BY n) FROM unnest(items) WITH ORDINALITY u(item, n)
$$;
SELECT advice FROM public.cur_index_stats('cur_test.words_w');
REINDEX INDEX cur_test.words_w;
SELECT advice FROM public.cur_index_stats('cur_test.words_w');
SET search_path = cur_test, public;
UPDATE version SET v = '10';
SELECT advice FROM cur_index_stats('words_w');
SELECT near('SELECT count(*) FROM (SELECT FROM words ORDER BY w <~?> ''word 17'' LIMIT 5) s');
-- A scorer whose body the server keeps as a tree, and that is made anew, as a dump does: other OIDs, the same version.
CREATE FUNCTION halve(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE RETURN x / 2;
CREATE FUNCTION tree(query text, item text) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT RETURN halve(levenshtein_similarity(query, item));
SELECT cur_create_class('tree_ops', 'tree(text, text)', operator_name => '<~!>');
SELECT tree_ops_version() AS before \gset
DROP FUNCTION tree, halve(float8);
CREATE FUNCTION halve(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE RETURN x / 2;
CREATE FUNCTION tree(query text, item text) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT RETURN halve(levenshtein_similarity(query, item));
SELECT tree_ops_version() = :'before' AS same;
CREATE OR REPLACE FUNCTION tree(query text, item text) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT RETURN halve(halve(levenshtein_similarity(query, item)));
SELECT tree_ops_version() = :'before' AS same;
SELECT cur_functions_hash(ARRAY['tree(text,text)', NULL]::regprocedure[]);
SELECT cur_functions_hash(ARRAY[0]::regprocedure[]);
-- What is no version function.
\set VERBOSITY terse
CREATE FUNCTION wrong(text) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1';
CREATE FUNCTION number() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION moment() RETURNS text LANGUAGE sql VOLATILE AS 'SELECT now()::text';
SELECT cur_create_class('x_ops', batch => 'judge(text, text[])', version => 'wrong(text)');
SELECT cur_create_class('x_ops', batch => 'judge(text, text[])', version => 'number()');
SELECT cur_create_class('x_ops', batch => 'judge(text, text[])', version => 'moment()');
CREATE OPERATOR CLASS bad1 FOR TYPE float8 USING cur AS OPERATOR 1 <~~> (float8, float8) FOR ORDER BY float_ops,
    FUNCTION 1 plainer(float8, float8), FUNCTION 4 wrong(text);
CREATE OPERATOR CLASS bad2 FOR TYPE float8 USING cur AS OPERATOR 1 <~~> (float8, float8) FOR ORDER BY float_ops,
    FUNCTION 1 plainer(float8, float8), FUNCTION 4 number();
CREATE OPERATOR CLASS bad3 FOR TYPE float8 USING cur AS OPERATOR 1 <~~> (float8, float8) FOR ORDER BY float_ops,
    FUNCTION 1 plainer(float8, float8), FUNCTION 4 moment();
SELECT opcname, amvalidate(oid) FROM pg_opclass WHERE opcname ~ '^bad' ORDER BY 1;
DROP SCHEMA cur_test CASCADE;

-- Access method cur: scorers that misbehave, classes that cannot be used, limits.
\i sql/include/cur.sql
\set VERBOSITY default
CREATE TABLE t (x float8);
INSERT INTO t SELECT i / 8.0 FROM generate_series(1, 400) i;

-- A scorer whose answers a parameter spoils.
CREATE FUNCTION odd(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE COST 10000 AS $$
DECLARE how text := current_setting('my.how', true);
BEGIN
    IF item BETWEEN 20 AND 21 THEN
        CASE how
            WHEN 'null' THEN RETURN NULL;
            WHEN 'nan' THEN RETURN 'NaN';
            WHEN 'infinite' THEN RETURN 'Infinity';
            WHEN 'error' THEN RAISE EXCEPTION 'no connection to the model';
            WHEN 'slow' THEN PERFORM pg_sleep(60);
            WHEN 'reads' THEN RETURN abs(item - query) + 0 * (SELECT count(*) FROM t);
            WHEN 'searches' THEN RETURN abs(item - query) + 0 * (SELECT x FROM t ORDER BY x <~> 1 LIMIT 1);
            ELSE NULL;
        END CASE;
    END IF;
    RETURN abs(item - query) + (floor(item)::integer * floor(query)::integer % 7) * 0.25;
END $$;
CREATE OPERATOR <~~> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = odd);
CREATE OPERATOR CLASS odd_ops FOR TYPE float8 USING cur AS
    OPERATOR 1 <~~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 odd(float8, float8);
-- In builds.
SET my.how = 'null';
CREATE INDEX odd_x ON t USING cur (x odd_ops) WITH (anchor_queries = 10);
SET my.how = 'nan';
CREATE INDEX odd_x ON t USING cur (x odd_ops) WITH (anchor_queries = 10);
SET my.how = 'infinite';
CREATE INDEX odd_x ON t USING cur (x odd_ops) WITH (anchor_queries = 10);
SET my.how = 'error';
CREATE INDEX odd_x ON t USING cur (x odd_ops) WITH (anchor_queries = 10);
SET my.how = 'slow';
SET statement_timeout = '300ms';
CREATE INDEX odd_x ON t USING cur (x odd_ops) WITH (anchor_queries = 10);
RESET statement_timeout;
SELECT count(*) FROM pg_class WHERE relname = 'odd_x';
SET my.how = 'null';
SET client_min_messages = warning;
CREATE INDEX odd_x ON t USING cur (x odd_ops) WITH (anchor_queries = 10, nonfinite = skip);
SELECT items, pending FROM cur_index_stats('odd_x');
-- Such rows stay pending.
SELECT cur_flush('odd_x');
SET my.how = 'none';
SELECT cur_flush('odd_x');
SELECT items, pending FROM cur_index_stats('odd_x');
-- In scans. Rows without a score come last: infinite, NaN, NULL.
SET cur.budget = 1000;
SET my.how = 'null';
SELECT same_answer('SELECT x <~~> 31 AS d FROM t ORDER BY x <~~> 31');
SET my.how = 'nan';
SELECT same_answer('SELECT x <~~> 31 AS d FROM t ORDER BY x <~~> 31');
SET my.how = 'infinite';
SELECT same_answer('SELECT x <~~> 31 AS d FROM t ORDER BY x <~~> 31');
SET cur.budget = 60;
SELECT use_index(true);
SELECT count(*) FROM (SELECT FROM t ORDER BY x <~~> 20.5) s;
SET my.how = 'nan';
SELECT count(*) FROM (SELECT FROM t ORDER BY x <~~> 20.5) s;
SET cur.budget = 1000;
SET my.how = 'error';
SELECT count(*) FROM (SELECT FROM t ORDER BY x <~~> 20.5) s;
SET my.how = 'slow';
SET statement_timeout = '300ms';
SELECT count(*) FROM (SELECT FROM t ORDER BY x <~~> 20.5) s;
RESET statement_timeout;
SET my.how = 'reads';
SELECT same_answer('SELECT x <~~> 31 AS d FROM t ORDER BY x <~~> 31');
SET my.how = 'none';
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_queries = 10);
SET my.how = 'searches';
SELECT same_answer('SELECT x <~~> 31 AS d FROM t ORDER BY x <~~> 31');
-- A vacuum calls no scorer; the rows stay pending.
ALTER INDEX odd_x SET (flush_limit = 0);
INSERT INTO t SELECT 20.5 FROM generate_series(1, 3);
SET my.how = 'error';
VACUUM t;
SELECT pending FROM cur_index_stats('odd_x');
SELECT cur_flush('odd_x');
SET my.how = 'none';
VACUUM t;
SELECT cur_flush('odd_x');
SELECT pending FROM cur_index_stats('odd_x');
RESET client_min_messages;

-- Batch scorers.
CREATE FUNCTION odd_many(items float8[], query float8) RETURNS real[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    how text := current_setting('my.how', true);
    r real[] := (SELECT array_agg(cur_test.odd(i, query)::real ORDER BY n) FROM unnest(items) WITH ORDINALITY u(i, n));
BEGIN
    RETURN CASE how WHEN 'short' THEN r[2:] WHEN 'long' THEN r || 1::real WHEN 'no array' THEN NULL
        WHEN 'no score' THEN r[2:] || NULL::real WHEN 'square' THEN ARRAY[r, r] WHEN 'empty' THEN '{}' ELSE r END;
END $$;
CREATE OPERATOR <~~~> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = odd);
CREATE OPERATOR CLASS many_ops FOR TYPE float8 USING cur AS
    OPERATOR 1 <~~~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 odd(float8, float8),
    FUNCTION 2 odd_many(float8[], float8);
SELECT amvalidate(oid) FROM pg_opclass WHERE opcname = 'many_ops';
SET cur.batch_size = 50;
SET my.how = 'none';
DROP INDEX t_x, odd_x;
DELETE FROM t WHERE x = 20.5;
CREATE INDEX many_x ON t USING cur (x many_ops) WITH (anchor_queries = 10);
SELECT bool_and(abs(d - x) < 1e-4) FROM (SELECT x <~~~> 31 AS d, x <~~> 31 AS x FROM t ORDER BY x <~~~> 31 LIMIT 20) s;
SELECT use_index(true);
SET my.how = 'short';
SELECT count(*) FROM (SELECT FROM t ORDER BY x <~~~> 31) s;
SET my.how = 'long';
SELECT count(*) FROM (SELECT FROM t ORDER BY x <~~~> 31) s;
SET my.how = 'no array';
SELECT count(*) FROM (SELECT FROM t ORDER BY x <~~~> 31) s;
SET my.how = 'no score';
SELECT count(*) FROM (SELECT FROM t ORDER BY x <~~~> 31) s;
SET my.how = 'square';
SELECT count(*) FROM (SELECT FROM t ORDER BY x <~~~> 31) s;
SET my.how = 'empty';
REINDEX INDEX many_x;
SET my.how = 'none';
DROP INDEX many_x;

-- Seed functions: rows that do not exist, duplicates, NULL, too many.
CREATE FUNCTION seeds(query float8, m integer) RETURNS tid[] LANGUAGE sql STABLE AS $$
    SELECT CASE current_setting('my.seed') WHEN 'null' THEN NULL WHEN 'odd' THEN '{NULL,"(0,1)","(0,1)","(0,0)","(99999,1)","(0,200)"}'::tid[]
        ELSE (SELECT array_agg(ctid) FROM (SELECT ctid FROM t ORDER BY abs(x - query) LIMIT 1000) s) END
$$;
CREATE OPERATOR <~~~~> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = far);
CREATE OPERATOR CLASS seed_ops FOR TYPE float8 USING cur AS
    OPERATOR 1 <~~~~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 far(float8, float8),
    FUNCTION 3 seeds(float8, integer);
CREATE INDEX seed_x ON t USING cur (x seed_ops) WITH (anchor_queries = 10);
SET my.seed = 'null';
SELECT same_answer('SELECT x <~~~~> 31 AS d FROM t ORDER BY x <~~~~> 31');
SET my.seed = 'odd';
SELECT same_answer('SELECT x <~~~~> 31 AS d FROM t ORDER BY x <~~~~> 31');
SET my.seed = 'good';
SET cur.budget = 40;
SET cur.seed_fraction = 1;
SET cur.rounds = 1;
SELECT use_index(true);
SELECT count(*) FROM (SELECT x FROM t ORDER BY x <~~~~> 31 LIMIT 40) s WHERE abs(x - 31) <= 2.5;
-- HOT chains: the seed names the newest version, the index the root.
UPDATE t SET x = x WHERE x BETWEEN 30 AND 32;
SELECT count(*), count(DISTINCT x) FROM (SELECT x FROM t ORDER BY x <~~~~> 31 LIMIT 40) s WHERE abs(x - 31) <= 2.5;
-- On many pages, the last ones included.
CREATE TABLE more AS SELECT * FROM t;
INSERT INTO t SELECT 1000 + i FROM generate_series(1, 3000) i;
REINDEX INDEX seed_x;
SELECT count(*) FROM (SELECT x FROM t ORDER BY x <~~~~> 3980 LIMIT 40) s WHERE abs(x - 3980) <= 20;
TRUNCATE t;
INSERT INTO t SELECT * FROM more;
DROP TABLE more;
RESET cur.rounds;
RESET cur.seed_fraction;
RESET cur.budget;
DROP INDEX seed_x;

-- Limits and options.
SET cur.max_build_calls = 3989;
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_queries = 10);
RESET cur.max_build_calls;
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_queries = 1);
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (storage = int4);
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (ridge = 0);
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_source = 'x');
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_source = 'nowhere.x');
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_source = 'cur_test.t.y');
CREATE TABLE words (w text);
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_source = 'cur_test.words.w');
CREATE TABLE none (v float8);
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_source = 'cur_test.none.v');
CREATE INDEX t_x ON t USING cur (x, x);
CREATE UNIQUE INDEX t_x ON t USING cur (x far_ops);
CREATE INDEX t_x ON t USING cur (x);
SET cur.budget = 0;
SET cur.rounds = 0;
SET cur.seed_fraction = 2;
SET cur.iterative_scan = maybe;
SET cur.nothing = 1;

-- Classes that CREATE OPERATOR CLASS lets through.
CREATE OPERATOR CLASS bad1 FOR TYPE float8 USING cur AS
    OPERATOR 1 <~> (float8, float8) FOR ORDER BY float_ops;
CREATE OPERATOR CLASS bad2 FOR TYPE float8 USING cur AS
    OPERATOR 1 <~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 float8mi(float8, float8);
CREATE OPERATOR CLASS bad3 FOR TYPE float8 USING cur AS
    OPERATOR 1 <~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 far(float8, float8),
    FUNCTION 2 far(float8, float8);
CREATE OPERATOR CLASS bad4 FOR TYPE float8 USING cur AS
    OPERATOR 1 <~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 far(float8, float8),
    FUNCTION 3 far_many(float8[], float8);
SELECT opcname, amvalidate(oid) FROM pg_opclass WHERE opcname ~ '^bad' ORDER BY 1;

-- Functions.
SELECT cur_index_stats('t');
SELECT cur_flush('pg_class_oid_index');
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_queries = 10);
CREATE ROLE cur_reader;
SET ROLE cur_reader;
SELECT cur_index_stats('t_x');
SELECT cur_flush('t_x');
RESET ROLE;
DROP ROLE cur_reader;
SET client_min_messages = warning;
DROP SCHEMA cur_test CASCADE;

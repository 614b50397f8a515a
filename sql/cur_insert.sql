-- insert_mode = sync: new rows are scored by the statement that inserts them.
\i sql/include/cur.sql
\set VERBOSITY default
CREATE TABLE t (id integer PRIMARY KEY, x float8, note text) WITH (fillfactor = 50);
INSERT INTO t SELECT i, (i * 7919 % 10007) / 128.0 FROM generate_series(1, 600) i;
SET client_min_messages = warning;
CREATE INDEX t_x ON t USING cur (x far_ops) WITH (anchor_queries = 12, insert_mode = sync);
RESET client_min_messages;
-- A call per anchor query and row.
SELECT calls_of('INSERT INTO t VALUES (1001, 5)') AS calls;
SELECT calls_of('INSERT INTO t SELECT 2000 + i, i / 4.0 FROM generate_series(1, 200) i') AS calls;
SELECT calls_of('INSERT INTO t VALUES (0, NULL)') AS calls;
SELECT items, pending, flushed_items FROM cur_index_stats('t_x');
SELECT items, pending, score_difference < 1e-4 AS same, advice FROM cur_index_check('t_x', 900, true);
SET cur.budget = 5000;
SELECT same_answer('SELECT x <~> 31 AS d FROM t WHERE x IS NOT NULL ORDER BY x <~> 31');
SET cur.budget = 40;
-- Updates: of the column, a row; of another column, none (HOT).
SELECT calls_of('UPDATE t SET x = x + 1 WHERE id BETWEEN 1 AND 3') AS calls;
SELECT calls_of('UPDATE t SET note = ''new'' WHERE id = 500') AS calls;
COPY t (id, x) FROM stdin;
5001	1.5
5002	2.5
\.
SELECT items, pending FROM cur_index_stats('t_x');
-- Slots that vacuum freed are used again.
DELETE FROM t WHERE id BETWEEN 100 AND 300;
VACUUM t;
SELECT pages AS before FROM cur_index_stats('t_x') \gset
INSERT INTO t SELECT 6000 + i, i / 4.0 FROM generate_series(1, 150) i;
SELECT pages = :before AS same_pages, pending FROM cur_index_stats('t_x');
SELECT items, pending, score_difference < 1e-4 AS same FROM cur_index_check('t_x', 900, true);
-- Rolled back rows go with the next vacuum.
BEGIN;
INSERT INTO t VALUES (7000, 8);
ROLLBACK;
SELECT items AS before FROM cur_index_stats('t_x') \gset
VACUUM t;
SELECT items - :before AS gone FROM cur_index_stats('t_x');
-- The mode is an option like others.
ALTER INDEX t_x SET (insert_mode = pending);
SELECT calls_of('INSERT INTO t VALUES (7001, 8)') AS calls;
SELECT pending FROM cur_index_stats('t_x');
ALTER INDEX t_x SET (insert_mode = sync);
SELECT calls_of('INSERT INTO t VALUES (7002, 8)') AS calls;
ALTER INDEX t_x SET (insert_mode = later);

-- Errors reach the statement, and leave nothing behind.
CREATE FUNCTION odd(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE COST 10000 AS $$
BEGIN
    IF item > 1000 THEN
        CASE current_setting('my.how')
            WHEN 'error' THEN RAISE EXCEPTION 'no connection to the model';
            WHEN 'nan' THEN RETURN 'NaN';
            WHEN 'null' THEN RETURN NULL;
            WHEN 'slow' THEN PERFORM pg_sleep(60);
            WHEN 'reads' THEN RETURN abs(item - query) + (SELECT count(*) FROM words);
            WHEN 'searches' THEN RETURN abs(item - query) + (SELECT count(*) FROM (SELECT FROM odd ORDER BY x <~~> 5 LIMIT 3) s);
            ELSE NULL;
        END CASE;
    END IF;
    RETURN abs(item - query);
END $$;
CREATE OPERATOR <~~> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = odd);
CREATE OPERATOR CLASS odd_ops FOR TYPE float8 USING cur AS OPERATOR 1 <~~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 odd(float8, float8);
CREATE TABLE odd AS SELECT i::float8 AS x FROM generate_series(1, 100) i;
CREATE TABLE words (w text);
SET client_min_messages = warning;
CREATE INDEX odd_x ON odd USING cur (x odd_ops) WITH (anchor_queries = 5, insert_mode = sync);
RESET client_min_messages;
SET my.how = 'error';
INSERT INTO odd VALUES (50.5), (1001);
SET my.how = 'nan';
INSERT INTO odd VALUES (1001);
SET my.how = 'null';
INSERT INTO odd VALUES (1001);
SET my.how = 'slow';
SET statement_timeout = '200ms';
INSERT INTO odd VALUES (1001);
RESET statement_timeout;
SELECT items, pending FROM cur_index_stats('odd_x');  -- 50.5 was placed, and rolled back
SELECT count(*) FROM odd;
VACUUM odd;
SELECT items, pending FROM cur_index_check('odd_x', 0, true);
-- A scorer may read tables, and search the index that is being written.
SET my.how = 'reads';
INSERT INTO odd VALUES (1001);
SET my.how = 'searches';
\set SHOW_CONTEXT never
INSERT INTO odd VALUES (1002), (1003);
\set SHOW_CONTEXT errors
SELECT items, pending FROM cur_index_check('odd_x', 0, true);
-- Caught, the next statement goes on.
SET my.how = 'error';
DO $$ BEGIN
    BEGIN
        INSERT INTO odd VALUES (1004);
    EXCEPTION WHEN OTHERS THEN
        INSERT INTO odd VALUES (60.5);
    END;
END $$;
ALTER INDEX odd_x SET (nonfinite = skip);
SET my.how = 'nan';
INSERT INTO odd VALUES (1005);
SELECT items, pending FROM cur_index_check('odd_x', 0, true);

-- An index without a model has nothing to score against.
CREATE TABLE empty (x float8);
SET client_min_messages = error;
CREATE INDEX empty_x ON empty USING cur (x far_ops) WITH (insert_mode = sync);
RESET client_min_messages;
SELECT calls_of('INSERT INTO empty SELECT i FROM generate_series(1, 50) i') AS calls;
SELECT items, pending FROM cur_index_stats('empty_x');
-- By value or by reference, short and long, with a query of another type.
CREATE FUNCTION length_distance(item text, query integer) RETURNS float8 LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN abs(length(item) - query) + (length(item) % query) / 16.0; END $$;
CREATE OPERATOR <~~> (LEFTARG = text, RIGHTARG = integer, FUNCTION = length_distance);
CREATE OPERATOR CLASS length_ops FOR TYPE text USING cur AS OPERATOR 1 <~~> (text, integer) FOR ORDER BY float_ops, FUNCTION 1 length_distance(text, integer);
CREATE TABLE lengths AS SELECT i FROM generate_series(1, 30) i;
INSERT INTO words SELECT repeat('x', i) FROM generate_series(1, 100) i;
SET client_min_messages = warning;
CREATE INDEX words_w ON words USING cur (w length_ops) WITH (anchor_source = 'cur_test.lengths.i', anchor_queries = 10, insert_mode = sync);
INSERT INTO words SELECT repeat(md5(i::text), i * 20) FROM generate_series(1, 150) i;
SELECT items, pending, score_difference < 1e-4 AS same FROM cur_index_check('words_w', 300, true);
-- Whoever inserts runs the scorer.
CREATE ROLE cur_writer;
GRANT USAGE ON SCHEMA cur_test TO cur_writer;
GRANT INSERT ON words TO cur_writer;
CREATE OR REPLACE FUNCTION length_distance(item text, query integer) RETURNS float8 LANGUAGE plpgsql STABLE AS $$
BEGIN RAISE EXCEPTION 'I am %', current_user; END $$;
SET ROLE cur_writer;
INSERT INTO words VALUES ('word');
RESET ROLE;
DROP SCHEMA cur_test CASCADE;
DROP ROLE cur_writer;

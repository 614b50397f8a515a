-- Flushes of some rows: each goes on where the last one ended, whatever became of the rows before.
\i sql/include/cur.sql
\set VERBOSITY default
CREATE FUNCTION odd(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE COST 10000 AS $$
BEGIN
    PERFORM nextval('cur_test.calls');
    IF item = 1001 THEN
        RAISE EXCEPTION 'no connection to the model';
    END IF;
    RETURN CASE WHEN item > 1000 THEN 'NaN' ELSE abs(item - query) END;
END $$;
CREATE OPERATOR <~~> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = odd);
CREATE OPERATOR CLASS odd_ops FOR TYPE float8 USING cur AS OPERATOR 1 <~~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 odd(float8, float8);
CREATE TABLE t AS SELECT i::float8 AS x FROM generate_series(1, 100) i;
SET client_min_messages = warning;
CREATE INDEX t_x ON t USING cur (x odd_ops) WITH (anchor_queries = 5, nonfinite = skip, flush_limit = 0);
RESET client_min_messages;
-- Rows that can never be moved, more than two pages of the list, keep 50 others waiting for their turn only.
INSERT INTO t SELECT 2000 + i FROM generate_series(1, 3000) i;
INSERT INTO t SELECT i + 0.5 FROM generate_series(1, 50) i;
SELECT calls_of('SELECT cur_flush(''t_x'', 100)') AS calls;
SELECT sum(cur_flush('t_x', 100)) AS moved FROM generate_series(2, 31);
SELECT items, pending FROM cur_index_check('t_x', 0, true);
-- So do rows with which the scorer fails.
INSERT INTO t SELECT i + 0.25 FROM generate_series(1, 25) i;
INSERT INTO t VALUES (1001);
INSERT INTO t SELECT i + 0.25 FROM generate_series(26, 50) i;
DO $$
BEGIN
    FOR i IN 1..40 LOOP
        BEGIN
            PERFORM cur_flush('t_x', 500);
        EXCEPTION WHEN raise_exception THEN
            NULL;
        END;
    END LOOP;
END $$;
SELECT cur_flush('t_x');
SELECT items, pending FROM cur_index_check('t_x', 0, true);
-- Once around at most.
DELETE FROM t WHERE x = 1001 OR x > 2020;
VACUUM t;
SELECT calls_of('SELECT cur_flush(''t_x'', 1000000)') AS calls;
SELECT calls_of('SELECT cur_flush(''t_x'', 0)') AS calls;
SELECT cur_flush('t_x', -1);
SELECT cur_flush(NULL);
DROP SCHEMA cur_test CASCADE;

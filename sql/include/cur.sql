-- A scorer that counts its calls: sequence calls. Distances are sums of exact binary fractions.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;
CREATE SCHEMA cur_test;
SET search_path = cur_test, public;
CREATE SEQUENCE calls;
CREATE FUNCTION far(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE STRICT COST 10000 AS $$
BEGIN
    PERFORM nextval('cur_test.calls');
    RETURN abs(item - query) + (floor(item)::integer * floor(query)::integer % 7) * 0.25;
END $$;
CREATE FUNCTION far_many(items float8[], query float8) RETURNS float8[] LANGUAGE sql STABLE STRICT COST 10000 AS $$
    SELECT array_agg(cur_test.far(i, query) ORDER BY n) FROM unnest(items) WITH ORDINALITY u(i, n)
$$;
CREATE OPERATOR <~> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = far);
CREATE OPERATOR CLASS far_ops FOR TYPE float8 USING cur AS
    OPERATOR 1 <~> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 far(float8, float8),
    FUNCTION 2 far_many(float8[], float8);
CREATE FUNCTION use_index(yes boolean) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('enable_indexscan', yes::text, false), set_config('enable_seqscan', (NOT yes)::text, false),
        set_config('enable_sort', (NOT yes)::text, false)
$$;
-- Scorer calls of a statement.
CREATE FUNCTION calls_of(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
    PERFORM setval('calls', 1, false);
    EXECUTE statement;
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO n FROM calls;
    RETURN n;
END $$;
-- The distances that a query returns, by index and by sequential scan.
CREATE FUNCTION same_answer(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    by_index float8[];
    by_scan float8[];
BEGIN
    PERFORM use_index(true);
    EXECUTE 'SELECT array_agg(d) FROM (' || query || ') q' INTO by_index;
    PERFORM use_index(false);
    EXECUTE 'SELECT array_agg(d) FROM (' || query || ') q' INTO by_scan;
    RETURN by_index IS NOT DISTINCT FROM by_scan;
END $$;

-- What the lid_hnsw_* files share. They include it with ECHO off, so expected files do not repeat it.
-- Everything lives in pg_temp: the files leave nothing behind and run alone or together.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS vectorgraph;
RESET client_min_messages;

-- Row i of a repeatable data set: 20 loose clusters in `dims` dimensions; another seed gives other rows
-- of the same clusters. Every element is a multiple of 1/65536.
CREATE FUNCTION pg_temp.vec(i bigint, dims integer, seed bigint DEFAULT 0) RETURNS vector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(((hashint8extended((i % 20) * 4096 + j, 77) & 65535)
                      + (hashint8extended(i * 4096 + j, seed) & 65535) / 2)::float4 / 65536 - 0.75
                     ORDER BY j)::vector
    FROM generate_series(1, dims) j
$$;

\i sql/include/outcome.sql

-- Leaves the planner only index scans, or only sequential scans with a sort.
CREATE FUNCTION pg_temp.use_index(on_or_off boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('enable_indexscan', CASE WHEN on_or_off THEN 'on' ELSE 'off' END, false),
        set_config('enable_seqscan', CASE WHEN on_or_off THEN 'off' ELSE 'on' END, false),
        set_config('enable_sort', CASE WHEN on_or_off THEN 'off' ELSE 'on' END, false);
END $$;

-- Pages that a statement looks at, in the cache or not.
CREATE FUNCTION pg_temp.buffers(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT json) ' || statement INTO plan;
    RETURN (plan->0->'Plan'->>'Shared Hit Blocks')::bigint + (plan->0->'Plan'->>'Shared Read Blocks')::bigint;
END $$;

-- How the planner finds rows: the access path of a statement, without the rest of the plan.
CREATE FUNCTION pg_temp.path(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
        IF line ~ 'Scan' THEN
            RETURN regexp_replace(line, '^[ >-]*', '');
        END IF;
    END LOOP;
END $$;

-- Compares the index of `tab`(v) with a sequential scan for `queries` queries.
--   recall   share of the k nearest rows that the index gave, counted by distance
--   full     every query gave k rows, or all rows of the filter
--   ordered  every answer came in ascending order of the operator's value
CREATE FUNCTION pg_temp.compare(tab text, op text, dims integer, k integer, queries integer,
    filter text DEFAULT 'true', OUT recall numeric, OUT full_answers boolean, OUT ordered boolean)
LANGUAGE plpgsql AS $$
DECLARE
    query vector;
    exact float8[];
    answer float8[];
    hits integer := 0;
    wanted integer := 0;
BEGIN
    full_answers := true;
    ordered := true;
    FOR q IN 1..queries LOOP
        query := pg_temp.vec(q, dims, 999);
        PERFORM pg_temp.use_index(false);
        EXECUTE format('SELECT array(SELECT v %1$s $1 FROM %2$s WHERE %3$s ORDER BY v %1$s $1 LIMIT %4$s)',
            op, tab, filter, k) INTO exact USING query;
        PERFORM pg_temp.use_index(true);
        EXECUTE format('SELECT array(SELECT v %1$s $1 FROM %2$s WHERE %3$s ORDER BY v %1$s $1 LIMIT %4$s)',
            op, tab, filter, k) INTO answer USING query;
        wanted := wanted + cardinality(exact);
        -- The two scans add up in the same order, so equal rows have equal distances to the last bit.
        hits := hits + (SELECT count(*) FROM unnest(answer) d WHERE d <= exact[cardinality(exact)]);
        full_answers := full_answers AND cardinality(answer) = cardinality(exact);
        ordered := ordered AND NOT EXISTS (SELECT FROM generate_subscripts(answer, 1) i WHERE answer[i] < answer[i - 1]);
    END LOOP;
    PERFORM set_config(name, 'on', false) FROM (VALUES ('enable_indexscan'), ('enable_seqscan'), ('enable_sort')) v(name);
    recall := CASE WHEN wanted = 0 THEN 1 ELSE round(hits::numeric / wanted, 3) END;
END $$;

-- Whether a scan of the whole index returns every row of the table once.
CREATE FUNCTION pg_temp.all_rows(tab text, op text, dims integer, filter text DEFAULT 'true') RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    all_there boolean;
BEGIN
    PERFORM pg_temp.use_index(true);
    EXECUTE format('SELECT count(*) = count(DISTINCT ctid) AND count(*) = (SELECT count(*) FROM %2$s WHERE %3$s)
        FROM (SELECT ctid FROM %2$s WHERE %3$s ORDER BY v %1$s $1 OFFSET 0) s', op, tab, filter)
        INTO all_there USING pg_temp.vec(3, dims, 999);
    PERFORM set_config(name, 'on', false) FROM (VALUES ('enable_indexscan'), ('enable_seqscan'), ('enable_sort')) v(name);
    RETURN all_there;
END $$;

-- Whether the index passes its check, heap included.
CREATE FUNCTION pg_temp.sound(index regclass) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN vectorgraph_index_check(index, true) >= 0;
END $$;

-- Helpers of bench/shapes/must_show.sh: exact answers, and recall and buffers of an index scan. Queries
-- stand in table q (id, v), the limits of distance that make a row right in `truth`.
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
SET client_min_messages = warning;

CREATE TABLE q (id integer, v vector);
CREATE TABLE truth (id integer, farthest double precision, rows bigint);

-- n numbers from the standard normal distribution.
CREATE FUNCTION gauss(n integer) RETURNS vector LANGUAGE sql VOLATILE AS $$
    SELECT array_agg(sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))::real[]::vector
    FROM generate_series(1, n)
$$;

CREATE FUNCTION scaled(v vector, factor double precision) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(x * factor ORDER BY i)::real[]::vector FROM unnest(v::real[]) WITH ORDINALITY AS u (x, i)
$$;

-- Remembers, per query, the distance of the k-th nearest row of `tab` that `filter` keeps, by a
-- sequential scan and the operator's own distance. With a relative slack of 1e-6: ties are not held
-- against an index.
CREATE FUNCTION find_truth(tab text, op text, k integer, filter text DEFAULT 'true') RETURNS void
LANGUAGE plpgsql SET enable_indexscan = off SET enable_bitmapscan = off AS $$
DECLARE
    r record;
BEGIN
    TRUNCATE truth;
    FOR r IN SELECT * FROM q LOOP
        EXECUTE format('INSERT INTO truth SELECT $2, max(d) + 1e-6 * abs(max(d)), count(*) FROM
            (SELECT v %s $1 AS d FROM %I WHERE %s ORDER BY d LIMIT %s) s', op, tab, filter, k)
        USING r.v, r.id;
    END LOOP;
END $$;

-- Recall against `truth` and buffers (index and table, hit or read) per query of the index scan, which
-- is forced. Short: answers with fewer rows than there are.
CREATE FUNCTION probe(tab text, op text, k integer, filter text DEFAULT 'true',
                      OUT recall numeric, OUT buffers numeric, OUT short bigint)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
    r record;
    plan json;
    query text := format('SELECT v %s $1 AS d FROM %I WHERE %s ORDER BY v %s $1 LIMIT %s', op, tab, filter, op, k);
    hits bigint; found bigint;
    hit_sum numeric := 0; row_sum numeric := 0; buffer_sum numeric := 0; n bigint := 0;
BEGIN
    short := 0;
    FOR r IN SELECT q.v, t.farthest, t.rows FROM q JOIN truth t USING (id) LOOP
        EXECUTE 'SELECT count(*) FILTER (WHERE d <= $2), count(*) FROM (' || query || ') s'
            INTO hits, found USING r.v, r.farthest;
        EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT json) ' || query INTO plan USING r.v;
        IF plan::text NOT LIKE '%"Index Scan"%' THEN
            RAISE EXCEPTION 'the plan is no index scan: %', plan;
        END IF;
        hit_sum := hit_sum + least(hits, r.rows);
        row_sum := row_sum + r.rows;
        buffer_sum := buffer_sum + (plan->0->'Plan'->>'Shared Hit Blocks')::bigint
                                 + (plan->0->'Plan'->>'Shared Read Blocks')::bigint;
        n := n + 1;
        short := short + (found < r.rows)::integer;
    END LOOP;
    recall := round(hit_sum / row_sum, 4);
    buffers := round(buffer_sum / n, 1);
END $$;

-- How many of the rows of `asked` (id, v) are the nearest row to their own vector.
CREATE FUNCTION found_own(tab text, op text, asked text) RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
    r record;
    found integer;
    n bigint := 0;
BEGIN
    FOR r IN EXECUTE format('SELECT id, v FROM %I', asked) LOOP
        EXECUTE format('SELECT id FROM %I ORDER BY v %s $1 LIMIT 1', tab, op) INTO found USING r.v;
        n := n + (found = r.id)::integer;
    END LOOP;
    RETURN n;
END $$;

-- Rows that came with a smaller value of the operator than the row before them, in so many index scans
-- with that LIMIT, whose queries take turns. Errors of the executor end it.
CREATE FUNCTION count_steps_back(tab text, op text, k integer, scans integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    query vector;
    back bigint := 0;
    found bigint;
    asked integer := (SELECT count(*) FROM q);
BEGIN
    PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
    FOR i IN 0 .. scans - 1 LOOP
        SELECT v INTO query FROM q ORDER BY id OFFSET i % asked LIMIT 1;
        EXECUTE format('SELECT count(*) FILTER (WHERE d < before) FROM (
                SELECT d, lag(d) OVER () AS before FROM (
                    SELECT v %1$s $1 AS d FROM %2$s ORDER BY v %1$s $1 LIMIT %3$s) s) t', op, tab, k)
            INTO found USING query;
        back := back + found;
    END LOOP;
    RETURN back;
END $$;

-- One INSERT per row, as applications do.
CREATE FUNCTION insert_each(tab text, source text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    FOR r IN EXECUTE format('SELECT id, v FROM %I ORDER BY id', source) LOOP
        EXECUTE format('INSERT INTO %I VALUES ($1, $2)', tab) USING r.id, r.v;
    END LOOP;
END $$;

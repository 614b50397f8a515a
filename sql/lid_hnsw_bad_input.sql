-- What comes out for queries and statements that ask for something odd, for float and for 8-bit storage: the same.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all

-- Columns v (float storage) and w (8-bit storage): 3 coordinates that say something, 1,497 zeros. Rows 19 and 20 have
-- no vector, which no index holds; row 18 is zero, which a cosine index does not hold.
CREATE FUNCTION pg_temp.wide(v vector) RETURNS vector LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT (v::real[] || array_fill(0::real, ARRAY[1497]))::vector
$$;
CREATE TABLE odd (id integer PRIMARY KEY, v vector(3), w vector(1500));
INSERT INTO odd SELECT i, x, pg_temp.wide(x) FROM (SELECT i, CASE WHEN i < 18 THEN ARRAY[i, i % 5, 1] WHEN i = 18 THEN ARRAY[0, 0, 0]
    END::real[]::vector AS x FROM generate_series(1, 20) i) s;
CREATE INDEX odd_v ON odd USING lid_hnsw (v vector_l2_ops);
CREATE INDEX odd_w ON odd USING lid_hnsw (w vector_l2_ops);
CREATE INDEX odd_v_cosine ON odd USING lid_hnsw (v);
CREATE INDEX odd_w_cosine ON odd USING lid_hnsw (w);
SELECT array_agg(storage) FROM unnest(ARRAY['odd_v', 'odd_w']) i, vectorgraph_index_stats(i) s;
SET enable_seqscan = off;
SET enable_sort = off;
SET enable_bitmapscan = off;
-- Ids by the index on v and on w; one array where they are equal.
CREATE FUNCTION pg_temp.both(op text, query text, rest text DEFAULT '', sorted boolean DEFAULT false) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    list text := CASE WHEN sorted THEN 'array_agg(id ORDER BY id)' ELSE 'array_agg(id)' END;
    narrow text;
    wide text;
BEGIN
    EXECUTE format('SELECT %s FROM (SELECT id FROM odd ORDER BY v %s (SELECT %s) %s) s', list, op, query, rest) INTO narrow;
    EXECUTE format('SELECT %s FROM (SELECT id FROM odd ORDER BY w %s (SELECT pg_temp.wide(%s)) %s) s', list, op, query, rest) INTO wide;
    RETURN NEXT narrow;
    IF wide IS DISTINCT FROM narrow THEN
        RETURN NEXT 'in 8 bits: ' || coalesce(wide, 'NULL');
    END IF;
END $$;
SELECT pg_temp.path('SELECT id FROM odd ORDER BY v <-> ''[1,1,1]'''), pg_temp.path('SELECT id FROM odd ORDER BY w <=> (SELECT NULL::vector)');

-- The rule: rows in the index, nearest first.
SELECT pg_temp.both('<->', '''[3.1,3,1]''::vector');
SELECT pg_temp.both('<=>', '''[3.1,3,1]''::vector', 'LIMIT 3');

-- NULL: every row that is in the index, in any order; LIMIT gets as many as it asks for.
SELECT pg_temp.both('<->', 'NULL::vector', sorted => true);
SELECT pg_temp.both('<=>', 'NULL::vector', sorted => true);
SELECT cardinality(array_agg(id)) FROM (SELECT id FROM odd ORDER BY w <-> (SELECT NULL::vector) LIMIT 3) s;

-- Zero: a point like any other, but under cosine no direction: as NULL.
SELECT pg_temp.both('<->', '''[0,0,0]''::vector', 'LIMIT 5');
SELECT pg_temp.both('<=>', '''[0,0,0]''::vector', sorted => true);

-- NaN and infinity are no vectors.
SELECT pg_temp.outcome(format('SELECT id FROM odd ORDER BY v <-> %L', q)) FROM unnest(ARRAY['[NaN,0,0]', '[inf,0,0]', '[1e39,0,0]']) q;
SELECT pg_temp.outcome('SELECT id FROM odd ORDER BY v <-> ARRAY[''NaN'', 0, 0]::real[]::vector');

-- As far as floats go: distances overflow to infinity, under which all rows are equal. All come, and no error.
SELECT pg_temp.both('<->', '''[1e38,1e38,1e38]''::vector', sorted => true);
SELECT pg_temp.both('<->', '''[3e38,-3e38,3e38]''::vector', sorted => true);
SELECT pg_temp.both('<=>', '''[1e38,0,0]''::vector', sorted => true);

-- Other dimensions.
SELECT pg_temp.outcome(format('SELECT id FROM odd ORDER BY %s <-> %L', c, q)) FROM unnest(ARRAY['v', 'w']) c, unnest(ARRAY['[1,2]', '[1,2,3,4]']) q;

-- OFFSET beyond the table, LIMIT 0, LIMIT NULL.
SELECT pg_temp.both('<->', '''[3,3,1]''::vector', 'OFFSET 30');
SELECT pg_temp.both('<->', '''[3,3,1]''::vector', 'LIMIT 3 OFFSET 16');
SELECT pg_temp.both('<->', '''[3,3,1]''::vector', 'LIMIT 0');
SELECT pg_temp.both('<->', '''[3,3,1]''::vector', 'LIMIT NULL OFFSET 15');

-- FETCH ... WITH TIES: three rows more are as far as the second one.
SELECT pg_temp.both('<->', '''[5,0,1]''::vector', 'FETCH FIRST 2 ROWS ONLY');
UPDATE odd SET v = '[5,1,1]', w = pg_temp.wide('[5,1,1]') WHERE id IN (11, 12, 13);
SELECT count(*), max(v <-> '[5,0,1]') AS farthest FROM (SELECT v FROM odd ORDER BY v <-> '[5,0,1]' FETCH FIRST 2 ROWS WITH TIES) s;
SELECT count(*), max(w <-> pg_temp.wide('[5,0,1]')) AS farthest FROM (SELECT w FROM odd ORDER BY w <-> pg_temp.wide('[5,0,1]') FETCH FIRST 2 ROWS WITH TIES) s;

-- Cursors back and forth.
CREATE FUNCTION pg_temp.back_and_forth(statement text) RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
    c refcursor;
    got integer;
    ids integer[];
    step text;
BEGIN
    OPEN c SCROLL FOR EXECUTE statement;
    FOREACH step IN ARRAY ARRAY['n', 'n', 'n', 'p', 'p', 'n', 'l', 'p', 'f', 'p', 'n', 'e', 'p'] LOOP
        CASE step WHEN 'n' THEN FETCH NEXT FROM c INTO got; WHEN 'p' THEN FETCH PRIOR FROM c INTO got;
            WHEN 'l' THEN FETCH LAST FROM c INTO got; WHEN 'f' THEN FETCH FIRST FROM c INTO got;
            ELSE MOVE FORWARD ALL FROM c; got := -1; END CASE;
        ids := ids || got;
    END LOOP;
    RETURN ids;
END $$;
SELECT pg_temp.back_and_forth('SELECT id FROM odd ORDER BY v <-> ''[16,1.1,1]''');
SELECT pg_temp.back_and_forth('SELECT id FROM odd ORDER BY w <-> pg_temp.wide(''[16,1.1,1]'')');

-- Rows locked one after the other, as a queue is worked off; nobody else holds a lock here. PostgreSQL 18.6 and its like warn.
BEGIN;
SET LOCAL client_min_messages = error;
SELECT id FROM odd ORDER BY v <-> '[16,1.1,1]' LIMIT 2 FOR UPDATE SKIP LOCKED;
SELECT id FROM odd ORDER BY w <-> pg_temp.wide('[16,1.1,1]') LIMIT 2 FOR UPDATE SKIP LOCKED;
ROLLBACK;

-- A minimum of distances under a filter, which an index scan could answer with NULL.
SELECT min(v <-> '[3,3,1]') = (SELECT min(d) FROM (SELECT v <-> '[3,3,1]' AS d FROM odd WHERE id > 14 OFFSET 0) s) AS same FROM odd WHERE id > 14;
SELECT min(w <-> pg_temp.wide('[3,3,1]')) = (SELECT min(d) FROM (SELECT v <-> '[3,3,1]' AS d FROM odd WHERE id > 14 OFFSET 0) s) AS same FROM odd WHERE id > 14;

-- A merge join on the distance, whose input must be in its order.
SET enable_hashjoin = off;
SET enable_nestloop = off;
CREATE TABLE distances AS SELECT v <-> '[3,3,1]' AS d FROM odd WHERE v IS NOT NULL;
SELECT count(*) >= 18 AS joined FROM (SELECT v <-> '[3,3,1]' AS d FROM odd ORDER BY v <-> '[3,3,1]' OFFSET 0) o JOIN distances USING (d);
SELECT count(*) >= 18 AS joined FROM (SELECT w <-> pg_temp.wide('[3,3,1]') AS d FROM odd ORDER BY w <-> pg_temp.wide('[3,3,1]') OFFSET 0) o JOIN distances USING (d);
DROP TABLE odd, distances;

-- What has no distances gets as many rows as it asks for, in no order: NULL, and zeros under cosine, on an index that is not
-- read as a whole at once.
CREATE TABLE without_order (id integer, v vector(40));
INSERT INTO without_order SELECT i, (SELECT array_agg(sin(i * 1.7 + j * j * .9)::real ORDER BY j) FROM generate_series(1, 40) j)::vector
FROM generate_series(1, 6000) i;
CREATE FUNCTION pg_temp.rows_for(q vector, most integer) RETURNS TABLE (l2 bigint, cosine bigint) LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM (SELECT id FROM without_order ORDER BY v <-> q LIMIT most) s),
        (SELECT count(*) FROM (SELECT id FROM without_order ORDER BY v <=> q LIMIT most) s)
$$;
SET enable_seqscan = off;
SET enable_sort = off;
CREATE INDEX without_order_l2 ON without_order USING lid_hnsw (v vector_l2_ops);
CREATE INDEX without_order_cosine ON without_order USING lid_hnsw (v vector_cosine_ops);
SELECT most, n.*, z.cosine AS zeros FROM (VALUES (10), (900), (7000)) m(most), pg_temp.rows_for(NULL, most) n,
    pg_temp.rows_for(array_fill(0, ARRAY[40])::vector, most) z;
ALTER INDEX without_order_l2 SET (storage = int8);
ALTER INDEX without_order_cosine SET (storage = int8);
REINDEX TABLE without_order;
SELECT most, n.*, z.cosine AS zeros FROM (VALUES (10), (900), (7000)) m(most), pg_temp.rows_for(NULL, most) n,
    pg_temp.rows_for(array_fill(0, ARRAY[40])::vector, most) z;
DROP TABLE without_order;

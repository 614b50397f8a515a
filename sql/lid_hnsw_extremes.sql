-- Rows of extreme size beside ordinary ones, and rows of very uneven length: no single row sets a parameter of an
-- index, and index and operator agree on every finite input.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;
CREATE SCHEMA extremes;
SET search_path = extremes, public;
-- Gaussian coordinates, from sums of hashes.
CREATE FUNCTION row_of(i bigint, dims integer, size float8 DEFAULT 1) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg((size * (SELECT sum((hashint8extended(i * 65536 + j * 16 + k, 7) & 65535) / 65536.0 - 0.5)
        FROM generate_series(1, 6) k))::float4 ORDER BY j)::vector
    FROM generate_series(1, dims) j
$$;
-- Share of the ten nearest rows of 50 queries that the index finds, by distance.
CREATE FUNCTION recall(tab text, dims integer, op text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    hits integer := 0;
    farthest float8;
    found integer;
BEGIN
    FOR q IN 1..50 LOOP
        SET LOCAL enable_indexscan = off;
        EXECUTE format('SELECT max(d) FROM (SELECT v %s $1 AS d FROM %s ORDER BY 1 LIMIT 10) s', op, tab)
            INTO farthest USING row_of(-q, dims);
        SET LOCAL enable_indexscan = on;
        SET LOCAL enable_seqscan = off;
        EXECUTE format('SELECT count(*) FROM (SELECT v %1$s $1 AS d FROM %2$s ORDER BY v %1$s $1 LIMIT 10) s WHERE d <= $2', op, tab)
            INTO found USING row_of(-q, dims), farthest;
        hits := hits + found;
        RESET enable_seqscan;
    END LOOP;
    RETURN round(hits / 500.0, 3);
END $$;

-- One row far away, in an index built over it, and the first row of one that is filled by INSERT.
CREATE TABLE far (size float8, built numeric, grown numeric, outliers bigint, advice text);
CREATE TABLE ordinary AS SELECT i AS id, row_of(i, 16) AS v FROM generate_series(1, 2000) i;
CREATE TABLE t (id integer, v vector(16));
DO $$
DECLARE
    s float8;
    b numeric;
    g numeric;
BEGIN
    FOREACH s IN ARRAY ARRAY[0, 1e10, 1e20, 3e38, -3e38] LOOP
        TRUNCATE t;
        INSERT INTO t SELECT 0, (ARRAY[s]::float4[] || array_fill(0::float4, ARRAY[15]))::vector WHERE s <> 0;
        CREATE INDEX t_v ON t USING lid_hnsw (v vector_l2_ops);
        DROP INDEX t_v;
        INSERT INTO t SELECT id, v FROM ordinary;
        CREATE INDEX t_v ON t USING lid_hnsw (v vector_l2_ops);
        b := recall('t', 16, '<->');
        PERFORM vectorgraph_index_check('t_v', true);
        INSERT INTO far SELECT s, b, NULL, outliers, st.advice FROM vectorgraph_index_stats('t_v') st;
        DROP INDEX t_v;
        TRUNCATE t;
        CREATE INDEX t_v ON t USING lid_hnsw (v vector_l2_ops);
        INSERT INTO t SELECT 0, (ARRAY[s]::float4[] || array_fill(0::float4, ARRAY[15]))::vector WHERE s <> 0;
        INSERT INTO t SELECT id, v FROM ordinary;
        g := recall('t', 16, '<->');
        PERFORM vectorgraph_index_check('t_v', true);
        UPDATE far SET grown = g WHERE size = s;
        DROP INDEX t_v;
    END LOOP;
END $$;
SELECT f.size, f.built >= z.built - 0.005 AS "built as well as without", f.grown >= z.grown - 0.01 AS "grown too",
    z.built > 0.95 AND z.grown > 0.95 AS found, f.outliers, f.advice
FROM far f, far z WHERE z.size = 0 ORDER BY f.size;

-- Inner product with lengths over five orders of magnitude: built, grown from nothing, and after a longer row.
CREATE TABLE uneven AS SELECT i AS id,
    row_of(i, 16, exp(2 * (SELECT sum((hashint8extended(i * 16 + k, 9) & 65535) / 65536.0 - 0.5) * 1.4
        FROM generate_series(1, 6) k))) AS v FROM generate_series(1, 2000) i;
ALTER TABLE t ALTER v TYPE vector(16);
TRUNCATE t;
INSERT INTO t SELECT id, v FROM uneven;
CREATE INDEX t_v ON t USING lid_hnsw (v vector_ip_ops);
SELECT recall('t', 16, '<#>') > 0.97 AS "built";
INSERT INTO t SELECT 0, row_of(0, 16, 1e4);
SELECT recall('t', 16, '<#>') > 0.97 AS "and a longer row", vectorgraph_index_check('t_v', true) AS nodes;
SELECT order_used, lid_p50 FROM vectorgraph_index_stats('t_v');
DROP INDEX t_v;
TRUNCATE t;
CREATE INDEX t_v ON t USING lid_hnsw (v vector_ip_ops);
INSERT INTO t SELECT id, v FROM uneven;
SELECT recall('t', 16, '<#>') > 0.97 AS "grown", vectorgraph_index_check('t_v', true) AS nodes;
INSERT INTO t SELECT 0, row_of(0, 16, 1e15);
SELECT recall('t', 16, '<#>') > 0.97 AS "and a longer row";
DELETE FROM t WHERE id % 2 = 0;
VACUUM t;
SELECT recall('t', 16, '<#>') > 0.95 AS "after a vacuum", vectorgraph_index_check('t_v', true) AS nodes;

-- 8-bit storage: the same rows in the same order by index and by sort, whatever overflows.
CREATE FUNCTION same_order(tab text, op text, query vector) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    by_index float8[];
    by_sort float8[];
BEGIN
    SET LOCAL enable_indexscan = off;
    EXECUTE format('SELECT array_agg(d) FROM (SELECT v %1$s $1 AS d FROM %2$s ORDER BY v %1$s $1) s', op, tab)
        INTO by_sort USING query;
    SET LOCAL enable_indexscan = on;
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_sort = off;
    EXECUTE format('SELECT array_agg(d) FROM (SELECT v %1$s $1 AS d FROM %2$s ORDER BY v %1$s $1 OFFSET 0) s', op, tab)
        INTO by_index USING query;
    RETURN by_index = by_sort;
END $$;
CREATE FUNCTION flat(x float8) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_fill(x::float4, ARRAY[1500])::vector
$$;
CREATE TABLE wide (id integer, v vector(1500));
INSERT INTO wide VALUES (1, flat(0)), (2, flat(1)), (3, flat(1e18)), (4, flat(-1e18)), (5, flat(2e-23)), (6, flat(-1)),
    (7, flat(3e38)), (8, flat(-3e38));
CREATE INDEX wide_ip ON wide USING lid_hnsw (v vector_ip_ops);
SELECT x, same_order('wide', '<#>', flat(x)) FROM unnest(ARRAY[0, 1, -1, 2e18, -2e18, 1e-23, 3e38]) x;
DROP INDEX wide_ip;
CREATE INDEX wide_l2 ON wide USING lid_hnsw (v vector_l2_ops);
SELECT x, same_order('wide', '<->', flat(x)) FROM unnest(ARRAY[0, 1, -1, 2e18, -2e18, 1e-23, 3e38]) x;
DROP INDEX wide_l2;
CREATE INDEX wide_l1 ON wide USING lid_hnsw (v vector_l1_ops);
SELECT x, same_order('wide', '<+>', flat(x)) FROM unnest(ARRAY[0, 1, -1, 2e18, -2e18, 1e-23, 3e38]) x;
DROP INDEX wide_l1;
DELETE FROM wide WHERE id = 1;
CREATE INDEX wide_cosine ON wide USING lid_hnsw (v vector_cosine_ops);
SELECT x, same_order('wide', '<=>', flat(x)) FROM unnest(ARRAY[1, -1, 2e18, -2e18, 1e-23, 3e38]) x;
SELECT vectorgraph_index_check('wide_cosine', true) AS nodes;

-- A sound index of large values is called sound.
CREATE TABLE large (id integer, v vector(4));
CREATE INDEX large_v ON large USING semantic_graph (v vector_ip_ops) INCLUDE (id) WITH (k = 4);
INSERT INTO large SELECT i, row_of(i, 4, 1.5e30) FROM generate_series(1, 500) i;
SELECT vectorgraph_index_check('large_v', true) AS nodes;
DELETE FROM large WHERE id % 2 = 0;
VACUUM large;
SELECT vectorgraph_index_check('large_v', true) AS nodes;
REINDEX INDEX large_v;
SELECT vectorgraph_index_check('large_v', true) AS nodes;
SET client_min_messages = warning;
DROP SCHEMA extremes CASCADE;

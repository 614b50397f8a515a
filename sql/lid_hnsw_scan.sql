-- Scans: filters, limits, cursors, rescans, plans kept over many queries, other schemas, partitions.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all
CREATE TABLE items (id integer PRIMARY KEY, share integer, v vector(24));
INSERT INTO items SELECT i, hashint4(i) & 1023, pg_temp.vec(i, 24) FROM generate_series(1, 6000) i;
CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops);
ANALYZE items;
-- Only index scans from here on; compare() turns its exact half to sequential scans itself.
SET enable_seqscan = off;
SET enable_sort = off;

SET lid_hnsw.ef_search = 100;
-- Filters that keep a half, a twentieth and half a percent of the rows: LIMIT is filled all the same.
SELECT filter, recall >= 0.88 AS recall, full_answers, ordered
FROM (VALUES ('share < 512'), ('share < 51'), ('share < 5'), ('id = 17'), ('id < 0')) f(filter),
    pg_temp.compare('items', '<->', 24, 10, 20, filter);
SELECT pg_temp.all_rows('items', '<->', 24, 'share < 51');

-- A limit beyond ef_search, and no limit.
SET lid_hnsw.ef_search = 10;
SELECT recall >= 0.88 AS recall, full_answers, ordered FROM pg_temp.compare('items', '<->', 24, 500, 50);
SELECT recall, full_answers FROM pg_temp.compare('items', '<->', 24, 6000, 1);
SELECT pg_temp.all_rows('items', '<->', 24);
SET lid_hnsw.ef_search = 1;
SELECT count(*) FROM (SELECT FROM items ORDER BY v <-> pg_temp.vec(1, 24, 9) LIMIT 10) s;
RESET lid_hnsw.ef_search;

-- A filter that keeps hardly a row: the scan follows links until that has cost as much as a pass (half a
-- read for a page, a quarter for a node), then makes it; the heap is not counted. Every answer is complete.
CREATE FUNCTION pg_temp.index_reads(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before bigint := pg_stat_get_xact_blocks_fetched('items_v'::regclass);
BEGIN
    EXECUTE statement;
    RETURN pg_stat_get_xact_blocks_fetched('items_v'::regclass) - before;
END $$;
SELECT pg_temp.index_reads('SELECT id FROM items WHERE id < 0 ORDER BY v <-> pg_temp.vec(3, 24, 9) LIMIT 10')
    <= 6000 / 4 + 1.7 * (pg_relation_size('items_v') / 8192) AS bounded;
SELECT recall, full_answers, ordered FROM pg_temp.compare('items', '<->', 24, 10, 5, 'id % 1500 = 7');
-- An index of no more nodes than the beam is read as a whole, and answers exactly.
CREATE TABLE few (id integer, v vector(24));
INSERT INTO few SELECT i, pg_temp.vec(i, 24) FROM generate_series(1, 300) i;
CREATE INDEX few_v ON few USING lid_hnsw (v vector_l2_ops);
SET lid_hnsw.ef_search = 1000;
SELECT recall, full_answers, ordered FROM pg_temp.compare('few', '<->', 24, 300, 5);
DROP TABLE few;
RESET lid_hnsw.ef_search;
SET enable_seqscan = off;
SET enable_sort = off;

-- A row finds itself at distance zero.
SELECT count(*) AS rows, count(*) FILTER (WHERE near.id = i.id AND near.d = 0) >= 199 AS self
FROM items i, LATERAL (SELECT id, n.v <-> i.v AS d FROM items n ORDER BY n.v <-> i.v LIMIT 1) near WHERE i.id <= 200;

-- compare() left the planner its choice; take it away again.
SET enable_seqscan = off;
SET enable_sort = off;

-- NULL query: some rows, as many as asked for, no error.
SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> NULL LIMIT 7) s;
PREPARE with_null(vector) AS SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> $1 LIMIT 7) s;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE with_null(NULL);
EXECUTE with_null(NULL);

-- Prepared statements, generic and custom.
EXECUTE with_null(pg_temp.vec(1, 24, 9));
SET plan_cache_mode = force_custom_plan;
EXECUTE with_null(pg_temp.vec(1, 24, 9));
RESET plan_cache_mode;
SELECT pg_temp.outcome('EXECUTE with_null(''[1,2]'')');

-- A cursor gives in pieces what a query gives at once, and does not go back.
CREATE TEMP TABLE at_once AS SELECT row_number() OVER () AS n, id FROM
    (SELECT id FROM items ORDER BY v <-> pg_temp.vec(7, 24, 9) LIMIT 300) s;
CREATE FUNCTION pg_temp.pieces(c refcursor, sizes integer[], OUT rows bigint, OUT same boolean) LANGUAGE plpgsql AS $$
DECLARE
    size integer;
    got integer;
BEGIN
    rows := 0;
    same := true;
    FOREACH size IN ARRAY sizes LOOP
        FOR i IN 1..size LOOP
            FETCH c INTO got;
            rows := rows + 1;
            same := same AND got IS NOT DISTINCT FROM (SELECT id FROM at_once WHERE n = rows);
        END LOOP;
    END LOOP;
END $$;
BEGIN;
DECLARE c NO SCROLL CURSOR FOR SELECT id FROM items ORDER BY v <-> pg_temp.vec(7, 24, 9);
SELECT * FROM pg_temp.pieces('c', ARRAY[1, 10, 39, 250]);
MOVE FORWARD ALL FROM c;
FETCH NEXT FROM c;
FETCH BACKWARD 1 FROM c;
ROLLBACK;

-- A scrollable cursor is made so by the executor, which keeps the rows.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id FROM items ORDER BY v <-> pg_temp.vec(7, 24, 9);
MOVE FORWARD 20 FROM c;
MOVE BACKWARD 20 FROM c;
SELECT * FROM pg_temp.pieces('c', ARRAY[19]);
COMMIT;

-- A cursor sees its snapshot while rows come and go: row 1 before, the others after. Links change under
-- it, so a row may come a little later than it would have.
CREATE FUNCTION pg_temp.fetch_ids(c refcursor, n integer) RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
    got integer;
    ids integer[];
BEGIN
    FOR i IN 1..n LOOP
        FETCH c INTO got;
        ids := ids || got;
    END LOOP;
    RETURN ids;
END $$;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM items ORDER BY v <-> pg_temp.vec(7, 24, 9);
CREATE TEMP TABLE seen ON COMMIT DROP AS SELECT * FROM pg_temp.pieces('c', ARRAY[1]);
DELETE FROM items WHERE id IN (SELECT id FROM at_once WHERE n BETWEEN 3 AND 300);
INSERT INTO items SELECT 100000 + i, 0, pg_temp.vec(7, 24, 9) FROM generate_series(1, 20) i;
SELECT count(*) AS rows, count(DISTINCT id) AS different, count(*) FILTER (WHERE id > 100000) AS later,
    count(*) FILTER (WHERE id IN (SELECT id FROM at_once)) >= 285 AS as_before
FROM unnest(pg_temp.fetch_ids('c', 299)) id;
ROLLBACK;

-- Nested loops: every rescan answers as a query of its own would.
SELECT count(*) AS queries, bool_and(inner_ids = alone) AS same FROM
    (SELECT q, array(SELECT id FROM items ORDER BY v <-> pg_temp.vec(q, 24, 9) LIMIT 5) AS inner_ids
     FROM generate_series(1, 50) q) a
    JOIN LATERAL (SELECT array_agg(id ORDER BY d) AS alone FROM
        (SELECT id, v <-> pg_temp.vec(q, 24, 9) AS d FROM items ORDER BY v <-> pg_temp.vec(q, 24, 9) LIMIT 5) s) b ON true;

-- Memory does not grow with the number of rescans: measured while the scan is open.
BEGIN;
DECLARE c CURSOR FOR SELECT n.id FROM generate_series(1, 10200) q,
    LATERAL (SELECT id FROM items ORDER BY v <-> pg_temp.vec(q, 24, 9) LIMIT 1) n;
MOVE FORWARD 200 FROM c;
CREATE TEMP TABLE memory AS SELECT sum(total_bytes) AS before FROM pg_backend_memory_contexts;
MOVE FORWARD 10000 FROM c;
SELECT sum(total_bytes) - (SELECT before FROM memory) < 256 * 1024 AS flat FROM pg_backend_memory_contexts;
COMMIT;

-- Scans are counted.
SELECT pg_stat_force_next_flush();
SELECT idx_scan > 10000 AS counted FROM pg_stat_user_indexes WHERE indexrelname = 'items_v';

-- So are pages, wherever the backend found them.
SELECT pg_stat_force_next_flush();
SELECT idx_blks_hit AS before FROM pg_statio_user_indexes WHERE indexrelname = 'items_v' \gset
SELECT count(n.id) FROM generate_series(1, 200) q, LATERAL (SELECT id FROM items ORDER BY v <-> (SELECT v FROM items WHERE id = q) LIMIT 10) n;
SELECT pg_stat_force_next_flush();
SELECT idx_blks_hit - :before > 200 * 10 AS pages_counted FROM pg_statio_user_indexes WHERE indexrelname = 'items_v';

-- A table in another schema, with nothing in the search path.
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.items (id integer, v vector(3));
INSERT INTO elsewhere.items SELECT i, ARRAY[i, 0, 0] FROM generate_series(1, 100) i;
SET search_path = '';
CREATE INDEX items_v ON elsewhere.items USING lid_hnsw (v public.vector_l2_ops);
EXPLAIN (COSTS OFF) SELECT id FROM elsewhere.items ORDER BY v OPERATOR(public.<->) '[40,0,0]' LIMIT 3;
SELECT id FROM elsewhere.items ORDER BY v OPERATOR(public.<->) '[40.1,0,0]' LIMIT 3;
INSERT INTO elsewhere.items VALUES (101, '[40.1,0,0]');
SELECT id FROM elsewhere.items ORDER BY v OPERATOR(public.<->) '[40.1,0,0]' LIMIT 3;
VACUUM elsewhere.items;
REINDEX INDEX elsewhere.items_v;
SELECT public.vectorgraph_index_check('elsewhere.items_v', true) > 0 AS sound;
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA elsewhere CASCADE;
RESET client_min_messages;

-- Partitions are merged in order.
CREATE TABLE parts (id integer, v vector(3)) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (400);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (400) TO (700);
CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM (700) TO (1001);
INSERT INTO parts SELECT i, ARRAY[(i * 37) % 1000, 0, 0] FROM generate_series(0, 999) i;
CREATE INDEX parts_v ON parts USING lid_hnsw (v vector_l2_ops);
EXPLAIN (COSTS OFF) SELECT id FROM parts ORDER BY v <-> '[500.1,0,0]' LIMIT 8;
SELECT tableoid::regclass, v FROM parts ORDER BY v <-> '[500.1,0,0]' LIMIT 8;
SELECT count(*) AS parts, bool_and(pg_temp.sound(inhrelid::regclass)) AS sound FROM pg_inherits WHERE inhparent = 'parts_v'::regclass;
DROP TABLE parts;

-- Two indexes of one column, for two operators.
CREATE INDEX items_cosine ON items USING lid_hnsw (v);
SELECT pg_temp.path('SELECT id FROM items ORDER BY v <-> pg_temp.vec(1, 24, 9) LIMIT 1'),
    pg_temp.path('SELECT id FROM items ORDER BY v <=> pg_temp.vec(1, 24, 9) LIMIT 1');
SELECT pg_temp.sound('items_v'), pg_temp.sound('items_cosine');
DROP TABLE items;

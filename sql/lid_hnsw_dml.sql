-- The index under writes: inserts, updates, deletes, vacuum, truncate, rollbacks, and the kinds of tables.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all
SET lid_hnsw.ef_search = 200;

-- Built empty and filled row by row.
CREATE TABLE items (id integer PRIMARY KEY, note text, v vector(16)) WITH (autovacuum_enabled = off);
CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops);
SELECT count(*) FROM (SELECT FROM items ORDER BY v <-> pg_temp.vec(1, 16, 9)) s;
SELECT pg_temp.sound('items_v');
INSERT INTO items SELECT i, '', pg_temp.vec(i, 16) FROM generate_series(1, 3000) i;
SELECT recall >= 0.85 AS recall, full_answers, ordered FROM pg_temp.compare('items', '<->', 16, 10, 20);
SELECT pg_temp.all_rows('items', '<->', 16), pg_temp.sound('items_v');

-- Every operator class takes inserts.
CREATE TABLE classes (v vector(16));
INSERT INTO classes SELECT pg_temp.vec(i, 16) FROM generate_series(1, 500) i;
CREATE INDEX classes_ip ON classes USING lid_hnsw (v vector_ip_ops);
CREATE INDEX classes_cosine ON classes USING lid_hnsw (v vector_cosine_ops);
CREATE INDEX classes_l1 ON classes USING lid_hnsw (v vector_l1_ops);
INSERT INTO classes SELECT pg_temp.vec(i, 16) FROM generate_series(501, 2000) i;
SELECT op, recall >= 0.85 AS recall, full_answers, ordered, pg_temp.all_rows('classes', op, 16) AS every_row, pg_temp.sound(index)
FROM (VALUES ('<#>', 'classes_ip'), ('<=>', 'classes_cosine'), ('<+>', 'classes_l1')) o(op, index),
    pg_temp.compare('classes', op, 16, 10, 20);
-- Longer rows than any at build: complete and in order.
INSERT INTO classes SELECT pg_temp.vec(i, 16) * array_fill(20, ARRAY[16])::vector FROM generate_series(1, 100) i;
SELECT full_answers, ordered FROM pg_temp.compare('classes', '<#>', 16, 10, 20);
SELECT pg_temp.all_rows('classes', '<#>', 16), pg_temp.sound('classes_ip');
DROP TABLE classes;

-- Updates: of the vector, of another column beside the index, of another column in place.
UPDATE items SET v = pg_temp.vec(id + 10000, 16) WHERE id <= 300;
UPDATE items SET note = repeat('x', 200) WHERE id BETWEEN 301 AND 600;
SELECT pg_temp.all_rows('items', '<->', 16);
SELECT count(*) AS found FROM generate_series(1, 100) q,
    LATERAL (SELECT id FROM items ORDER BY v <-> pg_temp.vec(q + 10000, 16) LIMIT 1) n WHERE n.id = q;
CREATE TABLE hot (id integer, note integer, v vector(3)) WITH (fillfactor = 50, autovacuum_enabled = off);
INSERT INTO hot SELECT i, 0, ARRAY[i, 0, 0] FROM generate_series(1, 100) i;
CREATE INDEX hot_v ON hot USING lid_hnsw (v vector_l2_ops);
UPDATE hot SET note = note + 1;
SELECT pg_stat_force_next_flush();
SELECT n_tup_hot_upd > 90 AS in_place FROM pg_stat_user_tables WHERE relname = 'hot';
SELECT pg_temp.path('SELECT id FROM hot ORDER BY v <-> ''[40,0,0]'' LIMIT 3');
SET enable_seqscan = off;
SELECT id, note FROM hot ORDER BY v <-> '[40.1,0,0]' LIMIT 3;
VACUUM hot;
SELECT id, note FROM hot ORDER BY v <-> '[40.1,0,0]' LIMIT 3;
RESET enable_seqscan;
SELECT pg_temp.all_rows('hot', '<->', 3), pg_temp.sound('hot_v');
DROP TABLE hot;

-- Deletes: rows are gone at once, nodes after a vacuum, and their space serves new rows.
VACUUM items;
SELECT pg_temp.sound('items_v'), pg_relation_size('items_v') AS size_before \gset
DELETE FROM items WHERE id % 3 <> 0;
SELECT recall >= 0.85 AS recall, full_answers, ordered FROM pg_temp.compare('items', '<->', 16, 10, 20);
VACUUM items;
SELECT recall >= 0.85 AS recall, full_answers, ordered FROM pg_temp.compare('items', '<->', 16, 10, 20);
SELECT pg_temp.all_rows('items', '<->', 16), pg_temp.sound('items_v');
INSERT INTO items SELECT i, '', pg_temp.vec(i, 16) FROM generate_series(1, 3000) i WHERE i % 3 <> 0;
SELECT pg_relation_size('items_v') <= :size_before * 1.05 AS space_reused;
SELECT recall >= 0.85 AS recall, full_answers, ordered FROM pg_temp.compare('items', '<->', 16, 10, 20);
SELECT pg_temp.all_rows('items', '<->', 16), pg_temp.sound('items_v');

-- All rows deleted, vacuumed, inserted again, three times.
CREATE PROCEDURE pg_temp.refill() LANGUAGE sql AS $$
    INSERT INTO items SELECT i, '', pg_temp.vec(i, 16, 5) FROM generate_series(1, 3000) i
$$;
DELETE FROM items;
VACUUM items;
SELECT count(*) FROM (SELECT FROM items ORDER BY v <-> pg_temp.vec(1, 16, 9)) s;
SELECT pg_temp.sound('items_v');
CALL pg_temp.refill();
DELETE FROM items;
VACUUM items;
CALL pg_temp.refill();
DELETE FROM items;
VACUUM items;
CALL pg_temp.refill();
SELECT pg_relation_size('items_v') <= :size_before * 1.05 AS space_reused;
SELECT recall >= 0.85 AS recall, full_answers, ordered FROM pg_temp.compare('items', '<->', 16, 10, 20);
SELECT pg_temp.all_rows('items', '<->', 16), pg_temp.sound('items_v');

-- Deleted from one side: what is left stays connected.
DELETE FROM items WHERE id % 20 < 18;
VACUUM items;
SELECT pg_temp.all_rows('items', '<->', 16), pg_temp.sound('items_v');
DELETE FROM items WHERE id > 100;
VACUUM (INDEX_CLEANUP on, PARALLEL 0) items;
SELECT pg_temp.all_rows('items', '<->', 16), pg_temp.sound('items_v');
VACUUM FULL items;
SELECT pg_temp.all_rows('items', '<->', 16), pg_temp.sound('items_v');

-- TRUNCATE, also in a transaction that fails.
TRUNCATE items;
SELECT count(*) FROM (SELECT FROM items ORDER BY v <-> pg_temp.vec(1, 16, 9)) s;
SELECT pg_temp.sound('items_v');
CALL pg_temp.refill();
BEGIN;
TRUNCATE items;
INSERT INTO items VALUES (1, '', pg_temp.vec(1, 16));
SELECT pg_temp.all_rows('items', '<->', 16), count(*) FROM items;
ROLLBACK;
SELECT pg_temp.all_rows('items', '<->', 16), count(*) FROM items;

-- Rows of failed transactions and subtransactions are not seen, and vacuum takes them away.
BEGIN;
INSERT INTO items SELECT 10000 + i, '', pg_temp.vec(i, 16, 6) FROM generate_series(1, 200) i;
SAVEPOINT s;
INSERT INTO items SELECT 20000 + i, '', pg_temp.vec(i, 16, 7) FROM generate_series(1, 200) i;
ROLLBACK TO s;
INSERT INTO items SELECT 20000 + i, '', pg_temp.vec(i, 16, 8) FROM generate_series(1, 10) i;
COMMIT;
SELECT pg_temp.all_rows('items', '<->', 16), count(*) FROM items;
-- An error amid the insert: the last row repeats a key.
SELECT pg_temp.outcome($$INSERT INTO items SELECT 30000 + i % 199, '', pg_temp.vec(i, 16, 10) FROM generate_series(1, 200) i$$);
SELECT pg_temp.all_rows('items', '<->', 16), count(*) FROM items;
VACUUM items;
SELECT pg_temp.all_rows('items', '<->', 16), pg_temp.sound('items_v');

-- NULLs come, go, and are never indexed.
INSERT INTO items SELECT 40000 + i, '', NULL FROM generate_series(1, 50) i;
UPDATE items SET v = pg_temp.vec(id, 16) WHERE id BETWEEN 40001 AND 40010;
UPDATE items SET v = NULL WHERE id BETWEEN 1 AND 10;
VACUUM items;
SELECT pg_temp.all_rows('items', '<->', 16, 'v IS NOT NULL'), pg_temp.sound('items_v');
SET enable_seqscan = off;
SELECT count(*) = (SELECT count(v) FROM items) AS only_vectors FROM (SELECT FROM items ORDER BY v <-> pg_temp.vec(1, 16, 9) OFFSET 0) s;
RESET enable_seqscan;
DROP TABLE items;

-- A partial index takes rows in and out as its predicate says.
CREATE TABLE partial (id integer PRIMARY KEY, active boolean, v vector(8));
INSERT INTO partial SELECT i, i % 4 = 0, pg_temp.vec(i, 8) FROM generate_series(1, 1000) i;
CREATE INDEX partial_v ON partial USING lid_hnsw (v vector_l2_ops) WHERE active;
SELECT pg_temp.path('SELECT id FROM partial WHERE active ORDER BY v <-> pg_temp.vec(1, 8, 9) LIMIT 1');
SET enable_seqscan = off;
SELECT pg_temp.path('SELECT id FROM partial ORDER BY v <-> pg_temp.vec(1, 8, 9) LIMIT 1');
RESET enable_seqscan;
SELECT pg_temp.all_rows('partial', '<->', 8, 'active');
UPDATE partial SET active = NOT active WHERE id <= 500;
INSERT INTO partial SELECT i, i % 2 = 0, pg_temp.vec(i, 8) FROM generate_series(1001, 1200) i;
SELECT pg_temp.all_rows('partial', '<->', 8, 'active');
VACUUM partial;
SELECT pg_temp.all_rows('partial', '<->', 8, 'active'), pg_temp.sound('partial_v');
DROP TABLE partial;

-- Kinds of tables.
CREATE UNLOGGED TABLE fast (id integer, v vector(8));
INSERT INTO fast SELECT i, pg_temp.vec(i, 8) FROM generate_series(1, 300) i;
CREATE INDEX fast_v ON fast USING lid_hnsw (v vector_l2_ops);
INSERT INTO fast SELECT i, pg_temp.vec(i, 8) FROM generate_series(301, 400) i;
SELECT pg_temp.all_rows('fast', '<->', 8), pg_temp.sound('fast_v');
ALTER TABLE fast SET LOGGED;
INSERT INTO fast SELECT i, pg_temp.vec(i, 8) FROM generate_series(401, 500) i;
SELECT pg_temp.all_rows('fast', '<->', 8), pg_temp.sound('fast_v');
ALTER TABLE fast SET UNLOGGED;
INSERT INTO fast SELECT i, pg_temp.vec(i, 8) FROM generate_series(501, 600) i;
DELETE FROM fast WHERE id % 2 = 0;
VACUUM fast;
SELECT pg_temp.all_rows('fast', '<->', 8), pg_temp.sound('fast_v');
DROP TABLE fast;

CREATE TEMP TABLE brief (id integer, v vector(8)) ON COMMIT DELETE ROWS;
CREATE INDEX brief_v ON brief USING lid_hnsw (v vector_l2_ops);
BEGIN;
INSERT INTO brief SELECT i, pg_temp.vec(i, 8) FROM generate_series(1, 300) i;
DELETE FROM brief WHERE id > 200;
SELECT pg_temp.all_rows('brief', '<->', 8), pg_temp.sound('brief_v'), count(*) FROM brief;
COMMIT;
SELECT pg_temp.all_rows('brief', '<->', 8), pg_temp.sound('brief_v'), count(*) FROM brief;

-- COPY, ON CONFLICT, MERGE and a materialized view write through the same door.
CREATE TABLE doors (id integer PRIMARY KEY, v vector(2));
CREATE INDEX doors_v ON doors USING lid_hnsw (v vector_l2_ops);
COPY doors FROM stdin;
1	[1,0]
2	[2,0]
3	\N
\.
INSERT INTO doors VALUES (1, '[10,0]'), (4, '[4,0]') ON CONFLICT (id) DO UPDATE SET v = excluded.v;
MERGE INTO doors d USING (VALUES (2, '[20,0]'::vector), (5, '[5,0]')) s(id, v) ON d.id = s.id
    WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v);
SET enable_seqscan = off;
SELECT id, v FROM doors ORDER BY v <-> '[0,0]';
RESET enable_seqscan;
SELECT pg_temp.sound('doors_v');
CREATE MATERIALIZED VIEW seen AS SELECT * FROM doors;
CREATE UNIQUE INDEX ON seen (id);
CREATE INDEX seen_v ON seen USING lid_hnsw (v vector_l2_ops);
DELETE FROM doors WHERE id = 4;
REFRESH MATERIALIZED VIEW CONCURRENTLY seen;
SELECT pg_temp.all_rows('seen', '<->', 2, 'v IS NOT NULL'), pg_temp.sound('seen_v'), count(*) FROM seen;
DROP MATERIALIZED VIEW seen;
DROP TABLE doors;

-- What an insert reads and logs, heap included: medians over 20 rows, where six nodes share a page and where one fills it.
CREATE FUNCTION pg_temp.insert_cost(dims integer, OUT pages integer, OUT records integer) LANGUAGE plpgsql AS $$
DECLARE
    plan json;
    p integer[];
    r integer[];
BEGIN
    EXECUTE format('CREATE TABLE costs (v vector(%s)) WITH (autovacuum_enabled = off)', dims);
    EXECUTE format('INSERT INTO costs SELECT pg_temp.vec(i, %s) FROM generate_series(1, 800) i', dims);
    CREATE INDEX costs_v ON costs USING lid_hnsw (v vector_l2_ops);
    FOR i IN 801 .. 820 LOOP
        EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, WAL, FORMAT json) INSERT INTO costs VALUES (pg_temp.vec(%s, %s))', i, dims) INTO plan;
        p := p || (plan->0->'Plan'->>'Shared Hit Blocks')::integer + (plan->0->'Plan'->>'Shared Read Blocks')::integer;
        r := r || (plan->0->'Plan'->>'WAL Records')::integer;
    END LOOP;
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY x) INTO pages FROM unnest(p) x;
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY x) INTO records FROM unnest(r) x;
    DROP TABLE costs;
END $$;
SELECT dims, pages < most AS few_pages, records <= 20 AS few_records FROM (VALUES (100, 100), (768, 160)) d(dims, most), pg_temp.insert_cost(dims);

-- Builds: every operator class and build order gives a complete index with good answers; the planner
-- uses it for ORDER BY ... LIMIT and for nothing else.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all
CREATE TABLE items (id integer PRIMARY KEY, v vector(24));
INSERT INTO items SELECT i, pg_temp.vec(i, 24) FROM generate_series(1, 5000) i;
ANALYZE items;

-- The default operator class is cosine.
CREATE INDEX items_v ON items USING lid_hnsw (v);
SELECT opcname FROM pg_index i JOIN pg_opclass c ON c.oid = i.indclass[0] WHERE i.indexrelid = 'items_v'::regclass;
SELECT pg_temp.sound('items_v');

-- Plans: the index for its own operator with LIMIT, in ascending order only.
SELECT query, pg_temp.path(query) AS path FROM (VALUES
    ('SELECT id FROM items ORDER BY v <=> pg_temp.vec(1, 24, 9) LIMIT 10'),
    ('SELECT id FROM items ORDER BY v <=> pg_temp.vec(1, 24, 9) DESC LIMIT 10'),
    ('SELECT id FROM items ORDER BY v <-> pg_temp.vec(1, 24, 9) LIMIT 10'),
    ('SELECT id FROM items WHERE v <=> pg_temp.vec(1, 24, 9) < 0.1'),
    ('SELECT id FROM items'),
    ('SELECT count(*) FROM items'),
    ('SELECT id FROM items WHERE id = 5 ORDER BY v <=> pg_temp.vec(1, 24, 9) LIMIT 10')
) q(query);

-- Without ORDER BY it is not used even when sequential scans are priced out.
CREATE TABLE bare (v vector(3));
INSERT INTO bare SELECT pg_temp.vec(i, 3) FROM generate_series(1, 100) i;
CREATE INDEX bare_v ON bare USING lid_hnsw (v);
SET enable_seqscan = off;
SELECT count(*) FROM bare;
SELECT count(*) FROM bare WHERE v IS NOT NULL;
SELECT EXISTS (SELECT FROM bare);
SELECT pg_temp.path('SELECT v FROM bare'), pg_temp.path('SELECT count(*) FROM bare WHERE v IS NOT NULL'),
    pg_temp.path('SELECT v FROM bare WHERE v = ''[1,2,3]''');
RESET enable_seqscan;
SELECT pg_temp.sound('bare_v');
DROP TABLE bare;

-- Each operator class and each order of the build.
CREATE FUNCTION pg_temp.try_build(opclass text, op text, options text, OUT built text, OUT recall boolean,
    OUT full_answers boolean, OUT ordered boolean, OUT every_row boolean, OUT sound boolean)
LANGUAGE plpgsql AS $$
DECLARE
    c record;
BEGIN
    DROP INDEX items_v;
    built := pg_temp.outcome(format('CREATE INDEX items_v ON items USING lid_hnsw (v %s) WITH (%s)', opclass, options));
    SELECT * INTO c FROM pg_temp.compare('items', op, 24, 10, 20);
    recall := c.recall >= 0.98;
    full_answers := c.full_answers;
    ordered := c.ordered;
    every_row := pg_temp.all_rows('items', op, 24);
    sound := pg_temp.sound('items_v');
END $$;
SET lid_hnsw.ef_search = 100;
SELECT opclass, options, t.* FROM (VALUES
    ('vector_l2_ops', '<->', 'build_order = auto'), ('vector_ip_ops', '<#>', 'build_order = auto'),
    ('vector_cosine_ops', '<=>', 'build_order = auto'), ('vector_l1_ops', '<+>', 'build_order = auto'),
    ('vector_l2_ops', '<->', 'build_order = lid'), ('vector_l2_ops', '<->', 'build_order = random'),
    ('vector_l2_ops', '<->', 'm = 8, ef_construction = 32'), ('vector_l2_ops', '<->', 'm = 48, ef_construction = 128')
) c(opclass, op, options), pg_temp.try_build(opclass, op, options) t;

-- Inner products of rows and queries that lie on one side of the origin.
CREATE TABLE positive (v vector(16));
INSERT INTO positive SELECT l2_normalize(pg_temp.vec(i, 16)) * array_fill(1 + i % 7, ARRAY[16])::vector FROM generate_series(1, 2000) i;
CREATE INDEX positive_v ON positive USING lid_hnsw (v vector_ip_ops);
SELECT recall >= 0.95 AS recall, full_answers, ordered FROM pg_temp.compare('positive', '<#>', 16, 10, 20);
SELECT pg_temp.all_rows('positive', '<#>', 16), pg_temp.sound('positive_v');
DROP TABLE positive;

-- Threads: none, and more than there are processors.
SET max_parallel_maintenance_workers = 0;
SELECT built, recall, sound FROM pg_temp.try_build('vector_l2_ops', '<->', 'm = 16');
SET max_parallel_maintenance_workers = 64;
SELECT built, recall, sound FROM pg_temp.try_build('vector_l2_ops', '<->', 'm = 16');
RESET max_parallel_maintenance_workers;

RESET lid_hnsw.ef_search;

-- Rebuilding: in place, beside the old index, and beside writers.
REINDEX INDEX items_v;
SELECT pg_temp.all_rows('items', '<->', 24), pg_temp.sound('items_v');
REINDEX INDEX CONCURRENTLY items_v;
SELECT pg_temp.all_rows('items', '<->', 24), pg_temp.sound('items_v');
DROP INDEX items_v;
CREATE INDEX CONCURRENTLY items_v ON items USING lid_hnsw (v vector_l2_ops);
SELECT pg_temp.all_rows('items', '<->', 24), pg_temp.sound('items_v');
SELECT count(*) AS indexes, bool_and(indisvalid) AS valid FROM pg_index WHERE indrelid = 'items'::regclass;

-- An index made inside a transaction that wrote rows, and rolled back with them.
BEGIN;
DROP INDEX items_v;
INSERT INTO items SELECT i, pg_temp.vec(i, 24) FROM generate_series(5001, 5100) i;
DELETE FROM items WHERE id <= 50;
CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops);
SELECT pg_temp.all_rows('items', '<->', 24), pg_temp.sound('items_v');
ROLLBACK;
SELECT pg_temp.all_rows('items', '<->', 24), pg_temp.sound('items_v'), count(*) FROM items;
DROP TABLE items;

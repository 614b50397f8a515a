-- Storage parameters and lid_hnsw.ef_search: defaults, ranges, and what they are good for.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all
CREATE TABLE items (id integer, v vector(3));
INSERT INTO items SELECT i, pg_temp.vec(i, 3) FROM generate_series(1, 500) i;

SELECT options, pg_temp.outcome(format('CREATE INDEX items_v ON items USING lid_hnsw (v) WITH (%s); DROP INDEX items_v', options))
FROM (VALUES
    ('m = 1'), ('m = 2'), ('m = 100, ef_construction = 200'), ('m = 101'), ('m = ''many'''), ('m = 2.5'),
    ('ef_construction = 3'), ('m = 2, ef_construction = 4'), ('ef_construction = 1000'), ('ef_construction = 1001'),
    ('ef_construction = 31'), ('ef_construction = 32'), ('m = 50, ef_construction = 99'),
    ('build_order = auto'), ('build_order = lid'), ('build_order = random'), ('build_order = ascending'),
    ('storage = auto'), ('storage = float32'), ('storage = int8'), ('storage = int4'),
    ('code_bits = 0'), ('code_bits = 1'), ('code_bits = 6016'), ('code_bits = -1'), ('code_bits = 6017'),
    ('lists = 10'), ('fillfactor = 90'), ('M = 8')
) o(options);

-- How vectors are kept: as asked for, else in full where that leaves room for links.
CREATE TABLE stored (v vector(200), w vector(2000));
INSERT INTO stored SELECT pg_temp.vec(i, 200), pg_temp.vec(i, 2000) FROM generate_series(1, 20) i;
CREATE FUNCTION pg_temp.stored_as(method text, v text, option text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    storage text;
BEGIN
    EXECUTE format('CREATE INDEX stored_v ON stored USING %s (%s vector_l2_ops) %s', method, v, option);
    SELECT s.storage INTO storage FROM vectorgraph_index_stats('stored_v') s;
    DROP INDEX stored_v;
    RETURN storage;
END $$;
SELECT method, v, option, pg_temp.stored_as(method, v, option) FROM (VALUES ('lid_hnsw', 'v', ''), ('lid_hnsw', 'v', 'WITH (storage = auto)'),
    ('lid_hnsw', 'v', 'WITH (storage = float32)'), ('lid_hnsw', 'v', 'WITH (storage = int8)'), ('lid_hnsw', 'w', ''),
    ('lid_hnsw', '(subvector(v, 1, 3)::vector(3))', 'WITH (storage = int8)'),
    ('semantic_graph', 'v', ''), ('semantic_graph', 'v', 'WITH (storage = int8)'), ('semantic_graph', 'w', '')) o(method, v, option);
SELECT pg_temp.outcome('CREATE INDEX stored_w ON stored USING lid_hnsw (w vector_l2_ops) WITH (storage = float32)');

-- Codes have a bit for each dimension, or fewer: as asked for, rounded up to 64, or as many as leave room for links where
-- short ones let two nodes share a page.
CREATE FUNCTION pg_temp.coded_as(method text, v text, option text, OUT code_bits integer, OUT link_capacity integer, OUT slots_per_page integer)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE INDEX stored_v ON stored USING %s (%s vector_l2_ops) %s', method, v, option);
    SELECT s.code_bits, s.link_capacity, s.slots_per_page INTO code_bits, link_capacity, slots_per_page
        FROM vectorgraph_index_stats('stored_v') s;
    DROP INDEX stored_v;
END $$;
SELECT method, v, option, c.* FROM (VALUES ('lid_hnsw', 'v', ''), ('lid_hnsw', 'v', 'WITH (code_bits = 64)'),
    ('lid_hnsw', 'v', 'WITH (code_bits = 65)'), ('lid_hnsw', 'v', 'WITH (code_bits = 1000)'), ('lid_hnsw', 'w', ''),
    ('lid_hnsw', 'w', 'WITH (code_bits = 2000)'), ('semantic_graph', 'w', ''),
    ('semantic_graph', 'w', 'WITH (code_bits = 256)')) o(method, v, option), pg_temp.coded_as(method, v, option) c;
DROP TABLE stored;

-- An option changed later takes effect with the next REINDEX and is checked there.
CREATE INDEX items_v ON items USING lid_hnsw (v) WITH (m = 8);
ALTER INDEX items_v SET (m = 24, ef_construction = 64, build_order = random);
SELECT reloptions FROM pg_class WHERE relname = 'items_v';
INSERT INTO items SELECT i, pg_temp.vec(i, 3) FROM generate_series(501, 520) i;
SELECT pg_temp.all_rows('items', '<=>', 3), pg_temp.sound('items_v');
REINDEX INDEX items_v;
SELECT pg_temp.all_rows('items', '<=>', 3), pg_temp.sound('items_v');
ALTER INDEX items_v SET (ef_construction = 40);
SELECT pg_temp.outcome('REINDEX INDEX items_v');
SELECT pg_temp.all_rows('items', '<=>', 3), pg_temp.sound('items_v');
ALTER INDEX items_v RESET (m, ef_construction, build_order);
SELECT reloptions FROM pg_class WHERE relname = 'items_v';
SELECT pg_temp.outcome('ALTER INDEX items_v SET (m = 1)');

-- The parameter.
SHOW lid_hnsw.ef_search;
SELECT value, pg_temp.outcome(format('SET LOCAL lid_hnsw.ef_search = %s', value))
FROM (VALUES ('0'), ('1'), ('1000'), ('1001'), ('-1'), ('''a lot'''), ('DEFAULT')) v(value);
SELECT pg_temp.outcome('SET lid_hnsw.no_such_parameter = 1');
SELECT name, vartype, min_val, max_val, boot_val, context FROM pg_settings WHERE name LIKE 'lid\_hnsw.%' ORDER BY 1;

-- It is the width of the search: wider never reads fewer pages, and finds more.
CREATE TABLE wide (v vector(24));
INSERT INTO wide SELECT pg_temp.vec(i, 24) FROM generate_series(1, 5000) i;
CREATE INDEX wide_v ON wide USING lid_hnsw (v vector_l2_ops);
CREATE FUNCTION pg_temp.pages_of_a_search() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before bigint := pg_stat_get_xact_blocks_fetched('wide_v'::regclass);
BEGIN
    PERFORM pg_temp.use_index(true);
    PERFORM FROM (SELECT FROM wide ORDER BY v <-> pg_temp.vec(1, 24, 9) LIMIT 10) s;
    RETURN pg_stat_get_xact_blocks_fetched('wide_v'::regclass) - before;
END $$;
SET lid_hnsw.ef_search = 10;
SELECT recall AS narrow FROM pg_temp.compare('wide', '<->', 24, 10, 30) \gset
SELECT pg_temp.pages_of_a_search() AS narrow_pages \gset
SET lid_hnsw.ef_search = 200;
SELECT recall AS wider FROM pg_temp.compare('wide', '<->', 24, 10, 30) \gset
SELECT pg_temp.pages_of_a_search() AS wider_pages \gset
RESET lid_hnsw.ef_search;
SELECT :narrow > 0.9 AS narrow, :wider > 0.99 AS wider, :wider >= :narrow AS better,
    :wider_pages > 2 * :narrow_pages AS reads_more;
-- By a pass over all pages the answer is exact whatever ef_search.
SET lid_hnsw.ef_search = 1;
SET lid_hnsw.exact_scan = on;
SELECT recall, full_answers, ordered FROM pg_temp.compare('wide', '<->', 24, 500, 5);
SELECT pg_temp.all_rows('wide', '<->', 24);
RESET lid_hnsw.exact_scan;
RESET lid_hnsw.ef_search;
SELECT pg_temp.sound('wide_v');
DROP TABLE items, wide;

-- The catalog.
SELECT amname, amtype, amhandler FROM pg_am WHERE amname = 'lid_hnsw';
SELECT opcname, opcdefault, amvalidate(c.oid), opcintype::regtype FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod
WHERE amname = 'lid_hnsw' ORDER BY 1;
SELECT p.name, pg_indexam_has_property(a.oid, p.name)
FROM pg_am a, unnest(ARRAY['can_order', 'can_unique', 'can_multi_col', 'can_exclude', 'can_include']) p(name)
WHERE amname = 'lid_hnsw';

-- What VACUUM leaves behind: where nearly all rows went, among near-copies, and rows that share a node.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all

-- Whatever share of the rows is dead, the others are found as in an index built anew: within a point, of 2,000 answers.
-- (Builds by several processes differ from run to run, and so does the recall, too much for fewer.)
CREATE FUNCTION pg_temp.like_new(tab text, index text, OUT as_new boolean, OUT worst numeric, OUT sound boolean, OUT reached boolean)
LANGUAGE plpgsql AS $$
DECLARE
    before numeric;
    after numeric;
BEGIN
    SELECT recall INTO before FROM pg_temp.compare(tab, '<->', 8, 10, 200);
    sound := pg_temp.sound(index);
    reached := (SELECT unreachable = 0 FROM vectorgraph_index_stats(index));
    EXECUTE format('REINDEX INDEX %I', index);
    SELECT recall INTO after FROM pg_temp.compare(tab, '<->', 8, 10, 200);
    as_new := before >= after - 0.01;
    worst := CASE WHEN NOT as_new THEN before END;
END $$;
CREATE TABLE shares (percent text, keep text);
INSERT INTO shares VALUES ('50', 'id % 2 = 0'), ('90', 'id % 10 = 0'), ('99', 'id % 100 = 0'), ('99_5', 'id % 200 = 0');
DO $$
DECLARE
    s record;
BEGIN
    FOR s IN SELECT * FROM shares LOOP
        EXECUTE format('CREATE TABLE %I (id integer, v vector(8)) WITH (autovacuum_enabled = off)', 'without_' || s.percent);
        EXECUTE format('INSERT INTO %I SELECT i, pg_temp.vec(i, 8) FROM generate_series(1, 10000) i', 'without_' || s.percent);
        EXECUTE format('CREATE INDEX %I ON %I USING lid_hnsw (v vector_l2_ops)', 'index_' || s.percent, 'without_' || s.percent);
        EXECUTE format('DELETE FROM %I WHERE NOT %s', 'without_' || s.percent, s.keep);
    END LOOP;
END $$;
VACUUM without_50, without_90, without_99, without_99_5;
SELECT percent, l.* FROM shares, pg_temp.like_new('without_' || percent, 'index_' || percent) l ORDER BY percent;
-- With too little memory for lists chosen anew they are mended one by one.
CREATE TABLE little (id integer, v vector(8)) WITH (autovacuum_enabled = off);
INSERT INTO little SELECT i, pg_temp.vec(i, 8) FROM generate_series(1, 20000) i;
CREATE INDEX little_v ON little USING lid_hnsw (v vector_l2_ops);
DELETE FROM little WHERE id % 4 <> 0;
SET maintenance_work_mem = '1MB';
VACUUM little;
RESET maintenance_work_mem;
SELECT * FROM pg_temp.like_new('little', 'little_v');
DROP TABLE little;
-- The same by updates in one transaction.
CREATE TABLE updated (id integer, v vector(8)) WITH (autovacuum_enabled = off);
INSERT INTO updated SELECT i, pg_temp.vec(i, 8) FROM generate_series(1, 100) i;
CREATE INDEX updated_v ON updated USING lid_hnsw (v vector_l2_ops);
DO $$
BEGIN
    FOR i IN 1..300 LOOP
        UPDATE updated SET v = pg_temp.vec(id + 1000 * i, 8);
    END LOOP;
END $$;
VACUUM updated;
SELECT * FROM pg_temp.like_new('updated', 'updated_v');
DROP TABLE updated;

-- Nodes that came and went do not count: a scan of the whole index still ends with a pass over its pages, and costs what
-- one of a new index of as many pages does.
CREATE TABLE cycles (id integer, v vector(8)) WITH (autovacuum_enabled = off);
INSERT INTO cycles SELECT i, pg_temp.vec(i, 8) FROM generate_series(1, 2000) i;
CREATE INDEX cycles_v ON cycles USING lid_hnsw (v vector_l2_ops);
\set ECHO none
SELECT format('UPDATE cycles SET v = pg_temp.vec(id + 2000 * %s, 8)', i), 'VACUUM cycles' FROM generate_series(1, 8) i \gexec
\set ECHO all
SELECT nodes, inserted_since_build, removed_since_build FROM vectorgraph_index_stats('cycles_v');
SELECT pages AS old_pages FROM vectorgraph_index_stats('cycles_v') \gset
SELECT pg_temp.use_index(true);
SELECT pg_temp.buffers('SELECT FROM cycles ORDER BY v <-> pg_temp.vec(1, 8, 999)') AS old_buffers \gset
REINDEX INDEX cycles_v;
SELECT pages AS new_pages FROM vectorgraph_index_stats('cycles_v') \gset
SELECT pg_temp.buffers('SELECT FROM cycles ORDER BY v <-> pg_temp.vec(1, 8, 999)') AS new_buffers \gset
SELECT :old_buffers < 1.1 * :new_buffers + 2 * (:old_pages - :new_pages) AS like_new;
DROP TABLE cycles;
SELECT pg_temp.use_index(false);

-- Far rows find themselves after near-copies and they were updated.
CREATE FUNCTION pg_temp.point(i bigint, dims integer, width float8) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(0.3 + width * ((hashint8extended(i * 4096 + j, 5) & 65535) / 65536.0 - 0.5) ORDER BY j)::vector
    FROM generate_series(1, dims) j
$$;
CREATE TABLE found (seed integer, dims integer, rows bigint);
DO $$
DECLARE
    s integer;
    d integer;
BEGIN
    FOR s, d IN SELECT * FROM generate_series(1, 5), (VALUES (3), (128)) v(dims) LOOP
        EXECUTE format('CREATE TABLE far_%s_%s (id integer, n integer, v vector(%s)) WITH (autovacuum_enabled = off)', s, d, d);
        EXECUTE format('INSERT INTO far_%1$s_%2$s SELECT i, 0, pg_temp.point(i + 1000 * %1$s, %2$s, CASE WHEN i <= 60 THEN 1e-5 ELSE 1 END)
            FROM generate_series(1, 80) i', s, d);
        EXECUTE format('CREATE INDEX far_%1$s_%2$s_v ON far_%1$s_%2$s USING lid_hnsw (v vector_l2_ops)', s, d);
        EXECUTE format('UPDATE far_%1$s_%2$s SET v = pg_temp.point(id + 500 + 1000 * %1$s, %2$s, 1) WHERE id > 60', s, d);
        EXECUTE format('UPDATE far_%1$s_%2$s SET v = pg_temp.point(id + 500 + 1000 * %1$s, %2$s, 1e-5) WHERE id <= 30', s, d);
    END LOOP;
END $$;
\set ECHO none
SELECT format('VACUUM %s', string_agg(format('far_%s_%s', s, d), ', ')) FROM generate_series(1, 5) s, (VALUES (3), (128)) v(d) \gexec
\set ECHO all
DO $$
DECLARE
    s integer;
    d integer;
BEGIN
    PERFORM pg_temp.use_index(true);
    FOR s, d IN SELECT * FROM generate_series(1, 5), (VALUES (3), (128)) v(dims) LOOP
        EXECUTE format('INSERT INTO found SELECT %1$s, %2$s, count(*) FROM far_%1$s_%2$s f,
            LATERAL (SELECT id FROM far_%1$s_%2$s ORDER BY v <-> f.v LIMIT 1) n WHERE f.id > 60 AND n.id = f.id', s, d);
    END LOOP;
END $$;
SELECT dims, sum(rows) FROM found GROUP BY dims ORDER BY dims;

-- 8-bit storage: rows that are stored alike share a node, and a scan at any of them keeps the order.
CREATE TABLE alike (id integer, v vector(1500)) WITH (autovacuum_enabled = off);
CREATE INDEX alike_v ON alike USING lid_hnsw (v vector_l2_ops);
INSERT INTO alike SELECT i, pg_temp.vec(i, 1500) FROM generate_series(1, 30) i;
INSERT INTO alike SELECT 1000 + k, (SELECT array_agg(CASE WHEN o = k THEN x + 0.0007 ELSE x END ORDER BY o)::vector
    FROM unnest((SELECT v::float4[] FROM alike WHERE id = 7)) WITH ORDINALITY u(x, o)) FROM generate_series(1, 40) k;
SELECT tuples - nodes > 20 AS share FROM vectorgraph_index_stats('alike_v');
SELECT pg_temp.use_index(true);
SELECT count(*) AS found FROM alike a, LATERAL (SELECT id FROM alike ORDER BY v <-> a.v LIMIT 1) n WHERE a.id > 1000 AND n.id = a.id;

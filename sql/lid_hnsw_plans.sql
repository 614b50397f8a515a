-- Which plan the planner takes: by size of the table, dimensions, LIMIT and filter; several ordering operators;
-- partial indexes, partitions, joins. Which one is faster was measured (docs/tuning.md, "Which plan").
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all

-- The grid. A line of the answer is a table of `rows` rows of `dims` dimensions; from 768 on its vectors are toasted,
-- at 1536 the index keeps them in 8 bits. generic: the plan of a prepared statement for LIMIT $1. half and hundredth:
-- filters that 50 and 1 % of the rows pass, without and (with_btree) with an index on the filter.
CREATE TYPE pg_temp.plans AS (rows integer, dims integer, limit_10 text, generic text, no_limit text, half text,
    hundredth text, half_with_btree text, hundredth_with_btree text);
CREATE FUNCTION pg_temp.kind(statement text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN path ~ 'using t_v ' THEN 'index' WHEN path ~ '^Seq Scan' THEN 'seq'
        WHEN path ~ '^Bitmap|using t_(half|hundredth) ' THEN 'btree' ELSE path END FROM pg_temp.path(statement) path
$$;
CREATE FUNCTION pg_temp.plans(rows integer, dims integer) RETURNS pg_temp.plans LANGUAGE plpgsql AS $$
DECLARE
    near text := format('ORDER BY v <-> array_fill(0.5::real, ARRAY[%s])::vector', dims);
    p pg_temp.plans;
BEGIN
    EXECUTE format('CREATE TABLE t (id integer, half integer, hundredth integer, v vector(%s))', dims);
    -- Sums of two of 200 vectors: cheap to make, all different.
    EXECUTE format('WITH part AS MATERIALIZED (SELECT n, array_agg((hashint8extended(j, n) & 65535)::real / 65536
            ORDER BY j)::vector(%s) AS v FROM generate_series(0, 199) n, generate_series(1, %1$s) j GROUP BY n)
        INSERT INTO t SELECT i, i %% 2, i / 7 %% 100, a.v + b.v FROM generate_series(1, %s) i
            JOIN part a ON a.n = i %% 100 JOIN part b ON b.n = 100 + i / 100 %% 100', dims, rows);
    CREATE INDEX t_v ON t USING lid_hnsw (v vector_l2_ops) WITH (ef_construction = 32, build_order = random);
    EXECUTE 'ANALYZE t';
    p.rows := rows;
    p.dims := dims;
    p.limit_10 := pg_temp.kind(format('SELECT id FROM t %s LIMIT 10', near));
    EXECUTE format('PREPARE g(integer) AS SELECT id FROM t %s LIMIT $1', near);
    SET LOCAL plan_cache_mode = force_generic_plan;
    p.generic := pg_temp.kind('EXECUTE g(10)');
    SET LOCAL plan_cache_mode = auto;
    DEALLOCATE g;
    p.no_limit := pg_temp.kind(format('SELECT id FROM t %s', near));
    p.half := pg_temp.kind(format('SELECT id FROM t WHERE half = 0 %s LIMIT 10', near));
    p.hundredth := pg_temp.kind(format('SELECT id FROM t WHERE hundredth = 0 %s LIMIT 10', near));
    CREATE INDEX t_half ON t (half);
    CREATE INDEX t_hundredth ON t (hundredth);
    p.half_with_btree := pg_temp.kind(format('SELECT id FROM t WHERE half = 0 %s LIMIT 10', near));
    p.hundredth_with_btree := pg_temp.kind(format('SELECT id FROM t WHERE hundredth = 0 %s LIMIT 10', near));
    DROP TABLE t;
    RETURN p;
END $$;
SELECT p.* FROM unnest(ARRAY[3, 100, 768, 1536]) d, unnest(ARRAY[100, 1000, 10000]) r, pg_temp.plans(r, d) p;

-- The quick start of the README; with a larger ef_search a search of 1,000 rows would read half of them.
CREATE TABLE item (id bigserial PRIMARY KEY, embedding vector(3));
INSERT INTO item (embedding) SELECT ARRAY[sin(i), cos(i * 3), sin(i * 7)]::vector FROM generate_series(1, 1000) i;
CREATE INDEX ON item USING lid_hnsw (embedding);
EXPLAIN (COSTS OFF) SELECT id FROM item ORDER BY embedding <=> '[1,2,3]' LIMIT 10;
SET lid_hnsw.ef_search = 100;
EXPLAIN (COSTS OFF) SELECT id FROM item ORDER BY embedding <=> '[1,2,3]' LIMIT 10;
RESET lid_hnsw.ef_search;
DROP TABLE item;

-- Several ordering operators: the index orders by one, so it is not used, not even where nothing else is allowed.
CREATE TABLE points (id integer, lang text, v vector(2));
INSERT INTO points VALUES (1, 'a', '[1,0]'), (2, 'a', '[-1,0]'), (3, 'a', '[0,1]'), (4, 'a', '[0,-1]'), (5, 'a', '[.6,.8]');
CREATE INDEX points_v ON points USING lid_hnsw (v vector_l2_ops);
SET enable_seqscan = off;
SET enable_sort = off;
SELECT pg_temp.path('SELECT id FROM points ORDER BY v <-> ''[0,0]'', v <-> ''[0,1]''');
SELECT id, v <-> '[0,0]' AS a, v <-> '[0,1]' AS b FROM points ORDER BY v <-> '[0,0]', v <-> '[0,1]', id;
SELECT id FROM points ORDER BY v <-> '[0,0]', v <-> '[.1,1]' LIMIT 3;
SELECT pg_temp.path('SELECT id FROM points ORDER BY v <-> ''[0,0]''');
-- Nor without any, nor with a condition on the distance alone.
SELECT pg_temp.path('SELECT id FROM points'), pg_temp.path('SELECT id FROM points WHERE v <-> ''[0,0]'' < 1');
RESET enable_seqscan;
RESET enable_sort;
DROP TABLE points;
-- In 8-bit storage too.
CREATE TABLE wide (id integer, v vector(1536));
INSERT INTO wide SELECT i, (SELECT array_agg(sin(i * j)) FROM generate_series(1, 1536) j)::vector FROM generate_series(1, 50) i;
CREATE INDEX wide_v ON wide USING lid_hnsw (v vector_l2_ops);
SET enable_seqscan = off;
SET enable_sort = off;
SELECT id FROM wide ORDER BY v <-> (SELECT v FROM wide WHERE id = 9), v <-> (SELECT v FROM wide WHERE id = 11) LIMIT 3;
RESET enable_seqscan;
RESET enable_sort;
DROP TABLE wide;

-- A partial index is taken for what implies its predicate, and for nothing else; also beside a btree on the column.
CREATE TABLE doc (id integer PRIMARY KEY, lang text, v vector(16));
INSERT INTO doc SELECT i, CASE WHEN i % 50 = 0 THEN 'fr' ELSE 'en' END, pg_temp.vec(i, 16) FROM generate_series(1, 6000) i;
CREATE INDEX doc_lang ON doc (lang);
CREATE INDEX doc_v_fr ON doc USING lid_hnsw (v vector_l2_ops) WHERE lang = 'fr';
ANALYZE doc;
SELECT pg_temp.path(format('SELECT id FROM doc WHERE %s ORDER BY v <-> pg_temp.vec(1, 16, 9) LIMIT 10', filter)) FROM
    (VALUES ('lang = ''fr'''), ('lang = ''fr'' AND id < 5000'), ('lang = ''en'''), ('true')) f(filter);
-- With the whole index there too, the smaller one is still the better one.
CREATE INDEX doc_v ON doc USING lid_hnsw (v vector_l2_ops);
SELECT pg_temp.path(format('SELECT id FROM doc WHERE %s ORDER BY v <-> pg_temp.vec(1, 16, 9) LIMIT 10', filter)) FROM
    (VALUES ('lang = ''fr'''), ('lang = ''en'''), ('true')) f(filter);

-- Joins: of the nearest rows, and by a query vector from another table. PostgreSQL 18 sees that the first needs one of the two only.
SELECT regexp_replace(pg_temp.path('SELECT d.id FROM doc d JOIN doc e USING (id) ORDER BY d.v <-> pg_temp.vec(1, 16, 9) LIMIT 10'), ' .$', '') AS path;
EXPLAIN (COSTS OFF) SELECT q.id, n.id FROM (SELECT * FROM doc LIMIT 20) q,
    LATERAL (SELECT id FROM doc ORDER BY v <-> q.v LIMIT 5) n;
-- Aggregates, groups and windows over all rows do not.
SELECT pg_temp.path('SELECT lang, min(v <-> pg_temp.vec(1, 16, 9)) FROM doc GROUP BY lang ORDER BY lang LIMIT 1'),
    pg_temp.path('SELECT id, row_number() OVER (ORDER BY v <-> pg_temp.vec(1, 16, 9)) FROM doc');
DROP TABLE doc;

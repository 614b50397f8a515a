-- Local intrinsic dimensionality: from distances, of rows, of a column.
\set ECHO none
\i sql/include/lid_hnsw.sql
-- Row i of a cube of `inner` dimensions, bent into three times as many: neighbours see `inner` dimensions.
CREATE FUNCTION pg_temp.cube(i bigint, inner_dims integer) RETURNS vector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (array_agg(x ORDER BY j) || array_agg(x * x / 2 ORDER BY j) || array_agg(x / 4 ORDER BY j))::real[]::vector
    FROM (SELECT j, (hashint8extended(i * 4096 + j, 5) & 16777215) / 16777216.0::float8 AS x
          FROM generate_series(1, inner_dims) j) s
$$;
\set ECHO all

-- ---- from distances
SELECT round(lid('{1,2,4}')::numeric, 6) AS mle, round(lid('{1,2,4}', 'mom')::numeric, 6) AS mom,
    lid('{4,1,2}') = lid('{1,2,4}') AS any_order, lid('{0,1,2,0,4}') = lid('{1,2,4}') AS zeros_dropped;
SELECT lid(ARRAY[1,2,4]::real[]) = lid('{1,2,4}') AS reals, lid(ARRAY[1,2,4]) = lid('{1,2,4}') AS integers,
    lid('{{1,2},{4,4}}') = lid('{1,2,4,4}') AS matrix, round(lid('{1e300,2e300,4e300}')::numeric, 6) AS huge;
SELECT d, lid(d) AS mle, lid(d, 'mom') AS mom FROM unnest(ARRAY['{}', '{1}', '{0,0,0}', '{0,0,2}', '{3,3,3}']) t,
    CAST(t AS float8[]) d;
SELECT lid('{1,1.0000000001}') AS capped, lid(NULL) AS of_null, lid('{1,2}', NULL) AS by_null;
SELECT statement, pg_temp.outcome(statement) FROM (VALUES
    ('SELECT lid(''{1,NULL,2}'')'), ('SELECT lid(''{1,-2}'')'), ('SELECT lid(''{1,NaN}'')'), ('SELECT lid(''{1,Infinity}'')'),
    ('SELECT lid(''{1,2}'', ''twonn'')'), ('SELECT lid(''{1,2}'', '''')'),
    ('SELECT lid_mle(x) FROM (VALUES (1.0), (-1.0)) v(x)'), ('SELECT _vectorgraph.lid_accum(''{1}'', 2)'),
    ('SELECT lid_twonn(''{1}'', ''{1,2}'')'), ('SELECT lid_twonn(''{1,NULL}'', ''{1,2}'')'),
    ('SELECT lid_twonn(a, a) FROM (SELECT array_agg(1.0::float8) a FROM generate_series(1, 1000001)) s')
) s(statement);
SELECT lid_twonn('{1,1}', '{4,2}') AS worked, lid_twonn('{}', '{}') AS none, lid_twonn('{0,0,1}', '{1,2,3}') AS too_few,
    lid_twonn('{1e-200,1e200}', '{4e-200,2e200}') AS scale_free;

-- ---- aggregates
SELECT round(lid_mle(d)::numeric, 6) AS mle, round(lid_mom(d)::numeric, 6) AS mom
FROM unnest('{NULL,4,0,1,2,NULL}'::float8[]) d;
SELECT lid_mle(d), lid_mom(d) FROM unnest('{}'::float8[]) d;
SELECT lid_mle(d), lid_mom(d) FROM unnest('{NULL,1,0}'::float8[]) d;
SELECT g, round(lid_mle(d)::numeric, 6) AS mle FROM (VALUES (1, 1.0), (1, 2), (2, 3), (2, 9), (1, 4), (2, 27)) v(g, d)
GROUP BY g ORDER BY g;
-- In parts, as parallel workers do, and as a window function; called by hand, a state is not changed.
SELECT round(_vectorgraph.lid_mle_final(_vectorgraph.lid_combine(a, b))::numeric, 6) AS mle, round(_vectorgraph.lid_mom_final(_vectorgraph.lid_combine(b, a))::numeric, 6) AS mom
FROM (SELECT _vectorgraph.lid_accum('{0,0,0,0,0,0}', 4) a, _vectorgraph.lid_accum(_vectorgraph.lid_accum('{0,0,0,0,0,0}', 1), 2) b) s;
SELECT d, round(lid_mle(d) OVER (ORDER BY d)::numeric, 4) AS so_far FROM unnest('{1,2,4}'::float8[]) d;
CREATE TABLE states AS SELECT '{0,0,0,0,0,0}'::float8[] AS s;
SELECT _vectorgraph.lid_accum(s, 2) <> s AS changed FROM states;
SELECT s FROM states;
DROP TABLE states;

-- ---- data of known dimension: 3,000 rows of bent cubes
CREATE TABLE cubes (id integer, two vector(6), five vector(15), ten vector(30));
INSERT INTO cubes SELECT i, pg_temp.cube(i, 2), pg_temp.cube(i, 5), pg_temp.cube(i, 10) FROM generate_series(1, 3000) i;
-- Neighbours of rows near a face lie on one side, so estimates fall short the more, the higher the dimension.
SELECT column_name, rows, skipped, sampled, p.metric, p.search, unknown, duplicates,
    dimension_mle BETWEEN (1 - tolerance) * d AND 1.1 * d AS mle,
    dimension_twonn BETWEEN (1 - tolerance) * d AND 1.1 * d AS twonn,
    lid_p50 BETWEEN (1 - tolerance) * d AND 1.1 * d AS median,
    lid_p10 < lid_p50 AND lid_p50 < lid_p90 AND lid_p90 < lid_p99 AND lid_mean > dimension_mle AS sorted
FROM (VALUES ('two', 2, 0.1), ('five', 5, 0.15), ('ten', 10, 0.3)) v(column_name, d, tolerance),
    lid_profile('cubes', column_name::name, sample_rows => 500) p;
SELECT dimension_mle BETWEEN 4.2 AND 5.5 AS by_moments FROM lid_profile('cubes', 'five', method => 'mom');
SELECT dimension_mle BETWEEN 4.2 AND 5.8 AS l1 FROM lid_profile('cubes', 'five', metric => 'l1');
SELECT dimension_mle BETWEEN 4.0 AND 5.5 AS cosine FROM lid_profile('cubes', 'five', metric => 'cosine');

-- One row at a time: the same as the aggregate over its true neighbours.
WITH l AS (SELECT * FROM lid_rows('cubes', 'five', k => 15, sample_rows => 20))
SELECT count(*), count(DISTINCT row_ctid) AS rows, min(row_relation::text) AS relation, min(neighbours), max(neighbours),
    bool_and(abs(l.lid - n.lid) < 1e-3 * n.lid) AS same_lid, bool_and(abs(nearest - first) < 1e-4) AS same_nearest,
    bool_and(abs(farthest - last) < 1e-4) AS same_farthest
FROM l JOIN cubes c ON c.ctid = l.row_ctid, LATERAL (SELECT lid_mle(d) AS lid, min(d) AS first, max(d) AS last
    FROM (SELECT c.five <-> o.five AS d FROM cubes o WHERE o.id <> c.id ORDER BY 1 LIMIT 15) s) n;
WITH l AS (SELECT * FROM lid_rows('cubes', 'five', k => 15, sample_rows => 20, metric => 'cosine'))
SELECT bool_and(abs(l.lid - 2 * n.lid) < 2e-2 * n.lid) AS twice_the_lid, bool_and(abs(nearest - first) < 1e-4) AS operator_value
FROM l JOIN cubes c ON c.ctid = l.row_ctid, LATERAL (SELECT lid_mle(d) AS lid, min(d) AS first
    FROM (SELECT c.five <=> o.five AS d FROM cubes o WHERE o.id <> c.id ORDER BY 1 LIMIT 15) s) n;
-- Seeds.
SELECT (SELECT array_agg(row_ctid) FROM lid_rows('cubes', 'two', sample_rows => 30, seed => 7))
     = (SELECT array_agg(row_ctid) FROM lid_rows('cubes', 'two', sample_rows => 30, seed => 7)) AS same,
       (SELECT array_agg(row_ctid) FROM lid_rows('cubes', 'two', sample_rows => 30, seed => 7))
     = (SELECT array_agg(row_ctid) FROM lid_rows('cubes', 'two', sample_rows => 30, seed => 8)) AS other;

-- ---- through an index
SELECT pg_temp.outcome($$SELECT * FROM lid_rows('cubes', 'five', search => 'index')$$);
CREATE INDEX cubes_ip ON cubes USING lid_hnsw (five vector_ip_ops);
CREATE INDEX cubes_part ON cubes USING lid_hnsw (five) WHERE id > 10;
SELECT pg_temp.outcome($$SELECT * FROM lid_rows('cubes', 'five', search => 'index')$$);
CREATE INDEX cubes_five ON cubes USING lid_hnsw (five vector_l2_ops);
SELECT pg_temp.outcome($$SELECT * FROM lid_rows('cubes', 'five', search => 'index', metric => 'cosine')$$);
SELECT count(*), bool_and(abs(e.lid - i.lid) < 0.2 * e.lid) AS close, avg((abs(e.lid - i.lid) < 1e-3 * e.lid)::integer) > 0.9 AS mostly_equal
FROM lid_rows('cubes', 'five', sample_rows => 100, search => 'exact') e
JOIN lid_rows('cubes', 'five', sample_rows => 100) i USING (row_ctid);
SHOW lid_hnsw.ef_search;
SELECT p.metric, p.search, dimension_mle BETWEEN 4.2 AND 5.5 AS mle, spread, confounding, build_order, reason
FROM lid_profile('cubes', 'five', search => 'index') p;
CREATE INDEX cubes_cosine ON cubes USING lid_hnsw (two);
SELECT p.metric, p.search FROM lid_profile('cubes', 'two') p;

-- ---- build order: the verdict is that of a build
SELECT build_order, spread < 2.4 AS even, reason LIKE 'spread % is below 2.40: LID differs no more%' AS reason
FROM lid_profile('cubes', 'five', metric => 'l2');
SELECT build_order, order_used FROM vectorgraph_index_stats('cubes_five');
-- Half of the rows in a plane through the ten-dimensional cube: LID differs, and belongs to a cluster.
CREATE TABLE halves (v vector(30));
INSERT INTO halves SELECT pg_temp.cube(i, 10) FROM generate_series(1, 2000) i;
INSERT INTO halves SELECT (pg_temp.cube(i, 2)::real[] || array_fill(9::real, ARRAY[24]))::vector FROM generate_series(1, 2000) i;
SELECT build_order, spread > 2.4 AS uneven, confounding > 0.3 AS confounded,
    reason LIKE 'confounding % is above 0.30: a sort by LID%' AS reason FROM lid_profile('halves', 'v');
CREATE INDEX halves_v ON halves USING lid_hnsw (v vector_l2_ops);
SELECT order_used FROM vectorgraph_index_stats('halves_v');
-- Heavy tails in every dimension: LID differs from row to row, everywhere.
CREATE TABLE tails (v vector(10));
INSERT INTO tails SELECT (SELECT array_agg(((hashint8extended(i * 4096 + j, 5) & 16777215) / 16777216.0::float8 - 0.5) ^ 5 ORDER BY j)
    FROM generate_series(1, 10) j)::real[]::vector FROM generate_series(1, 6000) i;
SELECT build_order, confounding < 0.3 AS unconfounded, reason LIKE 'spread % is at least 2.40, confounding % at most 0.30' AS reason
FROM lid_profile('tails', 'v');
CREATE INDEX tails_v ON tails USING lid_hnsw (v vector_l2_ops);
SELECT order_used FROM vectorgraph_index_stats('tails_v');
DROP TABLE halves, tails;

-- ---- few, equal, missing and zero rows
CREATE TABLE odd (id serial, v vector(3));
SELECT rows, sampled, lid_mean, lid_p50, unknown, dimension_mle, dimension_twonn, duplicates, build_order FROM lid_profile('odd', 'v');
SELECT * FROM lid_rows('odd', 'v');
INSERT INTO odd (v) VALUES ('[1,2,3]'), (NULL);
SELECT lid, nearest, farthest, neighbours FROM lid_rows('odd', 'v');
INSERT INTO odd (v) VALUES ('[1,2,4]');
SELECT lid, nearest, farthest, neighbours FROM lid_rows('odd', 'v');
INSERT INTO odd (v) VALUES ('[1,2,7]');
SELECT row_ctid, round(lid::numeric, 4) AS lid, nearest, farthest, neighbours FROM lid_rows('odd', 'v') ORDER BY row_ctid;
SELECT rows, sampled, unknown, build_order, reason FROM lid_profile('odd', 'v');
INSERT INTO odd (v) SELECT '[1,2,3]' FROM generate_series(1, 30);
SELECT nearest, lid, neighbours, count(*) FROM lid_rows('odd', 'v') WHERE nearest = 0 GROUP BY 1, 2, 3;
SELECT rows, unknown, round(duplicates::numeric, 4) AS duplicates FROM lid_profile('odd', 'v');
INSERT INTO odd (v) SELECT '[0,0,0]' FROM generate_series(1, 4);
SELECT p.metric, rows, skipped, sampled, lid_mean IS NOT NULL AS known FROM lid_profile('odd', 'v', metric => 'cosine') p;
SELECT p.metric, rows, skipped, sampled FROM lid_profile('odd', 'v', metric => 'L2') p;
DELETE FROM odd WHERE v IS DISTINCT FROM '[1,2,3]';
SELECT rows, unknown, lid_mean, dimension_mle, dimension_twonn, duplicates FROM lid_profile('odd', 'v');
-- Distances beyond the range of float are unknown, not wrong.
INSERT INTO odd (v) VALUES ('[3e38,0,0]'), ('[-3e38,0,0]');
SELECT lid, neighbours FROM lid_rows('odd', 'v', k => 40) WHERE farthest = 'Infinity' GROUP BY 1, 2 ORDER BY 2;
DROP TABLE odd;

-- ---- other relations, other types
CREATE TABLE parts (id integer, v vector(6)) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (500);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (500) TO (5000);
INSERT INTO parts SELECT id, two FROM cubes WHERE id < 1000;
CREATE INDEX parts_v ON parts USING lid_hnsw (v vector_l2_ops);
SELECT row_relation, count(*) FROM lid_rows('parts', 'v') GROUP BY 1 ORDER BY 1;
SELECT dimension_mle BETWEEN 1.8 AND 2.2 AS mle FROM lid_profile('parts', 'v');
CREATE MATERIALIZED VIEW "Kept Rows" AS SELECT two AS "A vector" FROM cubes WHERE id <= 100;
SELECT count(*), count(lid) FROM lid_rows('"Kept Rows"', 'A vector');
CREATE VIEW seen AS SELECT id, two, two::real[] AS numbers, two::real[]::float8[] AS doubles FROM cubes WHERE id <= 1500;
SELECT rows, dimension_mle BETWEEN 1.8 AND 2.2 AS mle FROM lid_profile('seen', 'two');
SELECT rows, dimension_mle BETWEEN 1.8 AND 2.2 AS mle FROM lid_profile('seen', 'numbers');
SELECT rows, dimension_mle BETWEEN 1.8 AND 2.2 AS mle FROM lid_profile('seen', 'doubles');
CREATE TABLE loose (v vector, words text);
INSERT INTO loose VALUES ('[1,2]', 'a'), ('[1,2,3]', 'b');

-- ---- errors
SELECT statement, pg_temp.outcome(statement) FROM (VALUES
    ('SELECT * FROM lid_rows(''no_such_table'', ''v'')'), ('SELECT * FROM lid_rows(1::regclass, ''v'')'),
    ('SELECT * FROM lid_rows(''cubes'', ''v'')'), ('SELECT * FROM lid_rows(''cubes'', ''ctid'')'),
    ('SELECT * FROM lid_rows(''cubes'', ''id'')'), ('SELECT * FROM lid_profile(''loose'', ''words'')'),
    ('SELECT * FROM lid_profile(''loose'', ''v'')'),
    ('SELECT * FROM lid_rows(''seen'', ''two'')'), ('SELECT * FROM lid_rows(''cubes_five'', ''five'')'),
    ('SELECT * FROM lid_rows(''cubes'', ''two'', k => 0)'), ('SELECT * FROM lid_rows(''cubes'', ''two'', k => 1001)'),
    ('SELECT * FROM lid_rows(''cubes'', ''two'', k => NULL)'), ('SELECT * FROM lid_rows(NULL, ''two'')'),
    ('SELECT * FROM lid_rows(''cubes'', ''two'', sample_rows => 0)'), ('SELECT * FROM lid_rows(''cubes'', ''two'', sample_rows => 20001)'),
    ('SELECT * FROM lid_rows(''cubes'', ''two'', metric => ''hamming'')'), ('SELECT * FROM lid_rows(''cubes'', ''two'', metric => ''inner_product'')'),
    ('SELECT * FROM lid_profile(''cubes'', ''two'', method => ''pca'')'), ('SELECT * FROM lid_profile(''cubes'', ''two'', search => ''fast'')'),
    ('SELECT lid_rows(''cubes'', ''two'', k => -5)')
) s(statement);
SET maintenance_work_mem = '1MB';
SELECT pg_temp.outcome($$SELECT * FROM lid_rows('cubes', 'ten', sample_rows => 20000)$$);
RESET maintenance_work_mem;

-- ---- privileges: what the caller may read, and no more
CREATE ROLE regress_lid_reader;
GRANT SELECT ON parts TO regress_lid_reader;
SET ROLE regress_lid_reader;
SELECT pg_temp.outcome($$SELECT * FROM lid_profile('cubes', 'two')$$);
SELECT pg_temp.outcome($$SELECT * FROM lid_rows('cubes', 'five', search => 'index')$$);
SELECT rows FROM lid_profile('parts', 'v');
RESET ROLE;
GRANT SELECT (two) ON cubes TO regress_lid_reader;
ALTER TABLE parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY small ON parts USING (id < 100);
SET ROLE regress_lid_reader;
SELECT rows FROM lid_profile('cubes', 'two');
SELECT rows, sampled FROM lid_profile('parts', 'v');
SELECT count(*), bool_and(neighbours = 20) AS all_neighbours FROM lid_rows('parts', 'v', search => 'index');
RESET ROLE;
DROP OWNED BY regress_lid_reader;
DROP ROLE regress_lid_reader;

-- ---- cancel: the time limit ends it long before its end
\set VERBOSITY terse
SET statement_timeout = '50ms';
SELECT count(*) FROM generate_series(1, 1000) i, lid_profile('cubes', 'ten', sample_rows => 3000, k => 100, seed => i);
RESET statement_timeout;
\set VERBOSITY default
SELECT count(*) > 5 AS indexes, bool_and(vectorgraph_index_check(c.oid, true) >= 0) AS sound
FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'lid_hnsw' AND c.relkind = 'i';
DROP VIEW seen;
DROP MATERIALIZED VIEW "Kept Rows";
DROP TABLE cubes, parts, loose;

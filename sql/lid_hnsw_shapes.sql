-- Shapes of data: few rows, equal rows, zero vectors, and every number of dimensions from one page's
-- worth of nodes down to one node per page and 8-bit storage.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all

-- No row, one row, two rows; by build and by insert.
CREATE TABLE few (id integer, v vector(3));
CREATE INDEX few_v ON few USING lid_hnsw (v);
SET enable_seqscan = off;
SELECT id FROM few ORDER BY v <=> '[1,2,3]';
SELECT id FROM few ORDER BY v <=> NULL::vector;
VACUUM few;
SELECT pg_temp.sound('few_v');
INSERT INTO few VALUES (1, '[1,2,3]');
SELECT id FROM few ORDER BY v <=> '[1,1,1]';
SELECT pg_temp.sound('few_v');
REINDEX INDEX few_v;
SELECT id FROM few ORDER BY v <=> '[1,1,1]' LIMIT 5;
SELECT pg_temp.sound('few_v');
INSERT INTO few VALUES (2, '[-1,-2,-3]');
SELECT id FROM few ORDER BY v <=> '[1,1,1]';
DELETE FROM few WHERE id = 1;
VACUUM few;
SELECT id FROM few ORDER BY v <=> '[1,1,1]';
SELECT pg_temp.sound('few_v');

-- Only NULLs and zero vectors: cosine cannot place a zero vector, so it is not in the index.
TRUNCATE few;
INSERT INTO few VALUES (1, NULL), (2, '[0,0,0]');
SELECT id FROM few ORDER BY v <=> '[1,1,1]';
REINDEX INDEX few_v;
SELECT id FROM few ORDER BY v <=> '[1,1,1]';
INSERT INTO few VALUES (3, '[1,0,0]'), (4, '[0,0,0]'), (5, '[-0.0,0,0]'), (6, '[1e-20,0,0]');
-- An order that no index has, so that all rows come on every server.
SELECT id FROM few ORDER BY (v <=> '[1,0,0]') + 0, id;
-- A zero query has no direction: every row, in any order.
SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM few ORDER BY v <=> '[0,0,0]') s;
REINDEX INDEX few_v;
SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM few ORDER BY v <=> '[0,0,0]') s;
UPDATE few SET v = '[0,0,0]' WHERE id = 3;
VACUUM few;
SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM few ORDER BY v <=> '[1,0,0]') s;
SELECT pg_temp.sound('few_v');
-- The other metrics index it like any row.
DROP INDEX few_v;
CREATE INDEX few_l2 ON few USING lid_hnsw (v vector_l2_ops);
CREATE INDEX few_ip ON few USING lid_hnsw (v vector_ip_ops);
CREATE INDEX few_l1 ON few USING lid_hnsw (v vector_l1_ops);
SELECT (SELECT count(*) FROM (SELECT FROM few ORDER BY v <-> '[1,0,0]' OFFSET 0) s) AS l2,
    (SELECT count(*) FROM (SELECT FROM few ORDER BY v <#> '[1,0,0]' OFFSET 0) s) AS ip,
    (SELECT count(*) FROM (SELECT FROM few ORDER BY v <+> '[1,0,0]' OFFSET 0) s) AS l1;
SELECT pg_temp.sound('few_l2'), pg_temp.sound('few_ip'), pg_temp.sound('few_l1');
DROP TABLE few;
RESET enable_seqscan;

-- All rows equal: one node that holds them all, by build and by insert; each comes back once.
CREATE TABLE equals (id integer, v vector(3)) WITH (autovacuum_enabled = off);
INSERT INTO equals SELECT i, '[1,2,3]' FROM generate_series(1, 1000) i;
CREATE INDEX equals_v ON equals USING lid_hnsw (v vector_l2_ops);
SELECT pg_temp.all_rows('equals', '<->', 3), pg_temp.sound('equals_v'), pg_relation_size('equals_v') < 200000 AS small;
INSERT INTO equals SELECT i, '[1,2,3]' FROM generate_series(1001, 3000) i;
SELECT pg_temp.all_rows('equals', '<->', 3), pg_temp.sound('equals_v'), pg_relation_size('equals_v') < 200000 AS small;
DELETE FROM equals WHERE id % 3 = 0;
VACUUM equals;
SELECT pg_temp.all_rows('equals', '<->', 3), pg_temp.sound('equals_v');
INSERT INTO equals SELECT i, '[1,2,3]' FROM generate_series(3001, 4000) i;
SELECT pg_temp.all_rows('equals', '<->', 3), pg_temp.sound('equals_v'), pg_relation_size('equals_v') < 200000 AS small;
SET lid_hnsw.ef_search = 1;
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT FROM equals ORDER BY v <-> '[9,9,9]' LIMIT 50) s;
RESET lid_hnsw.ef_search;
RESET enable_seqscan;
DELETE FROM equals;
VACUUM equals;
INSERT INTO equals SELECT i, '[1,2,3]' FROM generate_series(1, 3000) i;
SELECT pg_temp.all_rows('equals', '<->', 3), pg_temp.sound('equals_v'), pg_relation_size('equals_v') < 300000 AS space_reused;
DROP TABLE equals;

-- 1,000 copies of one row among others do not hide these.
CREATE TABLE copies (id integer, v vector(16));
INSERT INTO copies SELECT i, pg_temp.vec(CASE WHEN i <= 1000 THEN 1 ELSE i END, 16) FROM generate_series(1, 4000) i;
CREATE INDEX copies_v ON copies USING lid_hnsw (v vector_l2_ops);
SET lid_hnsw.ef_search = 100;
SELECT recall >= 0.88 AS recall, full_answers, ordered FROM pg_temp.compare('copies', '<->', 16, 10, 20, 'id > 1000');
SELECT pg_temp.all_rows('copies', '<->', 16), pg_temp.sound('copies_v');
-- The same rows put in one by one.
TRUNCATE copies;
SET lid_hnsw.ef_search = 200;
INSERT INTO copies SELECT i, pg_temp.vec(CASE WHEN i <= 1000 THEN 1 ELSE i END, 16) FROM generate_series(1, 4000) i;
SELECT recall >= 0.88 AS recall, full_answers, ordered FROM pg_temp.compare('copies', '<->', 16, 10, 20, 'id > 1000');
SELECT pg_temp.all_rows('copies', '<->', 16), pg_temp.sound('copies_v');
DROP TABLE copies;
RESET lid_hnsw.ef_search;

-- Equal under cosine are rows that differ in length only: each keeps its own place in the table.
CREATE TABLE rays (id integer, v vector(3));
INSERT INTO rays SELECT i, ARRAY[i, i * 2, i * (1 + i % 2)] FROM generate_series(1, 200) i;
CREATE INDEX rays_v ON rays USING lid_hnsw (v);
INSERT INTO rays SELECT i, ARRAY[i, i * 2, i * (1 + i % 2)] FROM generate_series(201, 400) i;
SELECT pg_temp.all_rows('rays', '<=>', 3), pg_temp.sound('rays_v');
SET enable_seqscan = off;
SELECT count(*) FILTER (WHERE id % 2 = 0) FROM (SELECT id FROM rays ORDER BY v <=> '[1,2,1]' LIMIT 200) s;
RESET enable_seqscan;
DROP TABLE rays;

-- Large, tiny and mixed elements, whose squares still are floats.
CREATE TABLE extremes (id integer, v vector(4));
INSERT INTO extremes SELECT i, ARRAY[i * 1e15, i * 1e-15, -i, 0] FROM generate_series(1, 300) i;
INSERT INTO extremes SELECT 300 + i, ARRAY[i * 1e-30, 0, 0, 1e-38] FROM generate_series(1, 100) i;
CREATE INDEX extremes_l2 ON extremes USING lid_hnsw (v vector_l2_ops);
CREATE INDEX extremes_cosine ON extremes USING lid_hnsw (v);
INSERT INTO extremes VALUES (500, '[1e18,0,0,0]'), (501, '[-1e18,1e18,0,0]'), (502, '[1e-45,0,0,0]');
SELECT pg_temp.all_rows('extremes', '<->', 4), pg_temp.all_rows('extremes', '<=>', 4);
REINDEX TABLE extremes;
SELECT pg_temp.all_rows('extremes', '<->', 4), pg_temp.all_rows('extremes', '<=>', 4);
SELECT pg_temp.sound('extremes_l2'), pg_temp.sound('extremes_cosine');
DROP TABLE extremes;

SET lid_hnsw.ef_search = 100;
-- Dimensions: build, insert, search, delete, vacuum; every row at every step, answers in the exact order
-- of the operator. With 1,536 dimensions and more the index holds 8 bits per element and codes of
-- some of the dimensions, and the scan reads rows that those do not tell apart.
CREATE FUNCTION pg_temp.try_dims(dims integer, op text, opclass text, count integer, OUT recall boolean, OUT full_answers boolean,
    OUT ordered boolean, OUT every_row boolean, OUT sound boolean) LANGUAGE plpgsql AS $$
DECLARE
    c record;
BEGIN
    EXECUTE format('CREATE TABLE shaped (id integer, v vector(%s))', dims);
    INSERT INTO shaped SELECT i, pg_temp.vec(i, dims) FROM generate_series(1, count) i;
    EXECUTE format('CREATE INDEX shaped_v ON shaped USING lid_hnsw (v %s)', opclass);
    SELECT * INTO c FROM pg_temp.compare('shaped', op, dims, 10, 10);
    recall := c.recall >= 0.88;
    full_answers := c.full_answers;
    ordered := c.ordered;
    every_row := pg_temp.all_rows('shaped', op, dims);
    sound := pg_temp.sound('shaped_v');
    INSERT INTO shaped SELECT i, pg_temp.vec(i, dims) FROM generate_series(count + 1, count + count / 4) i;
    SELECT * INTO c FROM pg_temp.compare('shaped', op, dims, 10, 10);
    recall := recall AND c.recall >= 0.88;
    full_answers := full_answers AND c.full_answers;
    ordered := ordered AND c.ordered;
    every_row := every_row AND pg_temp.all_rows('shaped', op, dims);
    sound := sound AND pg_temp.sound('shaped_v');
    DELETE FROM shaped WHERE id % 4 = 1;
END $$;
-- VACUUM cannot run in a function: the second half after it.
CREATE FUNCTION pg_temp.try_rest(dims integer, op text, OUT recall boolean, OUT full_answers boolean, OUT ordered boolean,
    OUT every_row boolean, OUT sound boolean) LANGUAGE plpgsql AS $$
DECLARE
    c record;
BEGIN
    SELECT * INTO c FROM pg_temp.compare('shaped', op, dims, 10, 10);
    recall := c.recall >= 0.88;
    full_answers := c.full_answers;
    ordered := c.ordered;
    every_row := pg_temp.all_rows('shaped', op, dims);
    sound := pg_temp.sound('shaped_v');
    DROP TABLE shaped;
END $$;
SELECT * FROM pg_temp.try_dims(1, '<->', 'vector_l2_ops', 800);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(1, '<->');
SELECT * FROM pg_temp.try_dims(2, '<->', 'vector_l2_ops', 800);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(2, '<->');
SELECT * FROM pg_temp.try_dims(2, '<=>', 'vector_cosine_ops', 800);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(2, '<=>');
SELECT * FROM pg_temp.try_dims(3, '<+>', 'vector_l1_ops', 800);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(3, '<+>');
SELECT * FROM pg_temp.try_dims(100, '<=>', 'vector_cosine_ops', 1000);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(100, '<=>');
SELECT * FROM pg_temp.try_dims(784, '<->', 'vector_l2_ops', 300);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(784, '<->');
SELECT * FROM pg_temp.try_dims(1536, '<->', 'vector_l2_ops', 200);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(1536, '<->');
SELECT * FROM pg_temp.try_dims(1536, '<=>', 'vector_cosine_ops', 200);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(1536, '<=>');
SELECT * FROM pg_temp.try_dims(1536, '<#>', 'vector_ip_ops', 200);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(1536, '<#>');
SELECT * FROM pg_temp.try_dims(2000, '<->', 'vector_l2_ops', 160);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(2000, '<->');
SELECT * FROM pg_temp.try_dims(2000, '<=>', 'vector_cosine_ops', 160);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(2000, '<=>');
SELECT * FROM pg_temp.try_dims(2000, '<+>', 'vector_l1_ops', 160);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(2000, '<+>');
SELECT * FROM pg_temp.try_dims(4000, '<#>', 'vector_ip_ops', 100);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(4000, '<#>');
SELECT * FROM pg_temp.try_dims(6000, '<=>', 'vector_cosine_ops', 80);
VACUUM shaped;
SELECT * FROM pg_temp.try_rest(6000, '<=>');

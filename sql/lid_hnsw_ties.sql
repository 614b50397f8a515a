-- Rows whose distances differ by less than sums of floats resolve, and scans that end in a pass over all pages.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all
SET enable_seqscan = off;

-- 600 near-copies of one row and 600 others, too long to stand in the table itself.
CREATE TABLE near (id integer, v vector(700));
ALTER TABLE near ALTER v SET STORAGE EXTERNAL;
INSERT INTO near SELECT i, (SELECT array_agg(CASE WHEN i <= 600 THEN sin(j) + 1e-6 * sin(i * j) ELSE sin(i * j) END ORDER BY j)
    FROM generate_series(1, 700) j)::vector FROM generate_series(1, 1200) i;
CREATE INDEX near_l2 ON near USING lid_hnsw (v vector_l2_ops);
CREATE INDEX near_ip ON near USING lid_hnsw (v vector_ip_ops);
CREATE INDEX near_l1 ON near USING lid_hnsw (v vector_l1_ops);
SELECT v AS q FROM near WHERE id = 7 \gset
-- Steps back in the operator's own values, and rows that came.
CREATE FUNCTION pg_temp.steps_back(operator text, q vector, most integer) RETURNS TABLE (rows bigint, back bigint)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT count(*), count(*) FILTER (WHERE d < before)
        FROM (SELECT d, lag(d) OVER () AS before
            FROM (SELECT v %s $1 AS d FROM near ORDER BY v %1$s $1 LIMIT %s) s) t', operator, most) USING q;
END $$;
SELECT operator, s.* FROM unnest(ARRAY['<->', '<#>', '<+>']) operator, pg_temp.steps_back(operator, :'q', 300) s;
SET lid_hnsw.exact_scan = on;
SELECT operator, s.* FROM unnest(ARRAY['<->', '<#>', '<+>']) operator, pg_temp.steps_back(operator, :'q', 2000) s;
RESET lid_hnsw.exact_scan;

-- A pass gives the same rows in the same order, whether it fits in work_mem or goes through files.
CREATE TABLE many (id integer, v vector(2));
INSERT INTO many SELECT i, ARRAY[i % 173, i / 173]::vector FROM generate_series(1, 12000) i;
CREATE INDEX many_v ON many USING lid_hnsw (v vector_l2_ops);
SET lid_hnsw.exact_scan = on;
SELECT count(*), md5(string_agg(id::text, ' ')) AS in_memory FROM (SELECT id FROM many ORDER BY v <-> '[80,30]') s \gset
SET work_mem = '64kB';
SELECT :count AS rows, count(*) AS again, md5(string_agg(id::text, ' ')) = :'in_memory' AS same
FROM (SELECT id FROM many ORDER BY v <-> '[80,30]') s;
RESET work_mem;
RESET lid_hnsw.exact_scan;
DROP TABLE near, many;

-- One very long row makes no near ties of the others, for each of which a page of the index would be read again.
CREATE TABLE lengths (id integer, v vector(8));
INSERT INTO lengths SELECT i, array_agg(sin(i * 1.7 + j * j * .9)::real * CASE i WHEN 7 THEN 1e7 ELSE 1 END ORDER BY j)::vector
FROM generate_series(1, 3000) i, generate_series(1, 8) j GROUP BY i;
CREATE INDEX lengths_v ON lengths USING lid_hnsw (v vector_ip_ops);
SET lid_hnsw.exact_scan = on;
SELECT count(*) FROM (SELECT id FROM lengths ORDER BY v <#> '[1,-1,2,.5,.25,-2,1,0]') s;
SELECT pg_temp.buffers('SELECT id FROM lengths ORDER BY v <#> ''[1,-1,2,.5,.25,-2,1,0]''')
    < 3000 + 2 * pg_relation_size('lengths_v') / 8192 AS no_page_for_every_row;
RESET lid_hnsw.exact_scan;
DROP TABLE lengths;

-- 8 bits a dimension do not tell 300 near-copies apart: the scan reads the rows, as its snapshot sees them, and the
-- indexed value may be an expression. Half of the rows are new versions on the page of the old ones, some are gone.
CREATE TABLE coarse (id integer, note text DEFAULT '', v vector(1200)) WITH (fillfactor = 50);
INSERT INTO coarse SELECT i, '', (SELECT array_agg(sin(j) + 1e-5 * sin(i * j) ORDER BY j) FROM generate_series(1, 1200) j)::vector
FROM generate_series(1, 300) i;
CREATE INDEX coarse_l2 ON coarse USING lid_hnsw (v vector_l2_ops);
CREATE INDEX coarse_ip ON coarse USING lid_hnsw (v vector_ip_ops);
CREATE INDEX coarse_cosine ON coarse USING lid_hnsw (v vector_cosine_ops);
CREATE INDEX coarse_l1 ON coarse USING lid_hnsw (v vector_l1_ops);
CREATE INDEX coarse_half ON coarse USING lid_hnsw ((subvector(v, 51, 1100)::vector(1100)) vector_l2_ops);
SELECT storage FROM vectorgraph_index_stats('coarse_half');
UPDATE coarse SET note = 'new' WHERE id % 2 = 0;
DELETE FROM coarse WHERE id % 7 = 0;
SELECT v AS q FROM coarse WHERE id = 8 \gset
-- The first 40 ids by index and by sort, in the same order; the rows that are read for their place.
CREATE FUNCTION pg_temp.same_order(expression text, q vector) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    statement text := format('SELECT array(SELECT id FROM coarse ORDER BY %s LIMIT 40)', expression);
    by_index integer[];
    by_sort integer[];
BEGIN
    SET LOCAL enable_sort = off;
    EXECUTE statement INTO by_index USING q;
    SET LOCAL enable_sort = on;
    SET LOCAL enable_indexscan = off;
    EXECUTE statement INTO by_sort USING q;
    SET LOCAL enable_indexscan = on;
    RETURN by_index = by_sort;
END $$;
SET lid_hnsw.ef_search = 200;
SELECT expression, pg_temp.same_order(expression, :'q') FROM (VALUES ('v <-> $1'), ('v <#> $1'), ('v <=> $1'), ('v <+> $1'),
    ('subvector(v, 51, 1100)::vector(1100) <-> subvector($1, 51, 1100)')) e(expression);
-- Rows that go meanwhile are still seen by the snapshot of a cursor.
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM coarse ORDER BY v <-> :'q';
FETCH 2 FROM c;
DELETE FROM coarse WHERE id <> 8;
FETCH 3 FROM c;
ROLLBACK;
RESET lid_hnsw.ef_search;
DROP TABLE coarse;

-- Of equal rows one is read, however many there are. One that 8 bits do not tell from them shares their node; then all are read,
-- and it comes last.
CREATE TABLE crowd (id integer, v vector(200));
INSERT INTO crowd SELECT i, pg_temp.vec(i, 200) FROM generate_series(1, 1000) i;
INSERT INTO crowd SELECT i, (SELECT v FROM crowd WHERE id = 7) FROM generate_series(1001, 4000) i;
CREATE INDEX crowd_v ON crowd USING lid_hnsw (v vector_l2_ops) WITH (storage = int8);
SELECT storage, nodes FROM vectorgraph_index_stats('crowd_v');
SELECT v AS q FROM crowd WHERE id = 7 \gset
SELECT pg_temp.buffers(format('SELECT id FROM crowd ORDER BY v <-> %L LIMIT 10', :'q')) < 250 AS one_is_read;
INSERT INTO crowd SELECT 0, array_agg(x + CASE j WHEN least THEN 1e-7 ELSE 0 END ORDER BY j)::vector
FROM unnest(:'q'::vector::real[]) WITH ORDINALITY u(x, j),
    (SELECT k AS least FROM unnest(:'q'::vector::real[]) WITH ORDINALITY u(y, k) ORDER BY abs(y) LIMIT 1) l;
SELECT nodes, duplicates FROM vectorgraph_index_stats('crowd_v');
SELECT count(*), count(*) FILTER (WHERE d = 0) AS equal, max(at) FILTER (WHERE id = 0) AS place
FROM (SELECT id, d, row_number() OVER () AS at
    FROM (SELECT id, v <-> :'q' AS d FROM crowd ORDER BY v <-> :'q' LIMIT 3002) s) t;
DROP TABLE crowd;

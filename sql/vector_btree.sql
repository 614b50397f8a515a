-- The default btree operator class of vector.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
RESET client_min_messages;

CREATE TABLE sorted (id integer, v vector);
INSERT INTO sorted VALUES (1, '[0,0,0]'), (2, '[1,2,3]'), (3, '[1,1,1]'), (4, NULL), (5, '[1,2]'),
    (6, '[-1,5]'), (7, '[-0,0,0]'), (8, '[1]');
CREATE INDEX sorted_v ON sorted (v);

-- The index gives the order of a sort, and each comparison the rows of a sequential scan.
SET enable_seqscan = off;
SET enable_sort = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT v FROM sorted ORDER BY v;
-- Which of two equal values comes first is nobody's business: -0 is shown as 0.
SELECT replace(v::text, '-0', '0') AS v FROM sorted ORDER BY sorted.v;
SELECT replace(v::text, '-0', '0') AS v FROM sorted ORDER BY sorted.v DESC NULLS LAST;
EXPLAIN (COSTS OFF) SELECT id FROM sorted WHERE v = '[0,0,0]';
SELECT id FROM sorted WHERE v = '[0,0,0]' ORDER BY id;
SELECT id FROM sorted WHERE v < '[1,1,1]' ORDER BY id;
SELECT id FROM sorted WHERE v <= '[1,1,1]' ORDER BY id;
SELECT id FROM sorted WHERE v > '[1,1,1]' ORDER BY id;
SELECT id FROM sorted WHERE v >= '[1,1,1]' AND v < '[1,2,3]' ORDER BY id;
SELECT id FROM sorted WHERE v IS NULL;
SELECT count(*) FROM sorted WHERE v IS NOT NULL;
RESET enable_seqscan;
RESET enable_sort;
RESET enable_bitmapscan;
DROP TABLE sorted;

-- Unique: -0 equals 0, a prefix differs from the whole.
CREATE TABLE once (v vector UNIQUE);
INSERT INTO once VALUES ('[0,1]'), ('[0]'), (NULL), (NULL);
INSERT INTO once VALUES ('[-0,1]');
INSERT INTO once VALUES ('[0,1]') ON CONFLICT DO NOTHING;
SELECT count(*) FROM once;
DROP TABLE once;

-- vector orders as arrays do.
CREATE TABLE orders AS
SELECT ARRAY(SELECT (hashint4(i * 7 + j) % 3)::real FROM generate_series(1, 1 + abs(hashint4(i)) % 4) j) AS a
FROM generate_series(1, 200) i;
SELECT count(*) AS pairs,
    count(*) FILTER (WHERE vector_cmp(x.a::vector, y.a::vector) <> btarraycmp(x.a, y.a)) AS wrong
FROM orders x, orders y;
SELECT count(*) AS wrong FROM (
    SELECT row_number() OVER (ORDER BY a::vector) AS by_vector, rank() OVER (ORDER BY a) AS first_place,
        rank() OVER (ORDER BY a) + count(*) OVER (PARTITION BY a) - 1 AS last_place
    FROM orders) s
WHERE by_vector NOT BETWEEN first_place AND last_place;
DROP TABLE orders;

-- Grouping and indexing of values that are stored out of line.
CREATE TABLE long_values AS
SELECT i, (array_fill(0, ARRAY[2000]) || i % 10)::vector AS v FROM generate_series(1, 200) i;
CREATE INDEX ON long_values (subvector(v, 1990, 12));
SELECT array_agg(last ORDER BY last) FROM (
    SELECT DISTINCT (v::real[])[2001] AS last, v FROM long_values) s;
DROP TABLE long_values;

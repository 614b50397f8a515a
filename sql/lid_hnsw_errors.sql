-- What the access method refuses, with SQLSTATE, message, detail and hint; table and index stay as they were.
\set ECHO none
\i sql/include/lid_hnsw.sql
\set ECHO all
CREATE TABLE items (id integer PRIMARY KEY, v vector(3), untyped vector, large vector(6001), largest vector(16000), words text);
INSERT INTO items (id, v) SELECT i, ARRAY[i, i % 10, 1] FROM generate_series(1, 100) i;

-- From 17 on operators are named with their schemas.
SELECT statement, replace(pg_temp.outcome(statement), 'public.', '') AS outcome FROM (VALUES
    ('CREATE INDEX ON items USING lid_hnsw (untyped)'),
    ('CREATE INDEX ON items USING lid_hnsw (large)'),
    ('CREATE INDEX ON items USING lid_hnsw (largest vector_l2_ops)'),
    ('CREATE INDEX ON items USING lid_hnsw (words)'),
    ('CREATE INDEX ON items USING lid_hnsw (v vector_hamming_ops)'),
    ('CREATE INDEX ON items USING lid_hnsw (words vector_l2_ops)'),
    ('CREATE UNIQUE INDEX ON items USING lid_hnsw (v)'),
    ('CREATE INDEX ON items USING lid_hnsw (v, v)'),
    ('CREATE INDEX ON items USING lid_hnsw (v) INCLUDE (id)'),
    ('CREATE INDEX ON items USING lid_hnsw (v DESC)'),
    ('CREATE INDEX ON items USING lid_hnsw (v NULLS FIRST)'),
    ('ALTER TABLE items ADD EXCLUDE USING lid_hnsw (v WITH =)'),
    ('CREATE INDEX ON items USING lid_hnsw ((v || v))'),
    ('CREATE INDEX ON items USING lid_hnsw (v) WITH (m = 20, ef_construction = 39)')
) s(statement);
SELECT count(*) AS indexes FROM pg_index WHERE indrelid = 'items'::regclass;

CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops);
SELECT pg_temp.outcome('CLUSTER items USING items_v');
SELECT pg_temp.outcome('ALTER TABLE items ADD UNIQUE USING INDEX items_v');
SELECT pg_temp.outcome('ALTER TABLE items REPLICA IDENTITY USING INDEX items_v');

-- Rows that do not fit: type and column refuse them before the index sees them.
SELECT value, pg_temp.outcome(format('INSERT INTO items (id, v) VALUES (1000, %L)', value))
FROM (VALUES ('[1,2]'), ('[1,2,3,4]'), ('[NaN,0,0]'), ('[Infinity,0,0]'), ('[-inf,0,0]'), ('[1e39,0,0]'), ('[]'), ('nothing')) v(value);
SELECT pg_temp.outcome($$SELECT '{NaN,0,0}'::float8[]::vector$$), pg_temp.outcome($$SELECT '{Infinity,0,0}'::float4[]::vector$$);

-- A column that loses its dimensions keeps its index, which goes on refusing others; only a rebuild fails.
SELECT pg_temp.outcome('ALTER TABLE items ALTER v TYPE vector(4)');
SELECT pg_temp.outcome('ALTER TABLE items ALTER v TYPE vector');
SELECT pg_temp.outcome('INSERT INTO items (id, v) VALUES (1000, ''[1,2]'')'), pg_temp.outcome('REINDEX INDEX items_v');
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'items'::regclass AND attname = 'v';

-- Queries that do not fit.
SET enable_seqscan = off;
SELECT query, pg_temp.outcome(format('SELECT id FROM items ORDER BY v <-> %L LIMIT 1', query))
FROM (VALUES ('[1,2]'), ('[1,2,3,4]'), ('[1,2,NaN]')) q(query);

-- Rows of other dimensions in a column that takes any, behind an index of an expression with a cast.
UPDATE items SET untyped = v;
CREATE INDEX items_cast ON items USING lid_hnsw ((untyped::vector(3)) vector_l2_ops);
SELECT pg_temp.path('SELECT id FROM items ORDER BY untyped::vector(3) <-> ''[5,5,1]'' LIMIT 1');
SELECT pg_temp.outcome('INSERT INTO items (id, untyped) VALUES (1001, ''[1,2]'')');
SELECT pg_temp.outcome('UPDATE items SET untyped = ''[1,2,3,4]'' WHERE id = 1');
SELECT count(*), count(untyped) FROM items;
SELECT id FROM items ORDER BY untyped::vector(3) <-> '[5,5,1]' LIMIT 1;
SELECT pg_temp.sound('items_cast');
DROP INDEX items_cast;
INSERT INTO items (id, untyped) VALUES (1001, '[1,2]');
SELECT pg_temp.outcome('CREATE INDEX items_cast ON items USING lid_hnsw ((untyped::vector(3)))');
SELECT pg_temp.outcome('CREATE INDEX items_cast ON items USING lid_hnsw ((untyped::vector(3))) WHERE vector_dims(untyped) = 3');
SELECT pg_temp.path('SELECT id FROM items WHERE vector_dims(untyped) = 3 ORDER BY untyped::vector(3) <=> ''[5,5,1]'' LIMIT 1');
SELECT count(*) FROM (SELECT FROM items WHERE vector_dims(untyped) = 3 ORDER BY untyped::vector(3) <=> '[5,5,1]') s;
SELECT pg_temp.sound('items_cast');

-- Not an index of ours.
SELECT statement, pg_temp.outcome(statement) FROM (VALUES
    ('SELECT vectorgraph_index_check(''items_pkey'')'), ('SELECT vectorgraph_index_check(''items'')'),
    ('SELECT vectorgraph_index_check(''no_such_index'')')
) s(statement);

-- After all that.
SELECT count(*) FROM items;
SELECT id FROM items ORDER BY v <-> '[5,5,1]' LIMIT 1;
RESET enable_seqscan;
SELECT pg_temp.all_rows('items', '<->', 3, 'v IS NOT NULL'), pg_temp.sound('items_v');
DROP TABLE items;

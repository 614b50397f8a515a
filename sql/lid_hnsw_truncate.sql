-- TRUNCATE in the transaction that made a table empties it in place: the index is built anew in the same
-- file, and nothing that the session remembers of the earlier build may serve the new one.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;
CREATE SCHEMA truncated;
SET search_path = truncated, public;
CREATE FUNCTION row_of(i integer, dims integer, around float8) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(((hashint8extended(i::bigint * 4096 + j, 7) & 65535) / 65536.0 + around)::float4 ORDER BY j)::vector
    FROM generate_series(1, dims) j
$$;
-- Share of the ten nearest rows of 20 queries that the index finds.
CREATE FUNCTION recall(tab text, dims integer, around float8) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    hits integer := 0;
    farthest float8;
    found integer;
BEGIN
    FOR q IN 1..20 LOOP
        SET LOCAL enable_indexscan = off;
        EXECUTE format('SELECT max(d) FROM (SELECT v <-> $1 AS d FROM %s ORDER BY 1 LIMIT 10) s', tab)
            INTO farthest USING row_of(-q, dims, around);
        SET LOCAL enable_indexscan = on;
        SET LOCAL enable_seqscan = off;
        EXECUTE format('SELECT count(*) FROM (SELECT v <-> $1 AS d FROM %s ORDER BY v <-> $1 LIMIT 10) s WHERE d <= $2', tab)
            INTO found USING row_of(-q, dims, around), farthest;
        hits := hits + found;
        RESET enable_seqscan;
    END LOOP;
    RETURN hits / 200.0;
END $$;

-- Another centre: that of the first build lies far from the second one's rows.
BEGIN;
CREATE TABLE moved (id integer, v vector(64));
INSERT INTO moved SELECT i, row_of(i, 64, 20) FROM generate_series(1, 1000) i;
CREATE INDEX moved_v ON moved USING lid_hnsw (v vector_l2_ops);
INSERT INTO moved SELECT i, row_of(i, 64, 20) FROM generate_series(1001, 1001) i;
TRUNCATE moved;
INSERT INTO moved SELECT i, row_of(i, 64, 20) FROM generate_series(1, 1500) i;
COMMIT;
SELECT vectorgraph_index_check('moved_v', true) AS nodes, recall('moved', 64, 20) > 0.5 AS "recall in the same session";
\c -
SET search_path = truncated, public;
SELECT recall('moved', 64, 20) > 0.5 AS "recall in a new session";

-- Another m: other places within a slot.
BEGIN;
CREATE TABLE narrower (id integer, v vector(32));
CREATE INDEX narrower_v ON narrower USING lid_hnsw (v vector_l2_ops);
INSERT INTO narrower SELECT i, row_of(i, 32, 0) FROM generate_series(1, 10) i;
ALTER INDEX narrower_v SET (m = 6);
TRUNCATE narrower;
INSERT INTO narrower SELECT i, row_of(i, 32, 0) FROM generate_series(1, 300) i;
COMMIT;
SELECT vectorgraph_index_check('narrower_v', true) AS nodes, recall('narrower', 32, 0) > 0.9 AS recall;
\c -
SET search_path = truncated, public;
SELECT m, nodes, unreachable FROM vectorgraph_index_stats('narrower_v');
SELECT recall('narrower', 32, 0) > 0.9 AS recall;

-- The same for semantic_graph, whose lists and keys are found in what is built anew.
BEGIN;
CREATE TABLE graph (id integer, v vector(16));
CREATE INDEX graph_v ON graph USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 4);
INSERT INTO graph SELECT i, row_of(i, 16, 5) FROM generate_series(1, 200) i;
TRUNCATE graph;
INSERT INTO graph SELECT i, row_of(i, 16, 5) FROM generate_series(1, 20) i;
COMMIT;
SELECT vectorgraph_index_check('graph_v', true) AS nodes, recall('graph', 16, 5) AS recall;

SET client_min_messages = warning;
DROP SCHEMA truncated CASCADE;

-- Whose code a link set runs: nobody's but that of the owner of the searched table, of a superuser,
-- or of the caller; and it only reads.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS vectorgraph;
\set VERBOSITY default
CREATE ROLE sgr_owner;
CREATE ROLE sgr_other;
CREATE SCHEMA sgr;
GRANT USAGE, CREATE ON SCHEMA sgr TO PUBLIC;
CREATE TABLE sgr.trace (who text, note text);
GRANT INSERT, SELECT ON sgr.trace TO PUBLIC;

-- Registrations outlive a table by name only: somebody prepares one and drops the table.
SET ROLE sgr_other;
CREATE FUNCTION sgr.run(id bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RAISE WARNING 'code of sgr_other runs as %', current_user;
    RETURN id;
END $$;
CREATE VIEW sgr.links AS SELECT sgr.run(1) AS a, 2::bigint AS b;
GRANT SELECT ON sgr.links TO PUBLIC;
CREATE TABLE sgr.items (id bigint PRIMARY KEY, v vector(2));
INSERT INTO sgr.items VALUES (1, '[1,0]'), (2, '[0,1]'), (3, '[1,1]');
CREATE INDEX items_graph ON sgr.items USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 2);
SELECT semantic_graph_add_links('sgr.items_graph', 'sgr.links', 'a', 'b');
SELECT key FROM semantic_graph_expand('sgr.items_graph', '{1}') ORDER BY key;
DROP TABLE sgr.items;
SET ROLE sgr_owner;
CREATE TABLE sgr.items (id bigint PRIMARY KEY, v vector(2));
INSERT INTO sgr.items VALUES (1, '[1,0]'), (2, '[0,1]'), (3, '[1,1]');
CREATE INDEX items_graph ON sgr.items USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 2);
SELECT * FROM semantic_graph_links('sgr.items_graph');
SELECT count(*) FROM semantic_graph_search('sgr.items_graph', '[1,1]');
RESET ROLE;
SELECT count(*) FROM semantic_graph_search('sgr.items_graph', '[1,1]');

-- A view of somebody else is refused, whether registered as such or put in place of a table later.
SET ROLE sgr_owner;
SELECT semantic_graph_add_links('sgr.items_graph', 'sgr.links', 'a', 'b');
SET ROLE sgr_other;
CREATE TABLE sgr.arcs (a bigint, b bigint);
CREATE INDEX ON sgr.arcs (a);
CREATE INDEX ON sgr.arcs (b);
INSERT INTO sgr.arcs VALUES (1, 2);
GRANT SELECT ON sgr.arcs TO PUBLIC;
SET ROLE sgr_owner;
SELECT semantic_graph_add_links('sgr.items_graph', 'sgr.arcs', 'a', 'b');
SELECT key FROM semantic_graph_expand('sgr.items_graph', '{1}') ORDER BY key;
SET ROLE sgr_other;
ALTER TABLE sgr.arcs ENABLE ROW LEVEL SECURITY;
CREATE POLICY trap ON sgr.arcs USING (sgr.run(a) = a);
SET ROLE sgr_owner;
SELECT key FROM semantic_graph_expand('sgr.items_graph', '{1}') ORDER BY key;
RESET ROLE;
SELECT key FROM semantic_graph_expand('sgr.items_graph', '{1}') ORDER BY key;
DROP TABLE sgr.arcs;
SET ROLE sgr_other;
CREATE VIEW sgr.arcs AS SELECT sgr.run(1) AS a, 2::bigint AS b;
GRANT SELECT ON sgr.arcs TO PUBLIC;
RESET ROLE;
SELECT key FROM semantic_graph_expand('sgr.items_graph', '{1}') ORDER BY key;
-- Their own code they may run.
SET ROLE sgr_other;
SELECT key FROM semantic_graph_expand('sgr.items_graph', '{1}') ORDER BY key;
RESET ROLE;
GRANT SELECT ON sgr.items TO sgr_other;
SET ROLE sgr_other;
SELECT key FROM semantic_graph_expand('sgr.items_graph', '{1}') ORDER BY key;
RESET ROLE;
DROP VIEW sgr.arcs;

-- The owner's view is read with the caller's rights, and cannot write.
SET ROLE sgr_owner;
SELECT semantic_graph_drop_links('sgr.items_graph');
CREATE FUNCTION sgr.leave_trace(id bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    INSERT INTO sgr.trace VALUES (current_user, 'written by a search');
    RETURN id;
END $$;
CREATE VIEW sgr.own AS SELECT sgr.leave_trace(1) AS a, 2::bigint AS b;
GRANT SELECT ON sgr.own TO PUBLIC;
SELECT semantic_graph_add_links('sgr.items_graph', 'sgr.own', 'a', 'b');
RESET ROLE;
SELECT key FROM semantic_graph_expand('sgr.items_graph', '{1}') ORDER BY key;
SELECT * FROM sgr.trace;
INSERT INTO sgr.trace VALUES ('me', 'a transaction may write after it');

-- Who registered must own the table when it is searched: a new owner registers again.
SET ROLE sgr_owner;
SELECT semantic_graph_drop_links('sgr.items_graph');
CREATE TABLE sgr.own_arcs (a bigint PRIMARY KEY, b bigint);
CREATE INDEX ON sgr.own_arcs (b);
INSERT INTO sgr.own_arcs VALUES (1, 2);
SELECT semantic_graph_add_links('sgr.items_graph', 'sgr.own_arcs', 'a', 'b');
RESET ROLE;
CREATE ROLE sgr_next;
GRANT USAGE, CREATE ON SCHEMA sgr TO sgr_next;
ALTER TABLE sgr.items OWNER TO sgr_next;
SELECT key FROM semantic_graph_expand('sgr.items_graph', '{1}') ORDER BY key;
GRANT SELECT ON sgr.own_arcs TO sgr_next;
SET ROLE sgr_next;
SELECT link_table, source, target FROM semantic_graph_links('sgr.items_graph');
SELECT semantic_graph_add_links('sgr.items_graph', 'sgr.own_arcs', 'a', 'b');
SELECT key FROM semantic_graph_expand('sgr.items_graph', '{1}') ORDER BY key;
RESET ROLE;
-- What a superuser registers stays usable under any owner, and a rebuilt index keeps its sets.
SELECT semantic_graph_add_links('sgr.items_graph', 'sgr.own_arcs', 'a', 'b');
ALTER TABLE sgr.items OWNER TO sgr_owner;
REINDEX INDEX CONCURRENTLY sgr.items_graph;
SELECT key FROM semantic_graph_expand('sgr.items_graph', '{1}') ORDER BY key;

-- Rows of dropped tables are removed by the next registration.
SELECT count(*) FROM _vectorgraph.semantic_graph_link_set s WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = s.indexed_table);
DROP SCHEMA sgr CASCADE;
DROP ROLE sgr_owner, sgr_other, sgr_next;

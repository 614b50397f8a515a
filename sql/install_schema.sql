-- Where the objects of the extension lie: what a user calls in the schema that CREATE EXTENSION names,
-- all else in _vectorgraph. Every function is called there by its full name, with an empty search_path.
SELECT current_database() AS regression_database \gset
SET client_min_messages = warning;
CREATE DATABASE vgs_install;
CREATE ROLE vgs_user;
\c vgs_install
SET client_min_messages = warning;
-- A schema that stands there already is not used.
CREATE SCHEMA _vectorgraph;
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE EXTENSION vectorgraph CASCADE;
CREATE EXTENSION vectorgraph SCHEMA _vectorgraph CASCADE;
DROP SCHEMA _vectorgraph;
-- All names that clash are told at once.
CREATE SCHEMA taken;
CREATE FUNCTION taken.auc(double precision, boolean) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION taken.rrf(bigint, integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION taken.rrf(text) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE TYPE taken.pca_model AS (a integer);
CREATE FUNCTION taken.near(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR taken.<~#> (LEFTARG = text, RIGHTARG = text, FUNCTION = taken.near);
CREATE EXTENSION vectorgraph SCHEMA taken CASCADE;
\set VERBOSITY sqlstate
CREATE EXTENSION vectorgraph SCHEMA taken CASCADE;
\set VERBOSITY default
-- Other functions of the same names stand in nobody's way, nor do those of other schemas.
DROP TYPE taken.pca_model;
DROP OPERATOR taken.<~#> (text, text);
DROP FUNCTION taken.auc(double precision, boolean), taken.rrf(bigint, integer);
CREATE EXTENSION vectorgraph SCHEMA taken CASCADE;
DROP EXTENSION vectorgraph;
DROP EXTENSION vector;
DROP SCHEMA taken CASCADE;

CREATE EXTENSION vectorgraph CASCADE;
CREATE VIEW member AS
SELECT d.classid, d.objid, (pg_identify_object(d.classid, d.objid, 0)).*
FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE d.deptype = 'e' AND e.extname = 'vectorgraph';
CREATE VIEW support AS
SELECT DISTINCT f::oid AS oid FROM (
    SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn])
    FROM pg_aggregate UNION ALL SELECT oprcode FROM pg_operator UNION ALL SELECT amproc FROM pg_amproc
    UNION ALL SELECT amhandler FROM pg_am) s(f) WHERE f <> 0;
-- The whole list of what is in the user's schema. A new name here is a name less for users: it has to be
-- one that they call, and it has to stand in docs/functions.md.
SELECT CASE m.type WHEN 'function' THEN CASE p.prokind WHEN 'w' THEN 'window function' ELSE 'function' END ELSE m.type END AS kind,
    coalesce(p.proname, m.name, m.identity) || CASE WHEN m.type LIKE 'operator %' THEN regexp_replace(m.identity, '.* USING', ' using') ELSE '' END AS name,
    count(*) AS overloads
FROM member m LEFT JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
WHERE m.schema IS DISTINCT FROM '_vectorgraph' AND NOT (m.classid = 'pg_type'::regclass AND (SELECT typcategory = 'A' FROM pg_type WHERE oid = m.objid))
GROUP BY 1, 2 ORDER BY min(m.type), 1, min(coalesce(p.proname, m.name, m.identity) COLLATE "C"), 2;
-- No table, view or sequence, which tools list; no function that SQL calls by another name. The batch
-- functions of two classes are documented calls.
SELECT identity FROM member WHERE schema = 'public' AND classid = 'pg_class'::regclass;
SELECT m.identity FROM member m JOIN support s ON m.classid = 'pg_proc'::regclass AND m.objid = s.oid
WHERE m.schema = 'public' ORDER BY 1;
SELECT m.identity FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
WHERE m.schema = 'public' AND 'internal'::regtype = ANY (p.proargtypes::oid[] || p.prorettype) ORDER BY 1;
-- And nothing in the schema of the internals but such functions, rows of results and the link sets.
SELECT m.type, m.identity FROM member m WHERE m.schema = '_vectorgraph'
    AND NOT (m.classid = 'pg_proc'::regclass AND m.objid IN (SELECT oid FROM support)) AND m.identity NOT LIKE '%[]'
    AND NOT EXISTS (SELECT FROM pg_class c WHERE m.classid = 'pg_type'::regclass AND c.reltype = m.objid AND c.relkind <> 'c')
ORDER BY 1, 2;
SELECT type, identity FROM member WHERE schema IS NOT NULL AND schema NOT IN ('public', '_vectorgraph');
-- Every role may look names up, none may make any; the registry is read by all and written by functions.
SELECT has_schema_privilege('vgs_user', '_vectorgraph', 'USAGE') AS usage, has_schema_privilege('vgs_user', '_vectorgraph', 'CREATE') AS "create",
    has_table_privilege('vgs_user', '_vectorgraph.semantic_graph_link_set', 'SELECT') AS read,
    has_table_privilege('vgs_user', '_vectorgraph.semantic_graph_link_set', 'INSERT, UPDATE, DELETE, TRUNCATE') AS write;
-- It stays where it is.
CREATE SCHEMA elsewhere;
ALTER EXTENSION vectorgraph SET SCHEMA elsewhere;
DROP VIEW member, support;
DROP EXTENSION vectorgraph;
DROP EXTENSION vector;
SELECT count(*) FROM pg_namespace WHERE nspname = '_vectorgraph';

-- The documented way.
CREATE SCHEMA vg;
CREATE EXTENSION vectorgraph SCHEMA vg CASCADE;
GRANT USAGE ON SCHEMA vg TO vgs_user;
GRANT ALL ON SCHEMA public TO vgs_user;
GRANT CREATE ON DATABASE vgs_install TO vgs_user;
\i test/tap/every_call.sql
-- With an empty search_path, and with one that has vg in it: both must give the same, and no name of ours
-- may be left out.
INSERT INTO d.answer SELECT 'empty', n, d.answer(sql) FROM (SELECT * FROM d.call ORDER BY n) c;
SET search_path = public, vg;
INSERT INTO d.answer SELECT 'vg', n, d.answer(sql) FROM (SELECT * FROM d.call ORDER BY n) c;
-- What failed, what gave no row, and what differed: nothing.
SELECT path, sql, answer FROM d.answer JOIN d.call USING (n) WHERE answer ~ '^[0-9A-Z]{5} ' OR answer = '';
SELECT sql, a.answer, b.answer FROM d.call JOIN d.answer a USING (n) JOIN d.answer b USING (n)
WHERE a.path = 'empty' AND b.path = 'vg' AND a.answer <> b.answer;
-- What no call names: cur_create_class and eval_join were called above.
SELECT DISTINCT p.prokind, p.proname FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
    JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
WHERE d.deptype = 'e' AND e.extname = 'vectorgraph' AND p.pronamespace = 'vg'::regnamespace
    AND NOT EXISTS (SELECT FROM d.call WHERE sql ~ ('vg\.' || p.proname || '\(')) ORDER BY 1, 2;
RESET ROLE;
RESET search_path;
\c :regression_database
DROP DATABASE vgs_install;
DROP ROLE vgs_user;

-- Every SQL object of both extensions has a comment. The extension vector is looked at only where it is
-- ours: pgvector leaves some objects without one.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;

CREATE TEMPORARY VIEW members AS
SELECT e.extname, d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object,
    obj_description(d.objid, d.classid::regclass::name) AS comment
FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE d.deptype = 'e' AND (e.extname = 'vectorgraph' OR e.extname = 'vector' AND EXISTS (
    SELECT FROM pg_proc WHERE proname = 'vector_in' AND probin LIKE '%vectorgraph'))
    -- From 17 on types that come with others are members too: of arrays, and of the rows of tables and views.
    AND NOT (d.classid = 'pg_type'::regclass AND EXISTS (SELECT FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.oid = d.objid AND (t.typcategory = 'A' OR c.relkind <> 'c')));

SELECT extname, object AS object_without_comment FROM members
WHERE coalesce(comment, '') = '' ORDER BY extname, object COLLATE "C";

-- A comment says something: no name alone, no sentence punctuation at the end.
SELECT object, comment FROM members WHERE length(comment) < 3 OR comment LIKE '%.' ORDER BY object COLLATE "C";

-- The extensions themselves are described by their control files.
SELECT extname, obj_description(oid, 'pg_extension') IS NOT NULL AS described
FROM pg_extension WHERE extname IN ('vector', 'vectorgraph') ORDER BY extname;
DROP VIEW members;

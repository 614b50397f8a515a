-- CREATE EXTENSION in a schema that somebody prepared: type and operators of extension vector are
-- bound, or the installation is refused.
SELECT current_database() AS regression_database \gset
SET client_min_messages = warning;
CREATE DATABASE vgi_install;
CREATE ROLE vgi_other;
\c vgi_install
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE SCHEMA v;
CREATE EXTENSION vector SCHEMA v;
CREATE SCHEMA b;
GRANT USAGE ON SCHEMA v TO vgi_other;
GRANT USAGE, CREATE ON SCHEMA b TO vgi_other;

-- An operator with the name and types of vector's.
SET ROLE vgi_other;
CREATE FUNCTION b.spy(v.vector, v.vector) RETURNS double precision LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE WARNING 'code of vgi_other runs as %', current_user;
    RETURN 0;
END $$;
CREATE OPERATOR b.<=> (LEFTARG = v.vector, RIGHTARG = v.vector, FUNCTION = b.spy);
RESET ROLE;
CREATE EXTENSION vectorgraph SCHEMA b;
-- A type with its name.
DROP OPERATOR b.<=> (v.vector, v.vector);
SET ROLE vgi_other;
CREATE DOMAIN b.vector AS v.vector;
RESET ROLE;
CREATE EXTENSION vectorgraph SCHEMA b;
DROP DOMAIN b.vector;
-- Operators that built-in ones would lose against where no name is qualified.
SET ROLE vgi_other;
CREATE FUNCTION b.no(oid, regclass) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE WARNING 'code of vgi_other runs as %', current_user;
    RETURN false;
END $$;
CREATE OPERATOR b.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = b.no);
RESET ROLE;
-- A user's own function of a name of ours is named.
CREATE FUNCTION b.auc(double precision, boolean) RETURNS double precision LANGUAGE sql AS 'SELECT $1';
CREATE EXTENSION vectorgraph SCHEMA b;
DROP FUNCTION b.auc(double precision, boolean);

-- What stands in nobody's way may stay, and the classes are bound to vector's operators.
CREATE EXTENSION vectorgraph SCHEMA b;
SELECT a.amname, c.opcname, op.amopopr::regoperator, e.extname
FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod JOIN pg_amop op ON op.amopfamily = c.opcfamily
    JOIN pg_depend d ON d.classid = 'pg_operator'::regclass AND d.objid = op.amopopr AND d.deptype = 'e'
    JOIN pg_extension e ON e.oid = d.refobjid
WHERE a.amname IN ('lid_hnsw', 'semantic_graph') ORDER BY 1, 2;
SET search_path = '';
CREATE TABLE b.t (id bigint PRIMARY KEY, e v.vector(2));
INSERT INTO b.t SELECT i, pg_catalog.format('[%s,1]', i)::v.vector FROM pg_catalog.generate_series(1, 50) i;
CREATE INDEX t_e ON b.t USING lid_hnsw (e b.vector_l2_ops);
SET enable_seqscan = off;
SELECT id FROM b.t ORDER BY e OPERATOR(v.<->) '[7,1]' LIMIT 1;
SELECT id FROM b.prf_search('b.t', 'id', 'e', '[7,1]', k => 1, feedback => 1, unit_length => false, op => 'v.<->(v.vector,v.vector)');
RESET search_path;

-- A class made for a scorer runs nothing of a schema on the path but the scorer.
SET search_path = b, v;
CREATE FUNCTION b.score(text, text) RETURNS double precision LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.length($1)::pg_catalog.float8';
CREATE FUNCTION b.no(oid, regnamespace) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE WARNING 'code of vgi_other runs as %', current_user;
    RETURN false;
END $$;
CREATE OPERATOR b.= (LEFTARG = oid, RIGHTARG = regnamespace, FUNCTION = b.no);
CREATE FUNCTION b.no(oid, regprocedure) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE WARNING 'code of vgi_other runs as %', current_user;
    RETURN false;
END $$;
CREATE OPERATOR b.= (LEFTARG = oid, RIGHTARG = regprocedure, FUNCTION = b.no);
SELECT cur_create_class('scored', 'score(text,text)', operator_name => '<~@>');
SHOW search_path;
\c :regression_database
DROP DATABASE vgi_install;
DROP ROLE vgi_other;

-- What can be asserted of our own extension vector only: its catalog entries (pgvector has more types,
-- other C symbols, and no merge joins) and answers that differ between releases of pgvector.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
RESET client_min_messages;

SELECT probin NOT LIKE '%vectorgraph' AS other_vector FROM pg_proc WHERE proname = 'vector_in' \gset
\if :other_vector
\quit
\endif

SELECT typlen, typbyval, typalign, typstorage, typcategory, typdelim, typinput, typoutput, typreceive, typsend, typmodin,
    typmodout, typanalyze
FROM pg_type WHERE oid = 'vector'::regtype;

-- Functions. v: volatility, s: strict, p: parallel safety.
SELECT p.oid::regprocedure AS function, p.prorettype::regtype AS returns, p.provolatile AS v, p.proisstrict AS s,
    p.proparallel AS p, p.prokind AS k, p.prosrc
FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
    AND d.refclassid = 'pg_extension'::regclass
    AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'vector')
ORDER BY p.oid::regprocedure::text COLLATE "C";

-- Operators.
SELECT o.oid::regoperator AS operator, o.oprresult::regtype AS returns, o.oprcode, o.oprrest, o.oprjoin,
    o.oprcanmerge AS merges, o.oprcanhash AS hashes
FROM pg_operator o WHERE o.oprleft = 'vector'::regtype ORDER BY o.oid::regoperator::text COLLATE "C";

-- Aggregates.
SELECT a.aggfnoid::regprocedure, a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggtranstype::regtype, a.agginitval
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
WHERE p.proargtypes[0] = 'vector'::regtype AND p.pronargs = 1 AND EXISTS (SELECT FROM pg_depend d
    WHERE d.objid = p.oid AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'vector'))
ORDER BY 1::text;

-- Operator class.
SELECT c.opcname, m.amname, c.opcdefault, o.amopstrategy, o.amopopr::regoperator
FROM pg_opclass c JOIN pg_am m ON m.oid = c.opcmethod JOIN pg_amop o ON o.amopfamily = c.opcfamily
WHERE c.opcintype = 'vector'::regtype AND m.amname = 'btree' ORDER BY o.amopstrategy;

-- Equality can be answered by a merge join: pairs of equal rows in n log n.
CREATE TABLE twins (id integer, v vector(2));
INSERT INTO twins SELECT i, ARRAY[i % 50, 1] FROM generate_series(1, 100) i;
SET enable_nestloop = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM twins a JOIN twins b ON a.v = b.v AND a.id < b.id;
SELECT count(*) FROM twins a JOIN twins b ON a.v = b.v AND a.id < b.id;
RESET enable_nestloop;
DROP TABLE twins;

-- Binary input with the highest bit of a 16-bit field set: read as unsigned.
CREATE TABLE copied (v vector);
\echo 65535 dimensions
\copy (SELECT '\xffff0000'::bytea) TO 'results/vector_sign.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_sign.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_sign.bin' WITH (FORMAT binary)
\set VERBOSITY default
\echo 65535 in the reserved field
\copy (SELECT '\x0001ffff3f800000'::bytea) TO 'results/vector_sign.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_sign.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_sign.bin' WITH (FORMAT binary)
\set VERBOSITY default
DROP TABLE copied;

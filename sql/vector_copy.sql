-- COPY of vector in text, CSV and binary format. The binary format of bytea is the bytes themselves,
-- so a file of crafted bytea values is a file of crafted vectors.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
RESET client_min_messages;

CREATE TABLE source (id integer, v vector);
INSERT INTO source VALUES (1, '[0,0,0]'), (2, '[1,-2.5,3]'), (3, NULL), (4, '[1e-45,3.4028235e38]'), (5, '[-0]'),
    (6, array_fill(0.1, ARRAY[16000])::vector);

-- The bytes.
SELECT vector_send('[1,-2]'), length(vector_send(array_fill(0, ARRAY[16000])::vector));

-- Round trips.
CREATE TABLE copied (id integer, v vector);
\copy source TO 'results/vector.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector.bin' WITH (FORMAT binary)
SELECT count(*), bool_and(vector_send(s.v) IS NOT DISTINCT FROM vector_send(c.v)) AS same
FROM source s JOIN copied c USING (id);
TRUNCATE copied;
\copy source TO 'results/vector.txt'
\copy copied FROM 'results/vector.txt'
SELECT count(*), bool_and(vector_send(s.v) IS NOT DISTINCT FROM vector_send(c.v)) AS same
FROM source s JOIN copied c USING (id);
TRUNCATE copied;
\copy source TO 'results/vector.csv' WITH (FORMAT csv)
\copy copied FROM 'results/vector.csv' WITH (FORMAT csv)
SELECT count(*), bool_and(vector_send(s.v) IS NOT DISTINCT FROM vector_send(c.v)) AS same
FROM source s JOIN copied c USING (id);
DROP TABLE source, copied;

-- Crafted values that are in order.
CREATE TABLE copied (v vector);
\copy (VALUES ('\x000100003f800000'::bytea), ('\x000200008000000000000001'), ('\x000100007f7fffff'), (NULL)) TO 'results/vector_good.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_good.bin' WITH (FORMAT binary)
SELECT v FROM copied;
TRUNCATE copied;

-- Crafted values that are not.
\echo no dimensions
\copy (SELECT '\x00000000'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
\echo 16001 dimensions
\copy (SELECT '\x3e810000'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
\echo reserved field set
\copy (SELECT '\x000100013f800000'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
\echo NaN
\copy (SELECT '\x000100007fc00000'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
\echo signalling NaN
\copy (SELECT '\x000100007f800001'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
\echo infinity
\copy (SELECT '\x000100007f800000'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
\echo minus infinity in second place
\copy (SELECT '\x00020000bf800000ff800000'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
\echo one element missing
\copy (SELECT '\x000200003f800000'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
\echo half an element
\copy (SELECT '\x000100003f80'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
\echo one element too many
\copy (SELECT '\x000100003f8000003f800000'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
\echo half a header
\copy (SELECT '\x0001'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
\echo nothing
\copy (SELECT '\x'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
SELECT count(*) FROM copied;
DROP TABLE copied;

-- The declared number of dimensions holds for binary input too.
CREATE TABLE copied (v vector(3));
\copy (SELECT '\x000200003f80000040000000'::bytea) TO 'results/vector_bad.bin' WITH (FORMAT binary)
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy copied FROM 'results/vector_bad.bin' WITH (FORMAT binary)
\set VERBOSITY default
SELECT count(*) FROM copied;
DROP TABLE copied;

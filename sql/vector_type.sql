-- Text input and output of vector, its type modifier and its storage.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
RESET client_min_messages;

-- The value of an expression, or the SQLSTATE, text and detail of its error.
CREATE FUNCTION pg_temp.outcome(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
    message text;
    detail text;
BEGIN
    EXECUTE 'SELECT (' || expression || ')::text' INTO result;
    RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ': ' || message || CASE WHEN detail <> '' THEN ' | ' || detail ELSE '' END;
END $$;

-- What the parser accepts, and how it comes back.
SELECT input, pg_temp.outcome(format('%L::vector', input)) FROM (VALUES
    ('[1]'), ('[1,2,3]'), ('[-1,+2,-0]'), ('[1.,.5,2.50]'), ('[1e3,1E-3,1.5e+2]'),
    (E' \t\n\x0b\f[ 1 ,\t2\n,3 ] \r'), ('[0x10,0x1p-1]'), ('[007]'),
    ('[0.1,1.23456,16777217]'), ('[3.4028235e38,-3.4028235e38]'),
    ('[1.1754944e-38,1e-45,1e-46,-1e-46]'), ('[123456789,1e6,1e7]')
) AS inputs(input);

-- What it refuses.
SELECT input, pg_temp.outcome(format('%L::vector', input)) FROM (VALUES
    (''), (' '), ('['), ('[ '), ('[1'), ('[1,'), ('[1,2'), ('[1 '), (']'), ('[]'), ('[ ]'),
    ('[,]'), ('[,1]'), ('[1,]'), ('[1,,2]'), ('[1, ,2]'), ('[1 2]'), ('[1;2]'), ('[a]'), ('[1a]'),
    ('[1]]'), ('[1] x'), ('[1],[2]'), ('[[1]]'), ('1,2'), ('{1,2}'), ('(1,2)'), ('[--1]'), ('[1e]'),
    ('[NaN]'), ('[1,nan]'), ('[Infinity]'), ('[-inf]'), ('[4e38]'), ('[-1e400]'), ('[1,1e39,x]')
) AS inputs(input);

-- Limits of the number of dimensions.
SELECT vector_dims(('[' || repeat('1,', 15999) || '1]')::vector);
SELECT pg_temp.outcome(format('%L::vector', '[' || repeat('1,', 16000) || '1]'));

-- Type modifier.
SELECT expression, pg_temp.outcome(expression) FROM (VALUES
    ($$'[1,2,3]'::vector(3)$$), ($$'[1,2,3]'::vector(2)$$), ($$'[1,2,3]'::vector(4)$$),
    ($$'[1]'::vector(0)$$), ($$'[1]'::vector(-1)$$), ($$'[1]'::vector(16000)$$), ($$'[1]'::vector(16001)$$),
    ($$'[1]'::vector(1, 1)$$), ($$'[1]'::vector('a')$$), ($$'[1]'::vector('1')$$),
    ($$'{"[1,2]","[3,4]"}'::vector(2)[]$$), ($$'{"[1,2]","[3]"}'::vector(2)[]$$)
) AS expressions(expression);

CREATE TABLE typed (v vector(2), free vector);
INSERT INTO typed VALUES ('[1,2]', '[1]'), ('[3,4]', '[1,2,3]'), (NULL, NULL);
INSERT INTO typed (v) VALUES ('[1,2,3]');
INSERT INTO typed (v) SELECT free FROM typed;
UPDATE typed SET v = '[1]' WHERE v = '[1,2]';
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attstorage
FROM pg_attribute a WHERE a.attrelid = 'typed'::regclass AND a.attnum > 0 ORDER BY a.attnum;
-- A column's dimensions can be declared later, if every row obeys.
ALTER TABLE typed ALTER free TYPE vector(3);
DELETE FROM typed WHERE vector_dims(free) = 1;
ALTER TABLE typed ALTER free TYPE vector(3);
SELECT * FROM typed ORDER BY v;
DROP TABLE typed;

-- A value takes 8 bytes and 4 per dimension; long ones are stored out of line, uncompressed.
SELECT pg_column_size('[1]'::vector) AS one, pg_column_size(array_fill(0, ARRAY[1536])::vector) AS many;
CREATE TABLE stored (v vector);
INSERT INTO stored SELECT array_fill(i, ARRAY[d])::vector FROM (VALUES (1, 1), (2, 2000), (3, 16000)) x(i, d);
SELECT pg_column_size(v), vector_dims(v), (v::real[])[vector_dims(v)] AS last, v = v || '[0]' AS longer
FROM stored WHERE vector_dims(v) < 16000 ORDER BY 1;
SELECT pg_column_size(v), vector_dims(v), (v::real[])[16000] AS last, v <-> v AS self
FROM stored WHERE vector_dims(v) = 16000;
SELECT pg_relation_size(reltoastrelid) > 4 * 18000 AS out_of_line FROM pg_class WHERE oid = 'stored'::regclass;
DROP TABLE stored;

-- Values of several dimensions in one column: statistics, sorting and grouping work.
CREATE TABLE mixed (v vector);
INSERT INTO mixed VALUES ('[1,2]'), ('[1]'), ('[1,2,3]'), ('[1]'), (NULL);
ANALYZE mixed;
SELECT v, count(*) FROM mixed GROUP BY v ORDER BY v;
SELECT DISTINCT v FROM mixed ORDER BY v DESC;
DROP TABLE mixed;

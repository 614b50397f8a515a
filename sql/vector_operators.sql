-- Operators of vector: results, how literals and casts resolve, commutators and negators.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
RESET client_min_messages;

SELECT '[0,0]'::vector <-> '[3,4]' AS l2, '[1,2]'::vector <#> '[3,4]' AS ip, '[1,0]'::vector <=> '[0,1]' AS cosine,
    '[0,0]'::vector <+> '[3,4]' AS l1;
SELECT '[1,2]'::vector + '[3,4]' AS sum, '[1,2]'::vector - '[3,4]' AS difference, '[1,2]'::vector * '[3,4]' AS product,
    '[1,2]'::vector || '[3]' AS concatenation;
SELECT '[1]'::vector < '[2]' AS lt, '[1]'::vector <= '[2]' AS le, '[1]'::vector = '[2]' AS eq,
    '[1]'::vector <> '[2]' AS ne, '[1]'::vector != '[2]' AS ne, '[1]'::vector >= '[2]' AS ge, '[1]'::vector > '[2]' AS gt;

-- Literals on either side, arrays, prepared parameters and differing declared dimensions resolve.
CREATE TABLE items (id integer, v vector(2), w vector);
INSERT INTO items VALUES (1, '[0,0]', '[1,1]'), (2, '[3,4]', '[1,1]'), (3, '[6,8]', '[1,1]');
SELECT id, '[0,0]' <-> v AS l2, v <-> '[0,0]' AS l2, v <-> ARRAY[0,0]::vector AS l2, v <-> w = w <-> v AS same
FROM items ORDER BY '[0,0]' <-> v DESC;
SELECT id FROM items WHERE v = '[3,4]' OR '[6,8]' = v ORDER BY id;
SELECT id FROM items WHERE v <-> '[0,0]' < 6 ORDER BY v <-> '[6,8]' LIMIT 1;
SELECT '[1,2]' || v AS l, v || '[1,2]' AS r, '[1,1]' + v - '[1,1]' AS unchanged FROM items WHERE id = 2;
PREPARE nearest AS SELECT id, v <-> $1 AS d FROM items ORDER BY v <-> $1 LIMIT 2;
EXECUTE nearest('[3,3]');
DEALLOCATE nearest;
SELECT id FROM items WHERE v IN ('[0,0]', '[6,8]') ORDER BY id;
SELECT id FROM items WHERE v = ANY (ARRAY['[0,0]', '[6,8]']::vector[]) ORDER BY id;
SELECT id FROM items WHERE v BETWEEN '[1]' AND '[5]';
SELECT greatest(v, '[3,4]'), least(v, '[3,4]'), coalesce(NULL, v), CASE WHEN v = '[0,0]' THEN '[9]' ELSE v END
FROM items ORDER BY id;
-- Errors name both dimensions; ORDER BY of NULL is last.
SELECT id FROM items ORDER BY v <-> '[1,2,3]';
SELECT id FROM items ORDER BY v <-> NULL, id;
DROP TABLE items;

-- Each declared commutator and negator, on pairs of every kind.
CREATE TABLE pairs AS
SELECT ARRAY[i % 3, i % 2]::vector AS a, ARRAY[i % 4 - 1, i % 5 - 2]::vector AS b FROM generate_series(1, 60) i;
CREATE FUNCTION pg_temp.disagreements(left_side text, right_side text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE result bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM pairs WHERE (%s) IS DISTINCT FROM (%s)', left_side, right_side) INTO result;
    RETURN result;
END $$;
SELECT o.oprname, c.oprname AS commutator,
    CASE WHEN c.oid IS NOT NULL
        THEN pg_temp.disagreements('a ' || o.oprname || ' b', 'b ' || c.oprname || ' a') END AS commutator_disagrees,
    n.oprname AS negator,
    CASE WHEN n.oid IS NOT NULL
        THEN pg_temp.disagreements('a ' || o.oprname || ' b', 'NOT a ' || n.oprname || ' b') END AS negator_disagrees
FROM pg_operator o LEFT JOIN pg_operator c ON c.oid = o.oprcom LEFT JOIN pg_operator n ON n.oid = o.oprnegate
WHERE o.oprleft = 'vector'::regtype ORDER BY o.oprname COLLATE "C";
-- The two without a commutator are not commutative.
SELECT pg_temp.disagreements('a - b', 'b - a') > 0 AS difference, pg_temp.disagreements('a || b', 'b || a') > 0 AS concatenation;
DROP TABLE pairs;

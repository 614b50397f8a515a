-- Rows of table job that are locked, changed and named by ctid on the way of the index of column :vector.
SELECT pg_temp.path(q) ~ ('using job_' || :'vector' || ' ') AS by_index FROM (VALUES
    ('SELECT id FROM job ORDER BY ' || :'vector' || ' <-> ' || quote_literal(:'near_3') || ' LIMIT 6'),
    ('SELECT id FROM job ORDER BY ' || :'vector' || ' <-> ' || quote_literal(:'near_3') || ' LIMIT 6 FOR UPDATE'),
    ('SELECT ctid FROM job ORDER BY ' || :'vector' || ' <-> ' || quote_literal(:'near_3') || ' LIMIT 6')) s(q);
BEGIN;
SELECT array_agg(id / 16 ORDER BY id) AS turns, array_agg(DISTINCT id % 16) AS places FROM
    (SELECT id FROM job ORDER BY :vector <-> :'near_3' LIMIT 3 FOR UPDATE) s;
SELECT count(*) AS locked FROM (SELECT id FROM job ORDER BY :vector <-> :'near_3' LIMIT 20 FOR UPDATE SKIP LOCKED) s;
WITH taken AS (UPDATE job SET state = 'taken' WHERE ctid = ANY (ARRAY(SELECT ctid FROM job ORDER BY :vector <-> :'near_3' LIMIT 9))
    RETURNING id) SELECT count(*) AS taken, array_agg(DISTINCT id % 16) AS places FROM taken;
DELETE FROM job USING (SELECT id FROM job ORDER BY :vector <-> :'near_9' LIMIT 3) n WHERE n.id = job.id RETURNING job.id % 16 AS place;
-- By the operator's own values, to the last bit.
SELECT bool_and(d >= before) AS in_order FROM
    (SELECT d, lag(d) OVER () AS before FROM (SELECT :vector <-> :'near_3' AS d FROM job ORDER BY :vector <-> :'near_3' OFFSET 0) s) s;
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM job ORDER BY :vector <-> :'near_3';
MOVE 2 FROM c;
\o /dev/null
FETCH c;
\o
UPDATE job SET state = 'current' WHERE CURRENT OF c;
SELECT id % 16 AS place_of_the_cursor FROM job WHERE state = 'current';
ROLLBACK;

-- The same question asked twice: through the index, and with the index forbidden.
CREATE FUNCTION nearest(what text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT string_agg(word, ', ')
    FROM (SELECT word FROM word WHERE word <> what
          ORDER BY v <=> (SELECT v FROM word WHERE word = what) LIMIT 8) AS nearest
$$;

\echo The plan:
EXPLAIN (COSTS OFF)
SELECT word FROM word ORDER BY v <=> (SELECT v FROM word WHERE word = 'guitar') LIMIT 8;

CREATE TEMP TABLE asked AS
    SELECT * FROM unnest(ARRAY['guitar', 'volcano', 'lawyer', 'physics', 'cheese', 'treaty'])
        WITH ORDINALITY AS t(word, n);
CREATE TEMP TABLE answer (n bigint, word text, how text, nearest text);
SET enable_seqscan = off;
INSERT INTO answer SELECT n, word, 'index', nearest(word) FROM asked;
RESET enable_seqscan;
SET enable_indexscan = off;
INSERT INTO answer SELECT n, word, 'exact', nearest(word) FROM asked;
RESET enable_indexscan;
SELECT word, how, nearest FROM answer ORDER BY n, how DESC;

\echo What WordNet says about the neighbours of "cheese":
SELECT near.word, round(near.distance::numeric, 3) AS distance,
       string_agg(DISTINCT relation, ', ') AS relation_to_cheese
FROM (SELECT word, v <=> (SELECT v FROM word WHERE word = 'cheese') AS distance
      FROM word ORDER BY v <=> (SELECT v FROM word WHERE word = 'cheese') LIMIT 12) AS near
LEFT JOIN word_link l ON (l.word_a, l.word_b) IN (('cheese', near.word), (near.word, 'cheese'))
WHERE near.word <> 'cheese'
GROUP BY near.word, near.distance ORDER BY near.distance;

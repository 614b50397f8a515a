-- Keeps 200 words out of the table: queries that the index has never seen. The choice is by hash, so it
-- is the same in every run.
CREATE TABLE query AS
    SELECT id, word, v FROM staging ORDER BY md5(word) LIMIT 200;
CREATE TABLE word AS
    SELECT id, word, v FROM staging s WHERE NOT EXISTS (SELECT FROM query q WHERE q.id = s.id);
DROP TABLE staging;
ALTER TABLE word ADD PRIMARY KEY (id);
CREATE INDEX ON word (word);
CREATE INDEX ON word_link (word_a);
VACUUM ANALYZE word, word_link, query;

SELECT (SELECT count(*) FROM word) AS words, (SELECT count(*) FROM query) AS queries_kept_out,
       (SELECT count(*) FROM word_link) AS links,
       pg_size_pretty(pg_table_size('word')) AS table_size;

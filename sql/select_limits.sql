-- Groups, budgets, rows shown before, weights of coverage, committees from rankings.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;

CREATE TABLE chunks (id integer PRIMARY KEY, doc bigint, lang text, v vector(3), rel float8, tokens integer);
INSERT INTO chunks VALUES
    (1, 10, 'en', '[1,0,0]', 0.95, 300), (2, 10, 'en', '[1,0.1,0]', 0.9, 200), (3, 10, 'en', '[1,0.2,0]', 0.85, 150),
    (4, 20, 'en', '[0,1,0]', 0.8, 400), (5, 20, 'de', '[0,1,0.2]', 0.7, 100), (6, 30, 'de', '[0,0,1]', 0.6, 250),
    (7, NULL, 'fr', '[1,1,1]', 0.5, 50), (8, NULL, NULL, '[1,1,0]', 0.4, 60);

-- At most so many of a group, at least so many, both, limits that depend on the group; NULL is no group.
SELECT id, quota_rank(rel, doc, 5, 1) OVER w AS one_per_doc, quota_rank(rel, doc, 5, 2) OVER w AS two_per_doc,
    quota_rank(rel, lang, 4, min_per_group => 1) OVER w AS all_languages,
    quota_rank(rel, lang, 4, max_per_group => 2, min_per_group => CASE lang WHEN 'fr' THEN 1 END) OVER w AS french,
    quota_rank(rel, doc, 3, 1, shown => id = 4) OVER w AS page_2,
    mmr_rank(v, rel, 5, grp => doc, max_per_group => 1) OVER w AS mmr
FROM chunks WINDOW w AS (ORDER BY rel DESC) ORDER BY id;
SELECT id FROM (SELECT id, quota_rank(rel, lang, 3, 0) OVER (ORDER BY id) AS r FROM chunks) s WHERE r IS NOT NULL;
-- Group types: equality counts, not bytes.
SELECT count(quota_rank) FROM (SELECT quota_rank(rel, id % 2 = 0, 8, 1) OVER (ORDER BY id) FROM chunks) s;
SELECT count(quota_rank) FROM (SELECT quota_rank(rel, CASE id % 2 WHEN 0 THEN 1.0 ELSE 1.00 END, 8, 1) OVER (ORDER BY id) FROM chunks) s;
SELECT count(quota_rank) FROM (SELECT quota_rank(rel, ARRAY[lang, 'x'], 8, 1) OVER (ORDER BY id) FROM chunks) s;

-- A token budget, with and without k.
SELECT id, mmr_rank(v, rel, NULL, cost => tokens, budget => 800) OVER w AS mmr,
    mmr_rank(v, rel, 2, cost => tokens, budget => 800) OVER w AS two,
    quota_rank(rel, doc, NULL, 1, cost => tokens, budget => 800) OVER w AS quota
FROM chunks WINDOW w AS (ORDER BY rel DESC) ORDER BY id;

-- The second page does not repeat the first.
SELECT array_agg(id ORDER BY second) AS second_page FROM (
    SELECT id, mmr_rank(v, rel, 2, 0.5, shown => first IS NOT NULL) OVER (ORDER BY id) AS second
    FROM (SELECT *, mmr_rank(v, rel, 2, 0.5) OVER (ORDER BY id) AS first FROM chunks) p) s
WHERE second IS NOT NULL;
SELECT array_agg(id ORDER BY r) FROM (SELECT id, mmr_rank(v, rel, 1, 0, shown => rel IS NULL) OVER (ORDER BY id) AS r
    FROM (SELECT id, v, nullif(rel, 0.95) AS rel FROM chunks) c) s WHERE r IS NOT NULL;

-- Near duplicates are dropped: top-k without repetition.
SELECT array_agg(id ORDER BY r) FROM (SELECT id, mmr_rank(v, rel, 8, 0, dedupe => 0.95) OVER (ORDER BY id) AS r FROM chunks) s
WHERE r IS NOT NULL;

-- Weights say what is to be covered; rows without relevance are covered, not chosen.
SELECT id, facility_location_rank(v, rel, 1, 1) OVER w AS plain,
    facility_location_rank(v, rel, 1, 1, weight => CASE WHEN id = 6 THEN 1 ELSE 0 END) OVER w AS one,
    facility_location_rank(v, CASE WHEN id < 6 THEN rel END, 1, 1, weight => (id >= 6)::int) OVER w AS other_rows,
    compression_rank(v, rel, 2, 0.5, 0.5, 0, weight => (id = 7)::int) OVER w AS compression,
    compression_rank(v, rel, 3, 0.5, 0, 0.5, 'max_sum') OVER w AS max_sum,
    compression_rank(v, rel, 3, 0.5, 0, 0.5, 'graph_cut') OVER w AS graph_cut
FROM chunks WINDOW w AS (ORDER BY rel DESC) ORDER BY id;

-- Committees from five rankings.
CREATE TABLE ballots AS SELECT voter, place, substr(ranking, place, 1) AS item
FROM (VALUES (1, 'abcde'), (2, 'abcde'), (3, 'bacde'), (4, 'decab'), (5, 'decab')) b(voter, ranking), generate_series(1, 5) place;
SELECT select_items(item, voter, place, 2) AS borda, select_items(item, voter, place, 2, 'sntv') AS sntv,
    select_items(item, voter, place, 2, 'bloc') AS bloc, select_items(item, voter, place, 3, 'chamberlin_courant') AS cc,
    select_items(item, voter, place, 2, 'pav') AS pav,
    select_items(item, voter, place, 2, 'bloc', item IN ('d', 'e'), NULL, CASE WHEN item IN ('d', 'e') THEN 1 END) AS quota,
    select_items(item, voter, place, 4, 'borda', item IN ('d', 'e'), 2, NULL) AS at_most
FROM (SELECT * FROM ballots ORDER BY voter, place) b;
SELECT select_items(item, voter, place, 2) FROM ballots WHERE false;
SELECT select_items(place, item, voter, 1) FROM ballots WHERE item IS NULL OR voter = 1;
SELECT select_items(x, x, x, 1) FROM unnest('{NULL}'::integer[]) x;
DROP TABLE chunks, ballots;

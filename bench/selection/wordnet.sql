-- Branch coverage of ten hits among the 200 nearest synsets of a WordNet concept; run by
-- bench/selection/run.sh. Variables: data (folder of the .tsv files).
SET work_mem = '64MB';
SET jit = off;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
DROP TABLE IF EXISTS nodes, concepts, branches, pool, settings, picked, ideal, quality;
CREATE TABLE nodes (id integer PRIMARY KEY, v vector(100));
CREATE TABLE concepts (id integer PRIMARY KEY, half integer);
CREATE TABLE branches (concept integer, node integer, branch integer);
\cd :data
\copy nodes FROM wordnet-nodes.tsv
\copy concepts FROM wordnet-concepts.tsv
\copy branches FROM wordnet-branches.tsv
CREATE INDEX ON branches (concept, node);
ANALYZE;

CREATE TABLE pool AS
SELECT c.id AS concept, c.half, n.id, n.v, n.relevance
FROM concepts c JOIN nodes q USING (id) CROSS JOIN LATERAL (
    SELECT id, v, 1 - (v <=> q.v) AS relevance FROM nodes WHERE id <> c.id ORDER BY v <=> q.v, id LIMIT 200) n;

CREATE TABLE settings AS
SELECT method, diversity::float8 FROM (VALUES ('mmr', 0)) x(method, diversity)
UNION ALL SELECT method, d FROM
    unnest('{mmr,dpp,facility_location,saturated,graph_cut,max_min,max_sum,compression}'::text[]) method,
    unnest('{0.1,0.2,0.3,0.5,0.7}'::float8[]) d;

CREATE TABLE picked AS
SELECT * FROM (
    SELECT method, diversity, concept, half, id, v, relevance,
        diverse_rank(method, v, relevance, 10, diversity)
            OVER (PARTITION BY method, diversity, concept ORDER BY relevance DESC, id) AS rank
    FROM settings, pool) s
WHERE rank IS NOT NULL;

-- The best alpha-DCG@10 a list could have: each branch gives 1, 1/2, 1/4, ... as long as it has members.
CREATE TABLE ideal AS
SELECT concept, sum(gain / log(2, 1 + place)) AS dcg FROM (
    SELECT concept, 0.5 ^ (nth - 1) AS gain,
        row_number() OVER (PARTITION BY concept ORDER BY nth) AS place
    FROM (SELECT concept, row_number() OVER (PARTITION BY concept, branch) AS nth FROM branches) b
    WHERE nth <= 10) g
WHERE place <= 10 GROUP BY concept;

CREATE TABLE quality AS
WITH found AS (
    SELECT p.method, p.diversity, p.concept, p.rank, b.branch,
        row_number() OVER (PARTITION BY p.method, p.diversity, p.concept, b.branch ORDER BY p.rank) AS nth
    FROM picked p JOIN branches b ON b.concept = p.concept AND b.node = p.id),
hits AS (
    SELECT method, diversity, concept, count(DISTINCT branch) AS branches, count(DISTINCT rank) AS hits,
        sum(0.5 ^ (nth - 1) / log(2, 1 + rank)) AS dcg
    FROM found GROUP BY 1, 2, 3),
lists AS (
    SELECT p.method, p.diversity, p.concept, p.half, avg(p.relevance) AS cosine FROM picked p GROUP BY 1, 2, 3, 4),
pairs AS (
    SELECT a.method, a.diversity, a.concept, avg(a.v <=> b.v) AS distance
    FROM picked a JOIN picked b USING (method, diversity, concept) WHERE a.rank < b.rank GROUP BY 1, 2, 3)
SELECT l.method, l.diversity, l.concept, l.half, coalesce(branches, 0)::numeric AS branches,
    coalesce(h.dcg, 0) / i.dcg AS ndcg, coalesce(hits, 0) / 10.0 AS precision, distance, cosine
FROM lists l LEFT JOIN hits h USING (method, diversity, concept) JOIN pairs USING (method, diversity, concept)
JOIN ideal i USING (concept);

\echo 'concepts, branches of a concept, branches within the pool of 200 (upper bound of any selection) and at most 10 of them'
SELECT half, count(*) AS concepts, round(avg(all_branches), 2) AS branches, round(avg(reachable), 2) AS in_pool,
    round(avg(least(reachable, 10)), 2) AS "bound@10"
FROM (SELECT c.id, c.half, (SELECT count(DISTINCT branch) FROM branches b WHERE b.concept = c.id) AS all_branches,
        (SELECT count(DISTINCT branch) FROM branches b JOIN pool p ON p.concept = b.concept AND p.id = b.node
         WHERE b.concept = c.id) AS reachable FROM concepts c) x
GROUP BY half ORDER BY half;

\echo 'per half: means, and the difference to top-k with its standard error (same concepts)'
SELECT q.half, q.method, q.diversity AS div, round(avg(q.branches), 2) AS "branches@10",
    round(avg(q.branches - t.branches), 2) AS diff, round(stddev(q.branches - t.branches) / sqrt(count(*))::numeric, 2) AS se,
    round(avg(q.ndcg)::numeric, 3) AS "alpha-nDCG@10", round(avg(q.ndcg - t.ndcg)::numeric, 3) AS diff,
    round((stddev(q.ndcg - t.ndcg) / sqrt(count(*)))::numeric, 3) AS se, round(avg(q.precision), 3) AS "prec@10",
    round(avg(q.distance)::numeric, 3) AS "ILD@10", round(avg(q.cosine)::numeric, 3) AS cosine
FROM quality q JOIN quality t ON t.concept = q.concept AND t.method = 'mmr' AND t.diversity = 0
GROUP BY 1, 2, 3 ORDER BY q.half, q.diversity > 0, q.method, q.diversity;

-- Diversity of lists, health of embedding columns, principal components.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;

-- The published example of ndeval: alpha-nDCG@5 .7868, strec@5 .6666 (both cut off).
CREATE TABLE topical (docid text, topics text[], rank integer);
INSERT INTO topical VALUES ('A', '{a}', 1), ('D', '{b}', 2), ('E', NULL, 3), ('B', '{b}', 4), ('C', '{c}', NULL);
SELECT trunc(alpha_ndcg_at(topics, rank, 5)::numeric, 4) AS alpha_ndcg, trunc(s_recall_at(topics, rank, 5)::numeric, 4) AS strec,
    round(alpha_ndcg_at(topics, rank, 5, 0)::numeric, 6) AS alpha_0, round(alpha_ndcg_at(topics, rank, 5, 1)::numeric, 6) AS alpha_1 FROM topical;
SELECT alpha_ndcg_at(topics, rank, 5) AS none, s_recall_at(topics, rank, 5) FROM topical WHERE false;
SELECT alpha_ndcg_at(NULL, rank, 5) AS not_judged, s_recall_at('{}', rank, 5) AS off_topic FROM generate_series(1, 3) rank;
SELECT alpha_ndcg_at(topics, rank, 0) FROM topical;
SELECT alpha_ndcg_at(topics, rank, 5, 2) FROM topical;
SELECT alpha_ndcg_at('{a,NULL}', rank, 5) FROM topical;
SELECT alpha_ndcg_at(topics, 1, 5) FROM topical;
SELECT s_recall_at(topics, rank + 1, 5) FROM topical;

-- Vendi score of similarities 1, .9, 0: 2.1573.
CREATE TABLE three (id integer, v vector(3));
INSERT INTO three VALUES (1, '[1,0,0]'), (2, ARRAY[0.9, sqrt(0.19), 0]::vector), (3, '[0,0,2]');
SELECT round(vendi_score(v)::numeric, 4) AS vendi, round(intra_list_diversity(v)::numeric, 4) AS ild,
    round(mean_similarity(v)::numeric, 4) AS similarity FROM three;
SELECT round(coverage(v, CASE WHEN id < 3 THEN id END, 1)::numeric, 4) AS first, round(coverage(v, id, 2)::numeric, 4) AS two,
    coverage(v, NULL, 2) AS nothing FROM three;
SELECT (SELECT array_agg(round(q::numeric, 4)) FROM unnest(similarity_quantiles(v, '{0,0.5,0.75,1}')) q) FROM three;
SELECT similarity_quantiles(v, '{}') AS no_fraction FROM three;
SELECT vendi_score(v) AS v, intra_list_diversity(v) AS i, mean_similarity(v) AS m, coverage(v, 1, 1) AS c, similarity_quantiles(v, '{0.5}') AS q,
    rankme(v) AS r, stable_rank(v) AS s, participation_ratio(v) AS p, pca(v, 1) FROM three WHERE false;
SELECT intra_list_diversity(v) AS i, mean_similarity(v) AS m, similarity_quantiles(v, '{0.5}') AS q, pca(v, 1), vendi_score(v) FROM three WHERE id = 1;
SELECT round(vendi_score(u)::numeric, 4) FROM (SELECT v AS u FROM three UNION ALL SELECT NULL) x;

-- Effective ranks.
SELECT round(rankme(v::vector)::numeric, 6) AS rankme FROM unnest('{"[1,0]","[0,1]","[1,1]"}'::text[]) v;
SELECT round(rankme(v::vector)::numeric, 6) AS rankme FROM unnest('{"[1,0]","[2,0]","[3,0]"}'::text[]) v;
SELECT round(rankme(v::vector)::numeric, 6) AS rankme FROM unnest('{"[1,0,0]","[0,1,0]","[0,0,1]"}'::text[]) v;
SELECT round(rankme(v::vector)::numeric, 6) AS rankme, round(stable_rank(v::vector)::numeric, 6) AS stable,
    round(participation_ratio(v::vector)::numeric, 6) AS participation FROM unnest('{"[3,0]","[0,4]"}'::text[]) v;
SELECT rankme('[0,0]') AS zero, stable_rank('[0,0]') AS zero, participation_ratio('[0,0]') AS zero;

-- More rows than the buffer holds, more dimensions than a tile; and the same from parallel workers.
CREATE TABLE wide AS SELECT i, (SELECT array_agg(sin(i * j * 0.37 + j) / j + 0.1 ORDER BY j) FROM generate_series(1, 70) j)::vector AS v
FROM generate_series(1, 1000) i;
ALTER TABLE wide SET (parallel_workers = 2);
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS SELECT rankme(v), stable_rank(v), participation_ratio(v), vendi_score(v), mean_similarity(v),
    intra_list_diversity(v), pca(v, 3) FROM wide;
RESET max_parallel_workers_per_gather;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT rankme(v), pca(v, 3), mean_similarity(v) FROM wide;
CREATE TABLE parallel AS SELECT rankme(v), stable_rank(v), participation_ratio(v), vendi_score(v), mean_similarity(v),
    intra_list_diversity(v), pca(v, 3) FROM wide;
SELECT abs(s.rankme - p.rankme) < 1e-6 AS rankme, abs(s.stable_rank - p.stable_rank) < 1e-9 AS stable,
    abs(s.participation_ratio - p.participation_ratio) < 1e-9 AS participation, abs(s.vendi_score - p.vendi_score) < 1e-6 AS vendi,
    abs(s.mean_similarity - p.mean_similarity) < 1e-12 AS similarity, abs(s.intra_list_diversity - p.intra_list_diversity) < 1e-12 AS diversity,
    (s.pca).components[1] <-> (p.pca).components[1] < 1e-5 AS component FROM serial s, parallel p;
SET max_parallel_workers_per_gather = 0;
-- The mean by pairs, and the quantiles of a sample.
WITH u AS MATERIALIZED (SELECT i, v FROM wide WHERE i <= 100)
SELECT abs((SELECT avg(1 - (a.v <=> b.v)) FROM u a JOIN u b ON a.i < b.i) - (SELECT mean_similarity(v) FROM u)) < 1e-6 AS same;
SELECT q[1] <= q[2] AND q[2] <= q[3] AS ordered, q[1] < m AND m < q[3] AS around_the_mean, similarity_quantiles = q AS repeatable, s <> q AS by_seed
FROM (SELECT similarity_quantiles(v, '{0.05,0.5,0.95}') AS q, similarity_quantiles(v, '{0.05,0.5,0.95}', 0),
    similarity_quantiles(v, '{0.05,0.5,0.95}', 9) AS s, mean_similarity(v) AS m FROM wide) x;

-- Components of points along a line and a little off it.
SELECT (m).mean, (m).components, (m).variances, (m).total_variance
FROM (SELECT pca(v::vector, 2) AS m FROM unnest('{"[1,2]","[3,2]","[5,2]","[3,3]","[3,1]"}'::text[]) v) x;
SELECT pca_project('[5,3]', pca(v::vector, 2)) AS both, pca_project('[5,3]', pca(v::vector, 1)) AS one
FROM unnest('{"[1,2]","[3,2]","[5,2]","[3,3]","[3,1]"}'::text[]) v;
-- Distances from the mean survive a projection to all components; the first ones hold most variance.
SELECT abs(vector_norm(pca_project(w.v, m)) - (w.v <-> (m).mean)) < 1e-5 AS same
FROM (SELECT pca(v, 70) AS m FROM wide) x, wide w WHERE w.i = 5;
SELECT (pca).variances[1] > (pca).variances[2] AS falling, (pca).variances[1] / (pca).total_variance > 0.5 AS most,
    vector_dims((pca).mean) AS dims, array_length((pca).components, 1) AS components FROM serial;
SELECT round(variance(c)::numeric, 4) = round((m).variances[1]::numeric, 4) AS variance_of_the_projection
FROM (SELECT (pca_project(v, pca)::real[])[1] AS c, pca AS m FROM wide, serial) x GROUP BY m;

-- As window functions.
SELECT id, round(vendi_score(v) OVER (ORDER BY id)::numeric, 4) AS vendi, round(rankme(v) OVER (ORDER BY id)::numeric, 4) AS rankme FROM three;

-- Errors.
SELECT rankme(v::vector) FROM unnest('{"[1,2]","[1,2,3]"}'::text[]) v;
SELECT mean_similarity(v::vector) FROM unnest('{"[1,2]","[1,2,3]"}'::text[]) v;
SELECT coverage(v::vector, 1, 1) FROM unnest('{"[1,2]","[1,2,3]"}'::text[]) v;
SELECT vendi_score('[0,0]');
SELECT intra_list_diversity('[0,0]');
SELECT similarity_quantiles('[0,0]', '{0.5}');
SELECT similarity_quantiles(v, '{1.5}') FROM three;
SELECT similarity_quantiles(v, '{NULL}') FROM three;
SELECT similarity_quantiles(v, NULL) FROM three;
SELECT similarity_quantiles(v, ARRAY[id / 10.0]) FROM three;
SELECT similarity_quantiles(v, '{0.5}', id) FROM three;
SELECT coverage(v, id, id) FROM three;
SELECT coverage(v, 0, 1) FROM three;
SELECT pca(v, 0) FROM three;
SELECT pca(v, 4) FROM three;
SELECT pca(v, id) FROM three;
SELECT pca_project('[1,2]', pca(v, 1)) FROM three;
SELECT pca_project('[1,2,3]', (NULL, NULL, NULL, NULL)::pca_model);
SET work_mem = '64kB';
SELECT rankme(v || v || v) FROM wide;
SELECT rankme(v || v) FROM wide;
SELECT coverage(v, i, 10) FROM wide;
RESET work_mem;
-- Few rows of many dimensions need little.
SELECT round(rankme(array_fill(i, '{4000}')::vector)::numeric, 4) AS rankme FROM generate_series(1, 3) i;
DROP TABLE topical, three, wide, serial, parallel;

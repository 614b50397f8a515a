-- Agreement, significance, mutual information.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;

SELECT round(kendall_tau(x, y)::numeric, 6) FROM unnest('{1,2,3,4,5}'::float8[], '{1,3,2,5,4}'::float8[]) u(x, y);
SELECT round(kendall_tau(x, y)::numeric, 6) FROM unnest('{1,2,2,3,NULL,9}'::float8[], '{1,2,3,3,7,NULL}'::float8[]) u(x, y);
SELECT kendall_tau(1, y) AS constant FROM generate_series(1, 5) y;
SELECT kendall_tau(x, x) AS none FROM generate_series(1, 0) x;
SELECT kendall_tau(1, 1) AS one;
SELECT kendall_tau('NaN', 1);

SELECT auc(score, label) FROM unnest('{.1,.4,.35,.8}'::float8[], '{f,f,t,t}'::boolean[]) u(score, label);
SELECT auc(0.5, label) AS ties FROM unnest('{f,f,t}'::boolean[]) label;
SELECT auc(score, true) AS one_class FROM generate_series(1, 3) score;
SELECT auc('Infinity', true);

SELECT overlap_at(a, b, 3) FROM unnest('{1,2,3,4,NULL}'::integer[], '{3,NULL,4,1,2}'::integer[]) u(a, b);
SELECT overlap_at(a, a, 3) AS none FROM generate_series(1, 0) a;
SELECT overlap_at(a, a, 0) FROM generate_series(1, 3) a;
SELECT overlap_at(a, 5 - a, 3) FROM generate_series(1, 3) a;
SELECT overlap_at(1, 1, 3) FROM generate_series(1, 2);

CREATE TABLE scores (qid integer, a float8, b float8);
INSERT INTO scores SELECT * FROM unnest('{1,2,3,4,5,6,7}'::integer[], '{.50,.62,.41,.70,.55,.48,NULL}'::float8[],
    '{.53,.60,.49,.74,.61,.50,.9}'::float8[]);
SELECT n, round(mean_difference::numeric, 6) AS mean, round(t::numeric, 6) AS t, round(p::numeric, 6) AS p
FROM (SELECT (paired_t(a, b)).* FROM scores) x;
SELECT round(randomization_test(a, b)::numeric, 6) AS exact, 6.0 / 64 = randomization_test(a, b, 10)::numeric AS same,
    randomization_test(a, b, 10, 5) = randomization_test(a, b) AS no_seed FROM scores;
SELECT paired_t(a, b) AS none, randomization_test(a, b) FROM scores WHERE false;
SELECT paired_t(a, a) AS equal, randomization_test(a, a) FROM scores;
SELECT paired_t(a, b) IS NULL AS one, (paired_t(a, b)).n, (paired_t(a, b)).t FROM scores WHERE qid = 1;
-- More than 16 pairs: seeded, whatever the order of the rows.
CREATE TABLE more AS SELECT i, sin(i) AS a, sin(i) + 0.1 + cos(i * 7) / 2 AS b FROM generate_series(1, 60) i;
SELECT randomization_test(a, b, 2000, 1 ORDER BY i) = randomization_test(a, b, 2000, 1 ORDER BY b) AS same,
    randomization_test(a, b, 2000, 1) <> randomization_test(a, b, 2000, 2) AS other_seed,
    abs(randomization_test(a, b, 20000) - (paired_t(a, b)).p) < 0.02 AS near_t FROM more;
SELECT randomization_test(a, b, 0) FROM more;
SELECT randomization_test(a, b, NULL) FROM more;
SELECT randomization_test(a, b, 10, NULL) FROM more;
SELECT randomization_test(a, b, i, 1) FROM more;

CREATE TABLE features (i serial, x integer, y1 boolean, y2 text, id text);
INSERT INTO features (x, y1, y2, id) SELECT x, y1 = 1, y2::text, md5(o::text)
FROM unnest('{1,0,0,0,1,1,1,0}'::integer[], '{1,0,0,0,1,1,1,1}'::integer[], '{1,1,0,0,1,1,1,1}'::integer[]) WITH ORDINALITY u(x, y1, y2, o);
SELECT round(mutual_info(x, y1)::numeric, 6) AS y1, round(mutual_info(x, y2)::numeric, 6) AS y2,
    round(mutual_info(id, y1)::numeric, 6) AS id FROM features;
SELECT round(mutual_info_corrected(x, y1 ORDER BY i)::numeric, 6) AS y1, round(mutual_info_corrected(x, y2 ORDER BY i)::numeric, 6) AS y2,
    round(mutual_info_corrected(id, y1 ORDER BY i)::numeric, 6) AS id FROM features;
SELECT mutual_info_corrected(x, y1, 3 ORDER BY i) = mutual_info_corrected(x, y1, 3 ORDER BY id) AS same FROM features;
-- A column of noise with many values looks informative, until corrected.
CREATE TABLE noise AS SELECT (i * 7919) % 499 AS many, md5(i::text) < '8' AS label FROM generate_series(1, 2000) i;
SELECT mutual_info(many, label) > 0.1 AS looks_informative, abs(mutual_info_corrected(many, label, 1)) < 0.05 AS is_noise FROM noise;
SELECT mutual_info(x, y1) AS none, mutual_info_corrected(x, y1) FROM features WHERE false;
SELECT mutual_info(NULL::text, y1) AS nulls FROM features;
SELECT mutual_info('(1,2)'::point, y1) FROM features;
SELECT mutual_info_corrected(x, y1, NULL) FROM features;
SET work_mem = '64kB';
SELECT kendall_tau(i, i) FROM generate_series(1, 5000) i;
RESET work_mem;

SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT mutual_info(many, label), mutual_info_corrected(many, label, 1) FROM noise;
SELECT round(mutual_info(many, label)::numeric, 6) AS mi, round(mutual_info_corrected(many, label, 1)::numeric, 6) AS corrected FROM noise;
SET max_parallel_workers_per_gather = 0;
SELECT round(mutual_info(many, label)::numeric, 6) AS mi, round(mutual_info_corrected(many, label, 1)::numeric, 6) AS corrected FROM noise;
DROP TABLE scores, more, features, noise;

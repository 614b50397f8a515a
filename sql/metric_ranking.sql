-- Ranking metrics: worked values, wrong joins, errors, parallel plans.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;

-- Query 1: five relevant documents, of which x and y were not retrieved; c was not judged.
CREATE TABLE run (stage text, qid integer, docid text, rank integer);
CREATE TABLE qrels (qid integer, docid text, rel integer);
INSERT INTO run SELECT 'retrieve', 1, d, i FROM unnest('{a,b,c,d,e,f}'::text[]) WITH ORDINALITY u(d, i);
INSERT INTO run SELECT 'rerank', 1, d, i FROM unnest('{f,b,d,a,c,e}'::text[]) WITH ORDINALITY u(d, i);
INSERT INTO qrels VALUES (1, 'a', 0), (1, 'b', 2), (1, 'd', 1), (1, 'e', 0), (1, 'f', 3), (1, 'x', 3), (1, 'y', 1);
CREATE VIEW one AS SELECT rel, rank FROM (SELECT * FROM run WHERE stage = 'retrieve') r FULL JOIN qrels USING (qid, docid);

SELECT k, round(ndcg_at(rel, rank, k)::numeric, 6) AS ndcg, round(ndcg_at(rel, rank, k, 'exp')::numeric, 6) AS ndcg_exp,
    round(dcg_at(rel, rank, k)::numeric, 6) AS dcg, round(dcg_at(rel, rank, k, 'linear')::numeric, 6) AS dcg_linear
FROM one, unnest('{3,5,6}'::integer[]) k GROUP BY k ORDER BY k;
SELECT round(ap_at(rel, rank, 100)::numeric, 6) AS ap, round(ap_at(rel, rank, 3)::numeric, 6) AS ap3,
    round(ap_at(rel, rank, 3, 'R')::numeric, 6) AS ap3_r, round(ap_at(rel, rank, 3, 'min_r_k')::numeric, 6) AS ap3_min,
    round(ap_at(rel, rank, 6, 'R', 2)::numeric, 6) AS ap6_from_2 FROM one;
SELECT precision_at(rel, rank, 5) AS p5, recall_at(rel, rank, 5) AS r5, rr_at(rel, rank, 5) AS rr, rr_at(rel, rank, 1) AS rr1,
    success_at(rel, rank, 1) AS s1, success_at(rel, rank, 2) AS s2, hits_at(rel, rank, 6) AS hits, num_relevant(rel) AS relevant
FROM one;
SELECT precision_at(rel, rank, 6, 3) AS p6, recall_at(rel, rank, 6, 3) AS r6, round(rr_at(rel, rank, 6, 3)::numeric, 6) AS rr,
    success_at(rel, rank, 5, 3) AS s5, hits_at(rel, rank, 6, 2) AS hits, num_relevant(rel, 2) AS relevant FROM one;
SELECT round(rbp(rel, rank, 0.8)::numeric, 6) AS rbp, round(rbp(rel, rank, 0.8, 'linear')::numeric, 6) AS graded,
    round(rbp(rel, rank, 0.8, 'binary', 3)::numeric, 6) AS from_3, round(bpref(rel, rank)::numeric, 6) AS bpref,
    round(bpref(rel, rank, 3)::numeric, 6) AS bpref_3, round(err(rel, rank, 6)::numeric, 6) AS err,
    round(err(rel, rank, 6, 3)::numeric, 6) AS err_3 FROM one;

-- The joins that lose documents: nDCG@5 .252229 and recall@5 .4 become .355 and .667, or an error.
SELECT round(ndcg_at(rel, rank, 5)::numeric, 6) AS ndcg, recall_at(rel, rank, 5) AS recall
FROM run FULL JOIN qrels USING (qid, docid) WHERE stage = 'retrieve' OR stage IS NULL;
SELECT round(ndcg_at(rel, rank, 5)::numeric, 6) AS wrong_ndcg, round(recall_at(rel, rank, 5)::numeric, 6) AS wrong_recall
FROM run LEFT JOIN qrels USING (qid, docid) WHERE stage = 'retrieve';
SELECT ndcg_at(rel, rank, 5) FROM run JOIN qrels USING (qid, docid) WHERE stage = 'retrieve';
SELECT ndcg_at(rel, rank, 5) FROM qrels LEFT JOIN run USING (qid, docid) WHERE stage = 'retrieve' OR stage IS NULL;
SELECT ndcg_at(rel, rank, 5) FROM run FULL JOIN qrels USING (qid, docid);

-- eval_join does it for all stages.
\set SHOW_CONTEXT never
SELECT system, count(*), round(ndcg_at(rel, rank, 5)::numeric, 6) AS ndcg, recall_at(rel, rank, 5) AS recall
FROM eval_join('run', 'qrels', 'stage') GROUP BY system, qid ORDER BY system;
SELECT * FROM eval_join('run', 'qrels', 'stage') WHERE system = 'rerank' ORDER BY rank, docid;
SELECT eval_join('run', 'qrels');
SELECT eval_join('run', 'qrels', system_column => 'engine');
SELECT eval_join('run', 'qrels', 'stage', rank_column => 'position');
SELECT eval_join('run', 'qrels', 'stage', rel_column => 'grade');
SELECT eval_join('run', NULL, 'stage');
SELECT eval_join('run', 'qrels', 'stage', qid_column => NULL);

-- Queries: 2 is judged but not answered, 3 is answered but not judged.
INSERT INTO qrels VALUES (2, 'a', 1);
INSERT INTO run VALUES ('retrieve', 3, 'a', 1), ('rerank', 2, 'b', 1);
SELECT system, qid, recall_at(rel, rank, 5) FROM eval_join('run', 'qrels', 'stage') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT system, qid, recall_at(rel, rank, 5) FROM eval_join('run', 'qrels', 'stage', complete => false) GROUP BY 1, 2 ORDER BY 1, 2;

-- From scores, ties by document name descending, with column names of one's own.
CREATE TABLE scored (q text, d text, s real);
CREATE TABLE judged (q text, d text, grade real);
INSERT INTO scored VALUES ('q', 'a', 0.5), ('q', 'b', 0.9), ('q', 'c', 0.5), ('q', 'B', 0.5);
INSERT INTO judged VALUES ('q', 'c', 1), ('q', 'z', 2);
SELECT system, qid, docid, rel, rank FROM eval_join('scored', 'judged', NULL, 'q', 'd', score_column => 's', rel_column => 'grade')
ORDER BY rank;
INSERT INTO judged VALUES ('q', 'c', 2);
SELECT eval_join('scored', 'judged', NULL, 'q', 'd', score_column => 's', rel_column => 'grade');
UPDATE judged SET grade = NULL WHERE d = 'z';
SELECT eval_join('scored', 'judged', NULL, 'q', 'd', score_column => 's', rel_column => 'grade');
UPDATE scored SET s = NULL WHERE d = 'b';
SELECT eval_join('scored', 'judged', NULL, 'q', 'd', score_column => 's', rel_column => 'grade');

-- Scores and ranks are numbers, in any type of them.
CREATE DOMAIN cosine AS real;
CREATE TABLE kinds (q numeric, d text, real_score real, text_score text, flag boolean, domain_score cosine, rank numeric, rank_text text);
CREATE TABLE kinds_judged (q numeric, d text, rel numeric, rel_text text);
INSERT INTO kinds VALUES (1.0, 'a', 9, '9', true, 9, 1.4, '1'), (1.00, 'b', 10, '10', false, 10, 1.6, '2');
INSERT INTO kinds_judged VALUES (1.0, 'a', 2, '2'), (1.00, 'b', 1, '1');
SELECT eval_join('kinds', 'kinds_judged', NULL, 'q', 'd', score_column => 'text_score');
SELECT eval_join('kinds', 'kinds_judged', NULL, 'q', 'd', score_column => 'flag');
SELECT eval_join('kinds', 'kinds_judged', NULL, 'q', 'd', rank_column => 'rank_text');
SELECT eval_join('kinds', 'kinds_judged', NULL, 'q', 'd', score_column => 'real_score', rel_column => 'rel_text');
SELECT eval_join('kinds', 'kinds_judged', NULL, 'q', 'd');
-- The numbers 1.0 and 1.00 are equal, as text they are two queries: each has a rank 1.
SELECT qid, docid, rel, rank FROM eval_join('kinds', 'kinds_judged', NULL, 'q', 'd', score_column => 'domain_score') ORDER BY qid, docid;
UPDATE kinds SET q = 1.0, rank = CASE d WHEN 'a' THEN 2.0 ELSE 1 END;
UPDATE kinds_judged SET q = 1.0;
SELECT docid, rel, rank FROM eval_join('kinds', 'kinds_judged', NULL, 'q', 'd') ORDER BY rank;
SELECT docid, rel, rank FROM eval_join('kinds', 'kinds_judged', NULL, 'q', 'd', score_column => 'domain_score') ORDER BY rank;
UPDATE kinds SET real_score = 'NaN', rank = 'NaN' WHERE d = 'b';
SELECT eval_join('kinds', 'kinds_judged', NULL, 'q', 'd', score_column => 'real_score');
SELECT eval_join('kinds', 'kinds_judged', NULL, 'q', 'd');
UPDATE kinds SET real_score = '-Infinity', rank = 'Infinity' WHERE d = 'b';
SELECT docid, rank FROM eval_join('kinds', 'kinds_judged', NULL, 'q', 'd', score_column => 'real_score') ORDER BY rank;
SELECT eval_join('kinds', 'kinds_judged', NULL, 'q', 'd');
UPDATE kinds_judged SET rel = 'NaN';
SELECT eval_join('kinds', 'kinds_judged', NULL, 'q', 'd', score_column => 'real_score');
DROP TABLE kinds, kinds_judged;
DROP DOMAIN cosine;

-- Names that need quotes, in a schema that is not in the path, and a temporary table.
CREATE SCHEMA "Else";
CREATE TABLE "Else"."Run 2" ("Doc Id" bigint, "Q" bigint, "sys'tem" text, rank bigint);
CREATE TEMPORARY TABLE qrels_2 ("Doc Id" integer, "Q" smallint, rel numeric);
INSERT INTO "Else"."Run 2" VALUES (7, 1, 'x', 1), (8, 1, 'x', 2);
INSERT INTO qrels_2 VALUES (8, 1, 1.5), (9, 1, 1);
SELECT * FROM eval_join('"Else"."Run 2"', 'qrels_2', 'sys''tem', 'Q', 'Doc Id') ORDER BY docid;
DROP TABLE "Else"."Run 2", qrels_2;
DROP SCHEMA "Else";

-- Macro and micro recall.
WITH q(qid, rel, rank) AS (SELECT 1, 1, 1 UNION ALL SELECT 2, 1, CASE WHEN i = 1 THEN 1 END FROM generate_series(1, 10) i),
    per AS (SELECT recall_at(rel, rank, 10) AS r, hits_at(rel, rank, 10) AS h, num_relevant(rel) AS n FROM q GROUP BY qid)
SELECT round(avg(r)::numeric, 6) AS macro, round(sum(h) / sum(n), 6) AS micro FROM per;

-- Nothing there, nothing judged, nothing retrieved, nothing relevant.
SELECT ndcg_at(rel, rank, 5) AS n, hits_at(rel, rank, 5) AS h, num_relevant(rel) AS r, rbp(rel, rank, 0.5) AS b FROM one WHERE false;
SELECT ndcg_at(NULL, rank, 5) AS n, hits_at(NULL, rank, 5) AS h, num_relevant(NULL) AS r, bpref(NULL, rank) AS b
FROM generate_series(1, 3) rank;
SELECT ndcg_at(rel, NULL, 5) AS n, recall_at(rel, NULL, 5) AS r, err(rel, NULL, 5) AS e FROM generate_series(1, 3) rel;
SELECT ndcg_at(0, rank, 5) AS n, recall_at(0, rank, 5) AS r, ap_at(0, rank, 5) AS a FROM generate_series(1, 3) rank;
SELECT ndcg_at(NULL, NULL, 5) AS n;
-- row_number() is a bigint.
SELECT recall_at(1, r, 2) FROM (SELECT row_number() OVER () AS r FROM generate_series(1, 4)) x;

-- Errors.
SELECT ndcg_at(rel, rank, 0) FROM one;
SELECT ndcg_at(rel, rank, NULL) FROM one;
SELECT ndcg_at(rel, rank, 5, 'log') FROM one;
SELECT ndcg_at(rel, rank, 5, NULL) FROM one;
SELECT ap_at(rel, rank, 5, 'r') FROM one;
SELECT rbp(rel, rank, 1.5) FROM one;
SELECT rbp(rel, rank, 0.5, 'exp') FROM one;
SELECT precision_at(rel, rank, 5, 0) FROM one;
SELECT precision_at(rel, rank, 5, 'NaN') FROM one;
SELECT ndcg_at('NaN', 1, 5);
SELECT ndcg_at('Infinity', 1, 5);
SELECT ndcg_at(2000, 1, 5, 'exp');
SELECT err(5, 1, 5);
SELECT err(5, 1, 5, 5);
SELECT ndcg_at(1, 0, 5);
SELECT ndcg_at(1, 3000000000, 5);
SELECT ndcg_at(1, r, 5) FROM unnest('{1,2,2}'::integer[]) r;
SELECT ndcg_at(1, r, 5) FROM unnest('{1,2,4}'::integer[]) r;
SELECT ndcg_at(1, r, r) FROM unnest('{1,2}'::integer[]) r;

SET work_mem = '64kB';
SELECT recall_at(1, r, 5) FROM generate_series(1, 5000) r;
RESET work_mem;

-- Partial aggregation gives the same.
CREATE TABLE many AS SELECT q, i AS rank, (q * i * 7919) % 4 AS rel FROM generate_series(1, 20) q, generate_series(1, 500) i;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT ndcg_at(rel, rank, 100) FROM many WHERE q = 7;
SELECT round(ndcg_at(rel, rank, 100)::numeric, 6) AS n, hits_at(rel, rank, 50) AS h FROM many WHERE q = 7;
SET max_parallel_workers_per_gather = 0;
SELECT round(ndcg_at(rel, rank, 100)::numeric, 6) AS n, hits_at(rel, rank, 50) AS h FROM many WHERE q = 7;
DROP VIEW one;
DROP TABLE run, qrels, scored, judged, many;

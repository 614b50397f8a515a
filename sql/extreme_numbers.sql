-- Numbers near both ends of their range: what does not depend on the unit of its input must not notice it.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;

-- The answer of a query whose $ stands for the unit, with nine digits.
CREATE FUNCTION answer(query text, unit float8) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found float8[];
BEGIN
    EXECUTE replace(query, '$', quote_literal(unit) || '::float8') INTO found;
    RETURN (SELECT string_agg(coalesce(to_char(x, '9.99999999EEEE'), 'NULL'), ' ' ORDER BY n) FROM unnest(found) WITH ORDINALITY u (x, n));
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE TABLE five (i integer, x float8, y float8, rank integer, v vector(3));
INSERT INTO five VALUES (1, 3, 2.5, 1, '[1,0,0]'), (2, 1, 2, 3, '[0.6,0.8,0]'), (3, 2, 1.25, 2, '[0,0.6,0.8]'), (4, 0.5, 1.5, 5, '[0.8,0,0.6]'), (5, 2.5, 0.25, 4, '[-0.6,0,0.8]');
CREATE TABLE cases (what text PRIMARY KEY, query text, units float8[]);

-- Any double.
INSERT INTO cases SELECT what, query, '{1e-300,1e-200,1e-160,1e150,1e160,1e300}' FROM (VALUES
    ('ndcg_at', 'SELECT ARRAY[ndcg_at(x * $, rank, 3)] FROM five'),
    ('dcg_at', 'SELECT ARRAY[dcg_at(x * $, rank, 3) / $] FROM five'),
    ('rbp', 'SELECT ARRAY[rbp(x * $, rank, 0.8::float8, ''linear'') / $] FROM five'),
    ('ap_at', 'SELECT ARRAY[ap_at(x * $, rank, 3, ''R'', 2 * $)] FROM five'),
    ('bpref', 'SELECT ARRAY[bpref(x * $, rank, 2 * $)] FROM five'),
    ('paired_t', 'SELECT ARRAY[(t).mean_difference / $, (t).t, (t).p] FROM (SELECT paired_t(x * $, y * $) AS t FROM five) s'),
    ('randomization_test', 'SELECT ARRAY[randomization_test(x * $, y * $)] FROM five'),
    ('randomization_test of 20', 'SELECT ARRAY[randomization_test(x * $, y * $)] FROM five, generate_series(1, 4)'),
    ('kendall_tau', 'SELECT ARRAY[kendall_tau(x * $, y * $)] FROM five'),
    ('auc', 'SELECT ARRAY[auc(x * $, i > 2)] FROM five'),
    ('comb_sum', 'SELECT ARRAY[comb_sum(x * $) / $, comb_sum(x, y * $) / $, comb_mnz(x * $) / $] FROM five'),
    ('rrf', 'SELECT ARRAY[rrf(rank, 60, x * $) / $, borda(rank, 5, x * $) / $] FROM five'),
    ('minmax_norm', 'SELECT array_agg(m ORDER BY i) FROM (SELECT i, minmax_norm(x * $) OVER () AS m FROM five) s'),
    ('zscore_norm', 'SELECT array_agg(m ORDER BY i) FROM (SELECT i, zscore_norm((x - 2) * $) OVER () AS m FROM five) s'),
    ('rate', 'SELECT array_agg(a ORDER BY n) FROM (SELECT ARRAY[mu / $, sigma / $] AS a, n FROM unnest(rate(ARRAY[(25 * $, 8 * $), (22 * $, 3 * $), (27 * $, 5 * $)]::skill_rating[], ''{1,2,2}'', beta => 4 * $)) WITH ORDINALITY r (mu, sigma, n)) s'),
    ('rating_score', 'SELECT ARRAY[rating_score((25 * $, 5 * $)) / $]'),
    ('lid', 'SELECT ARRAY[lid(array_agg(x * $)), lid(array_agg(x * $), ''mom''), lid_mle(x * $), lid_mom(x * $)] FROM five'),
    ('lid_twonn', 'SELECT ARRAY[lid_twonn(array_agg(y * $), array_agg((x + y) * $))] FROM five'),
    ('mmr_rank, relevance', 'SELECT array_agg(m ORDER BY i) FROM (SELECT i, mmr_rank(v, (x - 1) * $, 3) OVER () AS m FROM five) s'),
    ('dpp_rank, relevance', 'SELECT array_agg(m ORDER BY i) FROM (SELECT i, dpp_rank(v, (x - 1) * $, 3) OVER () AS m FROM five) s'),
    ('diverse_gain, weight', 'SELECT array_agg(m ORDER BY i) FROM (SELECT i, diverse_gain(''facility_location'', v, x, 3, 0.6, weight => y * $) OVER () AS m FROM five) s'),
    ('diverse_gain, saturated', 'SELECT array_agg(m ORDER BY i) FROM (SELECT i, diverse_gain(''saturated'', v, x, 3, 0.6, weight => y * $) OVER () AS m FROM five) s'),
    ('max_min_rank, budget', 'SELECT array_agg(m ORDER BY i) FROM (SELECT i, max_min_rank(v, x, NULL, 0.5, cost => y * $, budget => 4.1 * $) OVER () AS m FROM five) s'),
    ('compression_rank', 'SELECT array_agg(m ORDER BY i) FROM (SELECT i, compression_rank(v, x, 3, 0.5 * $, 0.2 * $, 0.3 * $) OVER () AS m FROM five) s'),
    ('quota_rank', 'SELECT array_agg(m ORDER BY i) FROM (SELECT i, quota_rank((x - 2) * $, i % 2, 3, 2) OVER () AS m FROM five) s'),
    ('rocchio', 'SELECT (rocchio(''[1,0,0]'', array_agg(v), ''{"[0,1,0]"}'', 0.4 * $, 0.6 * $, 0.1 * $))::real[]::float8[] FROM five'),
    ('rocchio_agg', 'SELECT (rocchio_agg(v, rank, ''[1,0,0]'', 3, 0.4 * $, 0.6 * $, true))::real[]::float8[] FROM five')
) c (what, query);
-- Weights of pairs, up to 1e100.
INSERT INTO cases SELECT 'rank_pairs, ' || method, format('SELECT rank_pairs(a.i, b.i, a.x * b.y * $, %L)::float8[] FROM five a, five b WHERE a.i <> b.i', method), '{1e-300,1e-200,1e99}'
    FROM unnest('{net,copeland,kemeny,tsp}'::text[]) method;
-- Elements of vectors, which are single precision: powers of two, so that none is rounded.
INSERT INTO cases SELECT what, replace(query, '#', '(SELECT array_agg((e * $)::real ORDER BY n) FROM unnest(v::real[]) WITH ORDINALITY u (e, n))::vector'), ARRAY[2::float8 ^ (-120)::float8, 2::float8 ^ (-100)::float8, 2::float8 ^ 100::float8, 2::float8 ^ 120::float8] FROM (VALUES
    ('intra_list_diversity', 'SELECT ARRAY[intra_list_diversity(#), mean_similarity(#), vendi_score(#), coverage(#, rank, 2)] FROM five'),
    ('rankme', 'SELECT ARRAY[rankme(#), stable_rank(#), participation_ratio(#)] FROM five'),
    ('similarity_quantiles', 'SELECT similarity_quantiles(#, ''{0.25,0.5}'') FROM five'),
    ('pca', 'SELECT ARRAY[(m).total_variance / $ / $, (m).variances[1] / $ / $] FROM (SELECT pca(#, 2) AS m FROM five) s'),
    ('pca_project', 'SELECT ARRAY[abs((pca_project((SELECT # FROM five WHERE i = 1), (SELECT pca(#, 1) FROM five)))::real[]::float8[])[1] / $]'),
    ('mmr_rank', 'SELECT array_agg(m ORDER BY i) FROM (SELECT i, mmr_rank(#, x, 3) OVER () AS m FROM five) s'),
    ('dpp_rank', 'SELECT array_agg(m ORDER BY i) FROM (SELECT i, dpp_rank(#, x, 3) OVER () AS m FROM five) s'),
    ('rocchio, vectors', 'SELECT (rocchio((SELECT # FROM five WHERE i = 1), array_agg(#)))::real[]::float8[] FROM five')
) c (what, query);

-- What each gives, and where another unit gives something else.
SELECT what, answer(query, 1) FROM cases ORDER BY what COLLATE "C";
SELECT what, unit, answer(query, 1) AS right_is, answer(query, unit) AS found FROM cases, unnest(units) unit
WHERE answer(query, unit) IS DISTINCT FROM answer(query, 1) ORDER BY what COLLATE "C", unit;

-- Both ends in one list.
SELECT minmax_norm(x) OVER () AS minmax, round(zscore_norm(x) OVER ()::numeric, 6) AS zscore FROM unnest('{-1.7e308,0,1.7e308}'::float8[]) x;
SELECT minmax_norm(x) OVER () AS minmax, round(zscore_norm(x) OVER ()::numeric, 6) AS zscore FROM unnest('{0,5e-324}'::float8[]) x;
SELECT round(lid_mle(x)::numeric, 9) AS mle, round(lid_mom(x)::numeric, 9) AS mom, round(lid(array_agg(x))::numeric, 9) AS lid FROM unnest('{1e-300,1,1e300}'::float8[]) x;
SELECT round(lid_twonn('{1e-200,1}', '{1e150,2}')::numeric, 9) AS twonn;
SELECT array_agg(item ORDER BY rank) AS net FROM unnest((SELECT rank_pairs_scores(i, j, w) FROM (VALUES (1, 2, 1e12), (4, 3, 1)) p (i, j, w)));
SELECT rank_pairs(i, j, w, 'kemeny') AS kemeny, rank_pairs(i, j, w, 'tsp') AS tsp, rank_pairs(i, j, w, 'bradley_terry') AS bradley_terry FROM (VALUES (1, 2, 1e12), (4, 3, 1)) p (i, j, w);
-- What no double can hold is an error.
SELECT dcg_at(1.7e308::float8, r, 3) FROM generate_series(1, 3) r;
SELECT ndcg_at(1.7e308::float8, r, 3) FROM generate_series(1, 3) r;
SELECT ndcg_at(1000, r, 500, 'exp') FROM generate_series(1, 500) r;
SELECT (paired_t(-1.7e308::float8, 1.7e308)).* FROM generate_series(1, 3);
SELECT comb_sum(1.7e308::float8) FROM generate_series(1, 3);

-- Differences that are equal but for rounding have no t.
SELECT round(mean_difference::numeric, 9) AS mean, t, p FROM (SELECT (paired_t(x, x + 0.1)).* FROM (SELECT i / 7.0::float8 AS x FROM generate_series(1, 50) i) s) t;
SELECT n, t IS NOT NULL AS has_t FROM (SELECT (paired_t(x, x + 0.1 + 1e-9 * (i % 2))).* FROM (SELECT i, i / 7.0::float8 AS x FROM generate_series(1, 50) i) s) t;
DROP TABLE five, cases;
DROP FUNCTION answer;

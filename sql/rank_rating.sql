-- rate and rate_all: Weng-Lin ratings.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;

-- The published example of openskill, two against two, to 1e-12.
SELECT p, abs(mu - expected_mu) < 1e-12 AND abs(sigma - expected_sigma) < 1e-12 AS equal, round(mu::numeric, 6) AS mu, round(sigma::numeric, 6) AS sigma
FROM unnest(rate(ARRAY[NULL, (32.444, 5.123), (43.381, 2.421), (25.188, 6.211)]::skill_rating[], '{1,1,2,2}', '{1,1,2,2}')) WITH ORDINALITY r (mu, sigma, p)
JOIN (VALUES (1, 28.669648436582808::float8, 8.071520788025197::float8), (2, 33.83086971107981, 5.062772998705765),
    (3, 43.071274808241974, 2.4166900452721256), (4, 23.149503312339064, 6.1378606973362135)) e (p, expected_mu, expected_sigma) USING (p)
ORDER BY p;

-- Four newcomers, two newcomers, an upset, a draw.
CREATE FUNCTION show(r skill_rating[]) RETURNS text LANGUAGE sql AS
    $$ SELECT string_agg(format('%s/%s', round(mu::numeric, 6), round(sigma::numeric, 6)), '  ') FROM unnest(r) $$;
SELECT show(rate(array_fill(NULL::skill_rating, ARRAY[4]), '{1,2,3,4}'));
SELECT show(rate(array_fill((25, 25.0 / 3)::skill_rating, ARRAY[2]), '{1,2}'));
SELECT show(rate(ARRAY[(30, 2), (25, 8.3333), (22, 5)]::skill_rating[], '{2,1,3}'));
SELECT show(rate(ARRAY[NULL, NULL, NULL]::skill_rating[], '{1,1,2}'));
-- More chance in a performance teaches less; kappa bounds how much a match may teach.
SELECT show(rate(ARRAY[NULL, NULL]::skill_rating[], '{1,2}', beta => 25));
SELECT show(rate(ARRAY[NULL, NULL]::skill_rating[], '{1,2}', kappa => 1));
SELECT show(rate(ARRAY[(30, 2)]::skill_rating[], '{1}')), rate('{}', '{}'), rate(NULL, '{1}') IS NULL AS null;
SELECT round(rating_score((43.071274808241974, 2.4166900452721256))::numeric, 9) AS score, rating_score((25, 5), z => 1) AS z1;

-- A history of matches. The order is that of the matches; rows of a match come in any order.
CREATE TABLE match (id bigint, ts int, player bigint, place int);
INSERT INTO match VALUES (7, 1, 100, 1), (7, 1, 200, 2), (3, 2, 100, 1), (3, 2, 300, 2), (3, 2, 200, 3), (5, 3, 300, 1), (5, 3, 100, 1);
SELECT item, round(mu::numeric, 6) AS mu, round(sigma::numeric, 6) AS sigma, matches FROM unnest((SELECT rate_all(player, id, place ORDER BY ts) FROM match));
SELECT count(DISTINCT r::text) FROM (SELECT rate_all(player, id, place ORDER BY ts, md5(player::text || seed)) AS r FROM match, generate_series(1, 10) seed GROUP BY seed) s;
-- The same step by step.
WITH a AS (SELECT rate(ARRAY[NULL, NULL]::skill_rating[], '{1,2}') AS r), b AS (SELECT rate(ARRAY[r[1], NULL, r[2]], '{1,2,3}') AS r FROM a),
    c AS (SELECT b.r[3] AS r200, rate(ARRAY[b.r[1], b.r[2]], '{1,1}') AS r FROM b)
SELECT show(ARRAY[r[1], r[2], r200]) FROM c;
SELECT rate_all(player, id, place) FROM match WHERE false;
SELECT cardinality(rate_all(player, id, place)) FROM (VALUES (1, 1, 1), (NULL, 1, 2), (3, NULL, 3), (4, 1, NULL)) v (player, id, place);

-- Errors.
SELECT rate(ARRAY[NULL, NULL]::skill_rating[], '{1}');
SELECT rate(ARRAY[NULL, NULL]::skill_rating[], '{1,NULL}');
SELECT rate(ARRAY[NULL, NULL]::skill_rating[], '{0,1}');
SELECT rate(ARRAY[NULL, NULL]::skill_rating[], '{1,2}', '{1}');
SELECT rate(ARRAY[NULL, NULL]::skill_rating[], '{1,2}', '{8,8}');
SELECT rate(ARRAY[(25, 0)]::skill_rating[], '{1}');
SELECT rate(ARRAY[('NaN', 1)]::skill_rating[], '{1}');
SELECT rate(ARRAY[(25, NULL)]::skill_rating[], '{1}');
SELECT rate('{}', '{}', beta => 0);
SELECT rate('{}', '{}', beta => 'Infinity');
SELECT rate('{}', '{}', kappa => 2);
SELECT rate('{}', '{}', kappa => NULL);
SELECT rate_all(1, 1, 0);
SELECT rate_all(player, 1, place) FROM match;
SET work_mem = '64kB';
SELECT rate_all(i, i / 2, 1) FROM generate_series(1, 10000) i;
RESET work_mem;
DROP FUNCTION show;
DROP TABLE match;

-- Query refinement by feedback, and repair of permutations.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;

CREATE FUNCTION show(v vector) RETURNS text LANGUAGE sql AS
    $$ SELECT string_agg(round(x::numeric, 6)::text, ' ' ORDER BY o) FROM unnest(v::real[]) WITH ORDINALITY u (x, o) $$;
CREATE TABLE feedback (rank int, v vector(3));
INSERT INTO feedback VALUES (1, '[0.8,0.6,0]'), (2, '[0.6,0.8,0]'), (3, '[0,0,1]'), (NULL, '[5,5,5]'), (4, NULL);

SELECT show(rocchio('[1,0,0]', '{"[0.8,0.6,0]","[0.6,0.8,0]"}', unit_length => false));
SELECT show(rocchio('[1,0,0]', '{"[0.8,0.6,0]","[0.6,0.8,0]"}'));
SELECT show(rocchio('[1,0,0]', '{"[0.8,0.6,0]","[0.6,0.8,0]"}', '{"[0,0,1]"}', gamma => 0.1));
SELECT show(average_prf('[1,0,0]', '{"[0.8,0.6,0]","[0.6,0.8,0]"}'));
-- Cosine to the two: .8 and .6 before.
SELECT round((1 - (rocchio('[1,0,0]', array_agg(v)) <=> '[0.8,0.6,0]'))::numeric, 5) AS first,
    round((1 - (rocchio('[1,0,0]', array_agg(v)) <=> '[0.6,0.8,0]'))::numeric, 5) AS second FROM feedback WHERE rank <= 2;
-- No feedback, NULL feedback, NULL query.
SELECT rocchio('[3,4,0]', '{}') AS none, rocchio('[3,4,0]', NULL) AS null, rocchio('[3,4,0]', ARRAY[NULL::vector]) AS nulls,
    average_prf('[3,4,0]', '{}') AS average, rocchio(NULL, '{}') IS NULL AS no_query;

-- The aggregates say the same of the rows up to k.
SELECT show(rocchio_agg(v, rank, '[1,0,0]', 2)), show(rocchio_agg(v, rank, '[1,0,0]', 2, 0.4, 0.6, false)),
    show(average_prf_agg(v, rank, '[1,0,0]', 2)), show(rocchio_agg(v, rank, '[3,4,0]', 1, 1, 0, true)) FROM feedback;
SELECT q, show(rocchio_agg(v, rank, q, 2)) FROM feedback, (VALUES ('[1,0,0]'::vector), ('[0,1,0]')) u (q) GROUP BY q ORDER BY q;
SELECT rocchio_agg(v, rank, '[1,0,0]', 2) IS NULL AS no_rows, average_prf_agg(v, rank, '[1,0,0]', 2) IS NULL FROM feedback WHERE false;
SELECT show(average_prf_agg(v, rank, '[1,0,0]', 2) OVER (ORDER BY rank)) FROM feedback WHERE rank <= 3;

SELECT permutation_repair('{3,3,9,1,0}', 5), permutation_repair('{}', 3), permutation_repair('{2,NULL,-1,1}', 2),
    permutation_repair('{1,2}', 0), permutation_repair(NULL, 2) IS NULL AS null;

-- Errors.
SELECT rocchio('[1,0]', '{"[1,0,0]"}');
SELECT rocchio('[1,0]', '{}', '{"[1]"}');
SELECT rocchio('[1,0]', '{}', alpha => -1);
SELECT rocchio('[1,0]', '{}', beta => 'NaN');
SELECT rocchio('[1,0]', '{}', gamma => NULL);
SELECT rocchio('[1,0]', '{}', unit_length => NULL);
SELECT rocchio('[1,0]', '{"[-1,0]"}', alpha => 0.5, beta => 0.5);
SELECT rocchio('[3e38]', '{"[3e38]"}', alpha => 1, beta => 1, unit_length => false);
SELECT average_prf('[1,0]', '{"[1,0,0]"}');
SELECT rocchio_agg(v, rank, NULL, 2) FROM feedback;
SELECT rocchio_agg(v, rank, '[1,0,0]', 0) FROM feedback;
SELECT rocchio_agg(v, rank, '[1,0]', 2) FROM feedback;
SELECT rocchio_agg(v, 0, '[1,0,0]', 2) FROM feedback;
SELECT rocchio_agg(v, rank, '[1,0,0]', rank) FROM feedback WHERE rank <= 2;
SELECT rocchio_agg(v, rank, '[1,0,0]', 2, 0.5, -0.5, true) FROM feedback;
SELECT permutation_repair('{1}', -1);
SELECT permutation_repair('{1}', 1000000000);
DROP FUNCTION show;
DROP TABLE feedback;

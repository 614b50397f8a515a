-- Recall of cur indexes against the number of scorer calls, on 10,000 WordNet glosses with usage
-- sentences as queries; run by bench/cur/run.sh. Variables: data (folder of the .tsv files).
-- A hit is a returned row at least as near as the exact tenth: ties cost nothing.
SET client_min_messages = warning;
ALTER SYSTEM SET client_min_messages = warning;
ALTER SYSTEM SET jit = off;
ALTER SYSTEM SET max_parallel_workers_per_gather = 0;
SELECT pg_reload_conf() \g /dev/null
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
CREATE TABLE items (id integer PRIMARY KEY, lemma text, tokens vector[], mean vector(100), bm25 vector(2000));
CREATE TABLE queries (id integer PRIMARY KEY, train boolean, sentence text, tokens vector[], mean vector(100),
    terms vector(2000), misspelt text);
\cd :data
\copy items FROM cur-items.tsv
\copy queries FROM cur-queries.tsv
-- Anchor queries are one column of a table.
CREATE TABLE train AS SELECT tokens, terms, misspelt FROM queries WHERE train;
CREATE OPERATOR CLASS bm25_ops FOR TYPE vector USING cur AS
    OPERATOR 1 <#> (vector, vector) FOR ORDER BY float_ops,
    FUNCTION 1 vector_negative_inner_product(vector, vector);
-- The same late interaction, whose first round takes half of its rows from a lexical ranking.
CREATE FUNCTION seeded_distance(vector[], vector[]) RETURNS float8
    AS '$libdir/vectorgraph', 'vg_maxsim_distance' LANGUAGE C IMMUTABLE STRICT COST 100;
CREATE FUNCTION lexical_seed(query vector[], m integer) RETURNS tid[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(c) FROM (SELECT i.ctid AS c FROM items i, queries q WHERE q.tokens = query
        ORDER BY i.bm25 <#> q.terms, i.id LIMIT m) s
$$;
CREATE OPERATOR <~~~> (LEFTARG = vector[], RIGHTARG = vector[], FUNCTION = seeded_distance);
CREATE OPERATOR CLASS seeded_ops FOR TYPE vector[] USING cur AS
    OPERATOR 1 <~~~> (vector[], vector[]) FOR ORDER BY float_ops,
    FUNCTION 1 seeded_distance(vector[], vector[]),
    FUNCTION 3 lexical_seed(vector[], integer);

CREATE TABLE scorers (name text PRIMARY KEY, item text, query text, op text, class text);
INSERT INTO scorers VALUES
    ('soft cosine', 'tokens', 'tokens', '<~=>', 'vector_soft_cosine_ops'),
    ('levenshtein', 'lemma', 'misspelt', '<~#>', 'text_levenshtein_ops'),
    ('maxsim', 'tokens', 'tokens', '<~>', 'vector_maxsim_ops'),
    ('maxsim, lexical seed', 'tokens', 'tokens', '<~~~>', 'seeded_ops'),
    ('alignment', 'tokens', 'tokens', '<~~>', 'vector_alignment_ops'),
    ('bm25', 'bm25', 'terms', '<#>', 'bm25_ops');
CREATE TABLE kth (scorer text, query integer, k integer, distance float8);
CREATE TABLE seen (scorer text, setting text, budget integer, k integer, query integer, hits integer);
CREATE TABLE builds (scorer text, setting text, seconds numeric, residual float8, predicted float8, energy float8);

CREATE FUNCTION use_index(yes boolean) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('enable_indexscan', yes::text, false), set_config('enable_seqscan', (NOT yes)::text, false),
        set_config('enable_sort', (NOT yes)::text, false)
$$;
CREATE PROCEDURE exact(s scorers) LANGUAGE plpgsql AS $$
DECLARE q record;
BEGIN
    PERFORM use_index(false);
    FOR q IN EXECUTE format('SELECT id, %I AS v FROM queries WHERE NOT train', s.query) LOOP
        EXECUTE format('INSERT INTO kth SELECT $1, $2, k, d FROM (SELECT row_number() OVER () AS k, d FROM
            (SELECT %1$I %2$s $3 AS d FROM items ORDER BY 1 LIMIT 100) x) y WHERE k IN (1, 10, 100)', s.item, s.op)
            USING s.name, q.id, q.v;
    END LOOP;
END $$;
CREATE PROCEDURE measure(s scorers, label text, budget integer, rounds integer) LANGUAGE plpgsql AS $$
DECLARE
    q record;
    level integer;
BEGIN
    PERFORM use_index(true), set_config('cur.budget', budget::text, false), set_config('cur.rounds', rounds::text, false);
    FOR q IN EXECUTE format('SELECT id, %I AS v FROM queries WHERE NOT train', s.query) LOOP
        EXECUTE format('INSERT INTO seen SELECT $1, $4, $5, t.k, $2, least(t.k, count(*) FILTER (WHERE d <= t.distance + 1e-9))
            FROM (SELECT %1$I %2$s $3 AS d FROM items ORDER BY %1$I %2$s $3 LIMIT 100) x, kth t
            WHERE t.scorer = $1 AND t.query = $2 GROUP BY t.k, t.distance', s.item, s.op) USING s.name, q.id, q.v, label, budget;
    END LOOP;
END $$;
-- Plain reranking: all scorer calls go to the first rows of another ranking.
CREATE PROCEDURE rerank_baseline(s scorers, label text, budget integer, ranking text) LANGUAGE plpgsql AS $$
DECLARE q record;
BEGIN
    PERFORM use_index(false);
    FOR q IN EXECUTE format('SELECT id, %I AS v, mean, terms FROM queries WHERE NOT train', s.query) LOOP
        EXECUTE format('INSERT INTO seen SELECT $1, $6, $7, t.k, $2, least(t.k, count(*) FILTER (WHERE d <= t.distance + 1e-9))
            FROM (SELECT %1$I %2$s $3 AS d FROM (SELECT * FROM items ORDER BY %3$s LIMIT $7) c) x, kth t
            WHERE t.scorer = $1 AND t.query = $2 GROUP BY t.k, t.distance', s.item, s.op, ranking)
            USING s.name, q.id, q.v, q.mean, q.terms, label, budget;
    END LOOP;
END $$;
CREATE PROCEDURE build(s scorers, label text, options text) LANGUAGE plpgsql AS $$
DECLARE start timestamptz := clock_timestamp();
BEGIN
    EXECUTE 'DROP INDEX IF EXISTS tested';
    EXECUTE format('CREATE INDEX tested ON items USING cur (%I %I) WITH (anchor_source = ''train.%s'', anchor_queries = 400, %s)',
        s.item, s.class, s.query, options);
    PERFORM set_config('cur.budget', '200', false);
    INSERT INTO builds SELECT s.name, label, extract(epoch FROM clock_timestamp() - start), build_residual / score_deviation,
        predicted_recall, energy FROM cur_index_stats('tested');
END $$;

CREATE PROCEDURE run(scorer text) LANGUAGE plpgsql AS $$
DECLARE
    s scorers;
    budget integer;
BEGIN
    SELECT * INTO s FROM scorers WHERE name = scorer;
    CALL exact(s);
    IF s.class <> 'seeded_ops' THEN
        CALL build(s, 'one-shot ANNCUR', 'storage = float32, ridge = 1e-9');
        FOREACH budget IN ARRAY '{100,200,500}'::integer[] LOOP
            CALL measure(s, 'one-shot ANNCUR', budget, 2);
        END LOOP;
        CALL build(s, 'cur float32', 'storage = float32');
        CALL measure(s, 'cur float32', 200, 10);
        FOREACH budget IN ARRAY '{100,200,500}'::integer[] LOOP
            CALL rerank_baseline(s, 'rerank of vector top', budget, 'mean <=> $4');
            CALL rerank_baseline(s, 'rerank of BM25 top', budget, 'bm25 <#> $5');
        END LOOP;
    END IF;
    CALL build(s, 'cur', 'storage = int8');
    FOREACH budget IN ARRAY '{50,100,200,500,1000}'::integer[] LOOP
        CALL measure(s, 'cur', budget, 10);
    END LOOP;
    CALL measure(s, 'cur, 5 rounds', 200, 5);
    CALL measure(s, 'cur, n <= budget', 10000, 10);
END $$;

-- A session each: queries of one scorer have another type than those of the next.
\c -
CALL run('maxsim');
\c -
CALL run('levenshtein');
\c -
CALL run('alignment');
\c -
CALL run('maxsim, lexical seed');
\c -
CALL run('bm25');
\c -
CALL run('soft cosine');

\echo 'builds: 10,000 items x 400 anchor queries; residual relative to the deviation of scores, recall predicted for 200 calls'
SELECT scorer, setting, round(seconds, 1) AS seconds, round(energy::numeric, 4) AS energy, round(residual::numeric, 3) AS residual,
    round(predicted::numeric, 3) AS predicted FROM builds ORDER BY scorer, setting;
\echo 'recall at 1, 10 and 100 (the list is cut at 100 rows), by scorer calls'
SELECT scorer, setting, budget AS calls, round(avg(hits) FILTER (WHERE k = 1), 3) AS "R@1",
    round(avg(hits / 10.0) FILTER (WHERE k = 10), 3) AS "R@10", round(avg(hits / 100.0) FILTER (WHERE k = 100), 3) AS "R@100"
FROM seen GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

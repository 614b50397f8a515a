-- Ready-made scorers and their classes, and the helper that makes classes of a user's functions.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
CREATE SCHEMA cur_test;
SET search_path = cur_test, public;
RESET client_min_messages;

SELECT maxsim(ARRAY['[1,0]', '[0,2]']::vector[], ARRAY['[3,1]', '[-1,4]', '[0,0]']::vector[]);
SELECT maxsim('{}', ARRAY['[1,0]']::vector[]), maxsim(ARRAY['[1,0]']::vector[], '{}');
-- The least that a document gets; padding lifts none.
SELECT document FROM (VALUES ('{}'::vector[]), ('{"[0,0]"}'), ('{"[-0.6,-0.8]","[0,0]"}'), ('{"[0,-1]"}'), ('{"[1,0]"}')) d(document)
ORDER BY document <~> '{"[0.6,0.8]"}'::vector[], document;
SELECT ARRAY['[3,1]', '[-1,4]', '[0,0]']::vector[] <~> ARRAY['[1,0]', '[0,2]']::vector[] AS distance;
SELECT round(soft_cosine(ARRAY['[1,0]', '[0,1]']::vector[], ARRAY['[2,0]']::vector[])::numeric, 6);
SELECT round(alignment_similarity(ARRAY['[1,0,0]', '[0,1,0]']::vector[], ARRAY['[1,0,0]', '[0,0,1]', '[0,1,0]']::vector[])::numeric, 6);
SELECT round(levenshtein_similarity('kitten', 'sitting')::numeric, 6), levenshtein_similarity('', ''), ('abc' <~#> 'abd') < ('abc' <~#> 'xyz');
SELECT round(levenshtein_similarity('na'||chr(239)||'ve', 'naive')::numeric, 6) AS characters_not_bytes;
SELECT levenshtein_distances(ARRAY['abc', '', 'abd'], 'abc');
SELECT alignment_similarity('red car', 'the red car stops'), round(('red fast car' <~~> 'red car')::numeric, 6);
SELECT alignment_distances('{}', 'abc'), levenshtein_distances(ARRAY[['a'], ['b']], 'a');
-- Bad input.
SELECT maxsim(ARRAY['[1,0]']::vector[], ARRAY['[1,0,0]']::vector[]);
SELECT maxsim(ARRAY['[1,0]', '[1]']::vector[], ARRAY['[1,0]']::vector[]);
SELECT maxsim(ARRAY['[1,0]', NULL]::vector[], ARRAY['[1,0]']::vector[]);
SELECT levenshtein_distances(ARRAY['a', NULL], 'a');
SELECT maxsim(NULL, ARRAY['[1,0]']::vector[]) IS NULL AS strict;
SET statement_timeout = '100ms';
SELECT levenshtein_similarity(repeat('ab', 200000), repeat('ba', 200000));
RESET statement_timeout;

-- The classes are valid, and each carries an index.
SELECT opcname, amvalidate(c.oid), opcdefault FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod WHERE amname = 'cur' ORDER BY 1;
CREATE TABLE docs (id integer PRIMARY KEY, body text, tokens vector[]);
INSERT INTO docs SELECT i, string_agg(w, ' ' ORDER BY j), array_agg(('[' || i * j % 7 - 3 || ',' || (i + j) % 5 - 2 || ',' || i * i % (j + 2) || ']')::vector ORDER BY j)
FROM generate_series(1, 300) i, LATERAL (SELECT j, (ARRAY['red','green','blue','car','cart','boat','fast','slow','house'])[1 + (i * j + j * j) % 9] AS w
    FROM generate_series(1, 3 + i % 5) j) x GROUP BY i;
CREATE FUNCTION use_index(yes boolean) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('enable_indexscan', yes::text, false), set_config('enable_seqscan', (NOT yes)::text, false),
        set_config('enable_sort', (NOT yes)::text, false)
$$;
CREATE FUNCTION check_class(col text, op text, class text, query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    answer float8[][] := '{}';
    one float8[];
    plan text;
BEGIN
    EXECUTE format('CREATE INDEX checked ON docs USING cur (%I %s) WITH (anchor_queries = 20)', col, class);
    FOR i IN 0..1 LOOP
        PERFORM use_index(i = 1);
        EXECUTE format('SELECT array_agg(d) FROM (SELECT %1$I %2$s %3$s AS d FROM docs ORDER BY %1$I %2$s %3$s LIMIT 30) s', col, op, query) INTO one;
        answer := answer || ARRAY[one];
        FOR plan IN EXECUTE format('EXPLAIN SELECT FROM docs ORDER BY %1$I %2$s %3$s', col, op, query) LOOP
            IF i = 1 AND plan LIKE '%Seq Scan%' THEN RAISE EXCEPTION 'index not used: %', plan; END IF;
        END LOOP;
    END LOOP;
    DROP INDEX checked;
    RETURN answer[1:1] = answer[2:2];
END $$;
SET cur.budget = 400;
SET client_min_messages = warning;
SELECT check_class('tokens', '<~>', '', '''{"[1,2,0]","[-2,1,3]"}''::vector[]') AS maxsim,
    check_class('tokens', '<~=>', 'vector_soft_cosine_ops', '''{"[1,2,0]","[-2,1,3]"}''::vector[]') AS soft_cosine,
    check_class('tokens', '<~~>', 'vector_alignment_ops', '''{"[1,2,0]","[-2,1,3]"}''::vector[]') AS vector_alignment,
    check_class('body', '<~#>', 'text_levenshtein_ops', '''red boat house''') AS levenshtein,
    check_class('body', '<~~>', 'text_alignment_ops', '''fast cart''') AS text_alignment;

-- The helper, from scorers of each shape. Names as of the reranking functions of other extensions.
CREATE SCHEMA rag;
\set SHOW_CONTEXT never
CREATE FUNCTION rag.rerank_score(query text, passage text) RETURNS real LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT public.alignment_similarity(query, passage)::real $$;
CREATE FUNCTION rag.rerank_score(query text, passages text[]) RETURNS real[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT array_agg(rag.rerank_score(query, p) ORDER BY i) FROM unnest(passages) WITH ORDINALITY u(p, i) $$;
SELECT cur_create_class('both_ops', 'rag.rerank_score(text, text)', 'rag.rerank_score(text, text[])', operator_name => '<~1>');
SELECT cur_create_class('both_ops', 'rag.rerank_score(text, text)', 'rag.rerank_score(text, text[])', operator_name => '<*~>');
SELECT cur_create_class('rag.score_ops', 'rag.rerank_score(text, text)', operator_name => '<+~>');
SELECT cur_create_class('batch_ops', batch => 'rag.rerank_score(text, text[])', operator_name => '<%~>', cost => 500);
SELECT opcname, opcnamespace::regnamespace, amvalidate(oid) FROM pg_opclass WHERE opcname IN ('both_ops', 'score_ops', 'batch_ops') ORDER BY 1;
SELECT check_class('body', '<*~>', 'both_ops', '''fast cart''') AS both,
    check_class('body', 'operator(rag.<+~>)', 'rag.score_ops', '''fast cart''') AS score,
    check_class('body', '<%~>', 'batch_ops', '''fast cart''') AS batch;
-- The shape of pgml.rank: a table with 0-based positions, best first.
CREATE FUNCTION rag.rank(transformer text, query text, documents text[], kwargs jsonb DEFAULT '{}')
    RETURNS TABLE (corpus_id bigint, score float8, text text) LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT i - 1, public.alignment_similarity(query, d), NULL FROM unnest(documents) WITH ORDINALITY u(d, i) ORDER BY 2 DESC, 1 $$;
CREATE FUNCTION rank_scores(query text, items text[]) RETURNS float8[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(r.score ORDER BY r.corpus_id) FROM rag.rank('some-reranker', query, items, '{"return_documents": false}') r
$$;
SELECT cur_create_class('rank_ops', batch => 'rank_scores(text, text[])', operator_name => '<?~>');
-- The shape of ai.cohere_rerank_simple: the same with other names.
CREATE FUNCTION rag.cohere_rerank_simple(model text, query text, documents text[])
    RETURNS TABLE (index integer, document jsonb, relevance_score float8) LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT (i - 1)::integer, NULL::jsonb, public.alignment_similarity(query, d) FROM unnest(documents) WITH ORDINALITY u(d, i) ORDER BY 3 DESC, 1 $$;
CREATE FUNCTION cohere_scores(query text, items text[]) RETURNS float8[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(r.relevance_score ORDER BY r.index) FROM rag.cohere_rerank_simple('some-model', query, items) r
$$;
SELECT cur_create_class('cohere_ops', batch => 'cohere_scores(text, text[])', operator_name => '<&~>');
SELECT check_class('body', '<?~>', 'rank_ops', '''fast cart''') AS pgml, check_class('body', '<&~>', 'cohere_ops', '''fast cart''') AS pgai;
-- A query of another type than the items, and a seed function.
CREATE FUNCTION years(query integer, body text) RETURNS float8 LANGUAGE sql STABLE AS $$ SELECT -abs(length(body) - query)::float8 $$;
CREATE FUNCTION year_seed(query integer, m integer) RETURNS tid[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(ctid) FROM (SELECT ctid FROM docs WHERE length(body) = query ORDER BY id LIMIT m) s
$$;
SELECT cur_create_class('year_ops', 'years(integer, text)', seed => 'year_seed(integer, integer)', operator_name => '<^~>');
CREATE INDEX bad ON docs USING cur (body year_ops) WITH (anchor_queries = 20);
CREATE TABLE asked AS SELECT i AS length FROM generate_series(5, 50) i;
CREATE INDEX good ON docs USING cur (body year_ops) WITH (anchor_queries = 20, anchor_source = 'cur_test.asked.length');
SET cur.budget = 50;
SELECT use_index(true);
SELECT bool_and(length(body) = 21), count(*) FROM (SELECT body FROM docs ORDER BY body <^~> 21 LIMIT 5) s;
-- What it refuses.
SELECT cur_create_class('x_ops');
SELECT cur_create_class('X ops', 'rag.rerank_score(text, text)');
SELECT cur_create_class('x_ops', 'rag.rerank_score(text, text)', operator_name => 'like');
SELECT cur_create_class('x_ops', 'rag.rerank_score(text, text)', cost => 0);
SELECT cur_create_class('x_ops', 'rag.rerank_score(text, text[])');
SELECT cur_create_class('x_ops', batch => 'rag.rerank_score(text, text)');
SELECT cur_create_class('x_ops', 'lower(text)');
SELECT cur_create_class('x_ops', 'years(integer, text)', 'rank_scores(text, text[])');
CREATE FUNCTION dice(query text, item text) RETURNS float8 LANGUAGE sql VOLATILE AS 'SELECT random()';
SELECT cur_create_class('x_ops', 'dice(text, text)');
SELECT cur_create_class('x_ops', 'rag.rerank_score(text, text)', seed => 'lower(text)', operator_name => '<!~>');
SELECT count(*) FROM pg_opclass WHERE opcname = 'x_ops';
SET client_min_messages = warning;
DROP SCHEMA cur_test CASCADE;
DROP SCHEMA rag CASCADE;

-- The recipe of docs/cur.md with a scorer in PL/Python. Where the language is not installed there is
-- nothing to test.
SELECT count(*) = 0 AS missing FROM pg_available_extensions WHERE name = 'plpython3u' \gset
\if :missing
\quit
\endif
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
CREATE SCHEMA cur_test;
SET search_path = cur_test, public;
CREATE EXTENSION plpython3u;
-- Stands for a model: loaded once per session, kept in GD, called with a batch.
CREATE FUNCTION model_scores(query text, items text[]) RETURNS float8[] LANGUAGE plpython3u STABLE STRICT AS $$
    if 'model' not in GD:
        def grams(text):
            padded = '  ' + text.lower() + ' '
            return {padded[i:i + 3] for i in range(len(padded) - 2)}
        def predict(pairs):
            scores = []
            for a, b in pairs:
                x, y = grams(a), grams(b)
                scores.append(len(x & y) / len(x | y))
            return scores
        GD['model'] = predict
    return GD['model']([(query, item) for item in items])
$$;
SELECT cur_create_class('model_ops', batch => 'model_scores(text, text[])');
CREATE TABLE docs (id integer PRIMARY KEY, body text);
INSERT INTO docs SELECT i, (ARRAY['red','green','blue','grey','old','new'])[1 + i % 6] || ' ' || (ARRAY['car','cart','boat','house','tree'])[1 + i % 5]
    || ' number ' || i FROM generate_series(1, 500) i;
CREATE INDEX docs_body ON docs USING cur (body model_ops) WITH (anchor_queries = 40);
SELECT items, anchor_queries, build_calls, advice FROM cur_index_stats('docs_body');
SET enable_seqscan = off;
SET cur.budget = 100;
SELECT body FROM docs ORDER BY body <~> 'blue boat number 20', id LIMIT 1;
SELECT count(*) FROM (SELECT body FROM docs ORDER BY body <~> 'red house' LIMIT 20) s WHERE body ~ 'red|house';
-- An error in Python reaches the user.
CREATE OR REPLACE FUNCTION model_scores(query text, items text[]) RETURNS float8[] LANGUAGE plpython3u STABLE STRICT AS $$
    raise Exception('the model is gone')
$$;
\set VERBOSITY terse
SELECT body FROM docs ORDER BY body <~> 'blue boat' LIMIT 1;
SET client_min_messages = warning;
DROP SCHEMA cur_test CASCADE;
DROP EXTENSION plpython3u CASCADE;

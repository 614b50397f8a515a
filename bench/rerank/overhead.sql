-- What rerank adds to its judge: 1,000 lists of 100 documents in one statement, by a SQL scorer, against
-- the same calls of the scorer without rerank. Milliseconds.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS bench_rerank CASCADE;
CREATE SCHEMA bench_rerank;
SET search_path = bench_rerank, public;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
CREATE TABLE lists AS
SELECT q, 'query ' || q AS query, (SELECT array_agg(repeat(md5((q * 100 + d)::text), 4)) FROM generate_series(1, 100) d) AS docs
FROM generate_series(1, 1000) q;
ANALYZE lists;
-- Two scorers: as cheap as SQL can be, and one that looks at each document.
CREATE FUNCTION cheap(query text, docs text[]) RETURNS real[] LANGUAGE sql IMMUTABLE AS
    $$ SELECT array_agg(length(d)::real) FROM unnest(docs) d $$;
CREATE FUNCTION hashed(query text, docs text[]) RETURNS real[] LANGUAGE sql IMMUTABLE AS
    $$ SELECT array_agg((hashtext(query || d) & 65535)::real ORDER BY o) FROM unnest(docs) WITH ORDINALITY u (d, o) $$;
CREATE FUNCTION best(query text, docs text[]) RETURNS integer LANGUAGE sql IMMUTABLE AS
    $$ SELECT o::integer FROM unnest(docs) WITH ORDINALITY u (d, o) ORDER BY hashtext(query || d) DESC LIMIT 1 $$;
CREATE TABLE windows AS
SELECT q, query, docs[w + 1 : w + 20] AS docs FROM lists, generate_series(0, 80, 4) w;
ANALYZE windows;

-- Milliseconds of the fastest of several runs: the machine may be shared.
CREATE FUNCTION fastest(statement text, runs integer) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    start timestamptz;
    took double precision;
    least_ms double precision := 'infinity';
BEGIN
    FOR i IN 1..runs LOOP
        start := clock_timestamp();
        EXECUTE statement;
        took := 1000 * extract(epoch FROM clock_timestamp() - start);
        least_ms := least(least_ms, took);
    END LOOP;
    RETURN round(least_ms::numeric, 1);
END $$;

SELECT what, direct, reranked, round(reranked / direct, 2) AS ratio FROM (
    SELECT what, fastest(direct, :runs) AS direct, fastest(reranked, :runs) AS reranked FROM (VALUES
        ('pointwise, cheapest scorer', 'SELECT sum(cardinality(cheap(query, docs))) FROM lists',
            'SELECT count(score) FROM lists, rerank(query, docs, ''cheap(text,text[])'')'),
        ('pointwise, hashing scorer', 'SELECT sum(cardinality(hashed(query, docs))) FROM lists',
            'SELECT count(score) FROM lists, rerank(query, docs, ''hashed(text,text[])'')'),
        ('pointwise, hashing scorer, top 10', 'SELECT sum(cardinality(hashed(query, docs))) FROM lists',
            'SELECT count(score) FROM lists, rerank(query, docs, ''hashed(text,text[])'', k => 10)'),
        ('groupwise, hashing scorer, 10 groups of 20', 'SELECT sum(cardinality(hashed(query, docs))) FROM lists, generate_series(1, 2)',
            'SELECT count(score) FROM lists, rerank(query, docs, ''hashed(text,text[])'', ''groupwise'')')) v (what, direct, reranked)) t;
-- A picker, in windows of up to 20: time per call.
CREATE TABLE counted AS
SELECT sum(calls) AS calls FROM lists, rerank(query, docs, 'best(text,text[])', 'setwise_heap', 10) WHERE rank = 1;
SELECT round(1000 * fastest('SELECT sum(best(query, docs)) FROM windows', :runs) / (SELECT count(*) FROM windows), 2) AS us_per_call_direct,
    round(1000 * fastest('SELECT count(*) FROM lists, rerank(query, docs, ''best(text,text[])'', ''setwise_heap'', 10)', :runs) / calls, 2)
        AS us_per_call_reranked, round(calls / 1000.0, 1) AS calls_per_list
FROM counted;
DROP SCHEMA bench_rerank CASCADE;

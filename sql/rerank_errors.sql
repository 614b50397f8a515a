-- What rerank refuses, and what judges may do wrong.
\set ECHO none
\i sql/include/rerank.sql
\set ECHO all
CREATE FUNCTION answer(query text, docs text[]) RETURNS real[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE query WHEN 'null' THEN NULL WHEN 'short' THEN '{1}' WHEN 'long' THEN '{1,2,3,4,5}' WHEN 'empty' THEN '{}'
        WHEN 'nan' THEN '{1,NaN,3}' WHEN 'infinity' THEN '{1,2,-Infinity}' WHEN 'holes' THEN '{1,NULL,3}'
        WHEN 'square' THEN '{{1},{3},{2}}' WHEN 'chance' THEN '{0.5,1.5}' WHEN 'negative' THEN '{-0.1,0.5}' END::real[];
END $$;
CREATE FUNCTION answer(query text, first text[], second text[]) RETURNS real[] LANGUAGE sql AS $$ SELECT answer(query, first) $$;
CREATE FUNCTION place(query text, docs text[]) RETURNS integer LANGUAGE sql AS $$ SELECT query::integer $$;
CREATE FUNCTION places(query text, docs text[]) RETURNS integer[] LANGUAGE sql AS $$ SELECT query::integer[] $$;
CREATE FUNCTION throws(query text, docs text[]) RETURNS real[] LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the model is down' USING HINT = 'Call the model''s owner.'; END $$;
CREATE FUNCTION strict_place(query text, docs text[]) RETURNS integer STRICT LANGUAGE sql AS $$ SELECT 1 $$;
CREATE FUNCTION set_of(query text, docs text[]) RETURNS SETOF real[] LANGUAGE sql AS $$ SELECT '{1}'::real[] $$;
CREATE FUNCTION more(query text, docs text[], temperature real DEFAULT 0) RETURNS real[] LANGUAGE sql AS $$ SELECT '{1}'::real[] $$;
CREATE FUNCTION total_step(sum real[], query text, docs text[]) RETURNS real[] LANGUAGE sql AS $$ SELECT sum $$;
CREATE AGGREGATE total(text, text[]) (SFUNC = total_step, STYPE = real[]);
CREATE PROCEDURE proc(query text, docs text[]) LANGUAGE sql AS '';

-- ---- bad answers that are repaired
SELECT query, string_agg(idx::text, ' ' ORDER BY rank) AS ranking, count(score) AS scores, max(calls) AS calls, max(repairs) AS repairs
FROM (VALUES ('null'), ('holes'), ('square')) v (query), rerank(query, ARRAY['a', 'b', 'c'], 'answer(text,text[])') GROUP BY query ORDER BY query;
SELECT string_agg(idx::text, ' ' ORDER BY rank) AS ranking, max(calls) AS calls, max(repairs) AS repairs
FROM rerank('null', ARRAY['a', 'b', 'c'], 'answer(text,text[],text[])', 'pairwise_heap');
SELECT query, protocol, string_agg(idx::text, ' ' ORDER BY rank) AS ranking, max(repairs) = max(calls) AS repaired
FROM (VALUES ('0'), ('-1'), ('4'), ('2147483647'), (NULL)) v (query), (VALUES ('setwise_heap'), ('setwise_bubble'), ('eliminate')) p (protocol),
    rerank(coalesce(query, '9'), ARRAY['a', 'b', 'c'], 'place'::regproc, protocol) GROUP BY query, protocol ORDER BY 1, 2;
SELECT query, string_agg(idx::text, ' ' ORDER BY rank) AS ranking, max(repairs) AS repairs
FROM (VALUES ('{3,2,1}'), ('{3,3,9,1,0}'), ('{}'), ('{3}'), ('{NULL,2}'), ('{{2,1},{3,3}}')) v (query),
    rerank(query, ARRAY['a', 'b', 'c'], 'places'::regproc, 'listwise') GROUP BY query ORDER BY query COLLATE "C";

-- ---- errors
CREATE TABLE cases (statement text);
INSERT INTO cases SELECT format('SELECT * FROM rerank(%L, ARRAY[''a'',''b'',''c''], ''answer(text,text[])'')', q)
    FROM unnest('{short,long,empty,nan,infinity}'::text[]) q;
INSERT INTO cases SELECT format('SELECT * FROM rerank(%L, ARRAY[''a'',''b''], ''answer(text,text[],text[])'', ''pairwise_heap'')', q)
    FROM unnest('{chance,negative,short}'::text[]) q;
INSERT INTO cases SELECT format('SELECT * FROM rerank(''q'', ARRAY[''a'',''b''], %s)', a) FROM (VALUES
    ($$'throws'::regproc$$), ($$NULL$$), ($$'place'::regproc$$), ($$'place'::regproc, 'listwise'$$), ($$'places'::regproc, 'setwise_heap'$$), ($$'answer(text,text[])', 'pairwise_heap'$$),
    ($$'answer(text,text[],text[])'$$), ($$'set_of'::regproc$$), ($$'more'::regproc$$), ($$'total(text,text[])'$$), ($$'proc'::regproc$$), ($$'length(text)'$$), ($$'nowhere(text)'$$), ($$4294967295::oid::regprocedure$$),
    ($$'place'::regproc, 'quicksort'$$), ($$'place'::regproc, NULL$$), ($$'place'::regproc, 'setwise_heap', 0$$), ($$'place'::regproc, 'setwise_heap', fanout => 1$$), ($$'place'::regproc, 'setwise_bubble', fanout => 0$$),
    ($$'place'::regproc, 'setwise_heap', votes => 0$$), ($$'places'::regproc, 'listwise', win => 1$$), ($$'places'::regproc, 'listwise', step => 20$$), ($$'places'::regproc, 'listwise', step => 0$$),
    ($$'places'::regproc, 'listwise', passes => NULL$$), ($$'throws'::regproc, batch => 0$$), ($$'throws'::regproc, 'groupwise', epochs => -1$$), ($$'throws'::regproc, 'groupwise', group_size => 0$$),
    ($$'throws'::regproc, max_calls => -1$$), ($$'throws'::regproc, seed => NULL$$), ($$'throws'::regproc, blend => 0.5$$), ($$'throws'::regproc, first_stage => '{1,2}'$$),
    ($$'throws'::regproc, first_stage => '{1}', blend => 0.5$$), ($$'throws'::regproc, first_stage => '{1,NaN}', blend => 0.5$$), ($$'throws'::regproc, first_stage => '{1,2}', blend => 1.1$$),
    ($$'throws'::regproc, first_stage => '{1,2}', blend => 'NaN'$$)) v (a);
INSERT INTO cases VALUES ($$SELECT * FROM rerank(NULL::text, ARRAY['a'], 'place'::regproc, 'setwise_heap')$$), ($$SELECT * FROM rerank('[1]'::vector, ARRAY['[1]']::vector[], 'place'::regproc, 'setwise_heap')$$),
    ($$SELECT rerank_cost('pointwise', -1)$$), ($$SELECT rerank_cost('pointwise', 10000001)$$), ($$SELECT rerank_cost('pointwise', 10, 0)$$), ($$SELECT rerank_cost(NULL, 10)$$), ($$SELECT rerank_cost('fastest', 10)$$);
SELECT statement, pg_temp.outcome(statement) FROM cases;
-- The judge's context is shown.
SELECT * FROM rerank('q', ARRAY['a'], 'throws'::regproc);
SET work_mem = '64kB';
SELECT pg_temp.outcome($$SELECT * FROM rerank('q', (SELECT array_agg(i::text) FROM generate_series(1, 2000) i), 'throws'::regproc)$$);
RESET work_mem;
-- A strict judge is never asked about NULL.
SELECT string_agg(idx::text, ' ' ORDER BY rank), max(repairs) FROM rerank('q', ARRAY[NULL, 'a', NULL, 'b'], 'strict_place'::regproc, 'setwise_heap');

-- ---- privileges: the caller's
CREATE ROLE vg_rerank_user;
REVOKE EXECUTE ON FUNCTION place FROM public;
SET ROLE vg_rerank_user;
SELECT * FROM rerank('1', ARRAY['a', 'b'], 'place'::regproc, 'setwise_heap');
RESET ROLE;
GRANT EXECUTE ON FUNCTION place TO vg_rerank_user;
SET ROLE vg_rerank_user;
SELECT idx, rank FROM rerank('1', ARRAY['a', 'b'], 'place'::regproc, 'setwise_heap');
RESET ROLE;

-- ---- a cancel comes through between calls and inside of them
CREATE FUNCTION slow(query text, docs text[]) RETURNS integer LANGUAGE sql AS $$ SELECT 1 FROM pg_sleep(query::float8) $$;
\set VERBOSITY terse
SET statement_timeout = '300ms';
SELECT count(*) FROM rerank('0.01', (SELECT array_agg(i::text) FROM generate_series(1, 2000) i), 'slow'::regproc, 'eliminate');
SELECT count(*) FROM rerank('60', ARRAY['a', 'b'], 'slow'::regproc, 'eliminate');
SELECT count(*) FROM rerank('1', (SELECT array_agg(i::text) FROM generate_series(1, 20000) i), 'strict_place'::regproc, 'setwise_bubble', fanout => 1);
RESET statement_timeout;
\set VERBOSITY default
DROP AGGREGATE total(text, text[]);
DROP PROCEDURE proc;
DROP FUNCTION answer(text, text[]), answer(text, text[], text[]), place, places, throws, strict_place, set_of, more, slow, total_step;
DROP ROLE vg_rerank_user;
DROP TABLE cases;

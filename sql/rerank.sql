-- Reranking by every protocol, with judges written in SQL that know the truth.
\set ECHO none
\i sql/include/rerank.sql
\set ECHO all
CREATE TABLE gold (doc text PRIMARY KEY, grade double precision NOT NULL);
INSERT INTO gold VALUES ('a', 3), ('b', 7), ('c', 1), ('d', 5), ('e', 8), ('f', 2), ('g', 6), ('h', 4);
CREATE FUNCTION grades(query text, docs text[]) RETURNS real[] LANGUAGE sql STABLE AS
    $$ SELECT array_agg(grade::real ORDER BY o) FROM unnest(docs) WITH ORDINALITY u (d, o) LEFT JOIN gold ON doc = d $$;
CREATE FUNCTION grades8(query text, docs text[]) RETURNS double precision[] LANGUAGE sql STABLE AS
    $$ SELECT grades(query, docs)::double precision[] $$;
CREATE FUNCTION best(query text, docs text[]) RETURNS integer LANGUAGE sql STABLE AS
    $$ SELECT o::integer FROM unnest(docs) WITH ORDINALITY u (d, o) JOIN gold ON doc = d ORDER BY grade DESC, o LIMIT 1 $$;
CREATE FUNCTION worst(query text, docs text[]) RETURNS integer LANGUAGE sql STABLE AS
    $$ SELECT o::integer FROM unnest(docs) WITH ORDINALITY u (d, o) JOIN gold ON doc = d ORDER BY grade, o LIMIT 1 $$;
CREATE FUNCTION beats(query text, first text[], second text[]) RETURNS real[] LANGUAGE sql STABLE AS
    $$ SELECT array_agg(CASE WHEN a.grade > b.grade THEN 1 WHEN a.grade = b.grade THEN 0.5 ELSE 0 END::real ORDER BY o)
       FROM unnest(first, second) WITH ORDINALITY u (f, s, o) JOIN gold a ON a.doc = f JOIN gold b ON b.doc = s $$;
CREATE FUNCTION sorted(query text, docs text[]) RETURNS integer[] LANGUAGE sql STABLE AS
    $$ SELECT array_agg(o::integer ORDER BY grade DESC, o) FROM unnest(docs) WITH ORDINALITY u (d, o) JOIN gold ON doc = d $$;

-- ---- the documents a to h of the literature's examples: best three are e, b, g
\set docs 'ARRAY[''a'',''b'',''c'',''d'',''e'',''f'',''g'',''h'']'
SELECT * FROM rerank('q', :docs, 'grades(text,text[])', k => 3);
SELECT idx, rank, round(score::numeric, 4) AS score, calls, repairs FROM rerank('q', :docs, 'best(text,text[])', 'setwise_heap', 3, fanout => 3);
SELECT protocol, fn, string_agg(chr(96 + idx), '' ORDER BY rank) AS ranking, min(calls) AS calls, max(repairs) AS repairs
FROM (VALUES ('pointwise', 'grades(text,text[])'::regprocedure), ('pointwise', 'grades8'::regproc), ('groupwise', 'grades'::regproc),
    ('setwise_heap', 'best'::regproc), ('setwise_bubble', 'best'::regproc), ('pairwise_heap', 'beats'::regproc),
    ('listwise', 'sorted'::regproc), ('eliminate', 'worst'::regproc)) v (protocol, fn),
    rerank('q', :docs, fn, protocol, batch => 3, group_size => 3, fanout => 2, win => 4, step => 2, passes => 3)
GROUP BY protocol, fn ORDER BY protocol, fn::text COLLATE "C";
-- One window pass settles win - step places.
SELECT string_agg(chr(96 + idx), '' ORDER BY rank) FROM rerank('q', :docs, 'sorted'::regproc, 'listwise', 2, win => 4, step => 2);
SELECT string_agg(chr(96 + idx), '' ORDER BY rank) FROM rerank('q', :docs, 'sorted'::regproc, 'listwise', 3, win => 4, step => 2);
SELECT string_agg(chr(96 + idx), '' ORDER BY rank) FROM rerank('q', :docs, 'sorted'::regproc, 'listwise', win => 4, step => 2);

-- Many lists in one statement; a list without documents has no rows.
SELECT q, coalesce(string_agg(docs[r.idx], '' ORDER BY r.rank), 'none') AS ranking
FROM (VALUES (1, ARRAY['c', 'h', 'e']), (2, ARRAY['f']), (3, '{}'), (4, NULL), (5, ARRAY['g', 'b'])) v (q, docs)
LEFT JOIN LATERAL rerank('q' || q, docs, 'best'::regproc, 'setwise_heap') r ON true GROUP BY q ORDER BY q;
-- Another function per row.
SELECT fn, string_agg(chr(96 + idx), '' ORDER BY rank) FROM (VALUES (1, 'best'::regproc), (2, 'worst'::regproc), (3, 'best'::regproc)) v (n, fn),
    rerank('q', :docs, fn, 'setwise_heap', 8) GROUP BY n, fn ORDER BY n;

-- ---- ties, missing scores, NULL documents, blend
SELECT idx, rank, score FROM rerank('q', ARRAY['x', 'd', 'y', NULL, 'e', 'z'], 'grades'::regproc);
SELECT idx, rank, score FROM rerank('q', ARRAY[NULL, 'd', NULL]::text[], 'grades'::regproc, k => 2);
SELECT idx, rank, score FROM rerank('q', ARRAY[NULL]::text[], 'grades'::regproc);
CREATE FUNCTION same(query text, docs text[]) RETURNS real[] LANGUAGE sql IMMUTABLE AS
    $$ SELECT array_fill(1::real, ARRAY[cardinality(docs)]) $$;
SELECT string_agg(chr(96 + idx), '' ORDER BY rank) FROM rerank('q', :docs, 'same'::regproc);
SELECT idx, round(score::numeric, 4) AS score FROM rerank('q', ARRAY['a', 'd', 'e', 'f'], 'grades'::regproc, first_stage => '{10,9,2,NULL}', blend => 0.4);
SELECT idx, round(score::numeric, 4) AS score FROM rerank('q', ARRAY['a', 'd', 'e', 'f'], 'best'::regproc, 'setwise_heap', first_stage => '{10,9,2,NULL}', blend => 0.4);
SELECT idx, score FROM rerank('q', ARRAY['a', NULL, 'e'], 'grades'::regproc, first_stage => '{5,9,7}', blend => 0);

-- ---- a budget
SELECT idx, rank, score, calls FROM rerank('q', :docs, 'grades'::regproc, k => 4, batch => 3, max_calls => 1);
SELECT protocol, string_agg(chr(96 + idx), '' ORDER BY rank) AS ranking, min(calls) AS calls, count(score) AS scores
FROM (VALUES ('pointwise', 'grades'::regproc), ('groupwise', 'grades'::regproc), ('setwise_heap', 'best'::regproc), ('setwise_bubble', 'best'::regproc),
    ('pairwise_heap', 'beats'), ('listwise', 'sorted'::regproc), ('eliminate', 'worst'::regproc)) v (protocol, fn),
    rerank('q', :docs, fn, protocol, max_calls => 0) GROUP BY protocol ORDER BY protocol;
SELECT string_agg(chr(96 + idx), '' ORDER BY rank), min(calls) FROM rerank('q', :docs, 'best'::regproc, 'setwise_heap', 3, fanout => 3, max_calls => 6);

-- ---- other types of documents
CREATE FUNCTION closeness(query vector, docs vector[]) RETURNS real[] LANGUAGE sql IMMUTABLE AS
    $$ SELECT array_agg((-(query <-> d))::real ORDER BY o) FROM unnest(docs) WITH ORDINALITY u (d, o) $$;
SELECT idx, round(score::numeric, 4) AS score FROM rerank('[1,1]'::vector, ARRAY['[5,1]', '[1,2]', '[1,1]']::vector[], 'closeness(vector,vector[])');
-- Documents of several vectors each.
CREATE DOMAIN token_vectors AS vector[];
CREATE FUNCTION late(query vector[], docs token_vectors[]) RETURNS real[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg((SELECT sum(m) FROM (SELECT max(-(q <#> v)) AS m FROM unnest(query) q, unnest(d::vector[]) v GROUP BY q) s)::real ORDER BY o)
    FROM unnest(docs) WITH ORDINALITY u (d, o) $$;
SELECT idx, round(score::numeric, 4) AS score FROM rerank(ARRAY['[1,0]', '[0,1]']::vector[],
    ARRAY[ARRAY['[0.1,0.1]']::vector[]::token_vectors, ARRAY['[0.8,0.6]', '[0.6,-0.8]']::vector[]::token_vectors], 'late'::regproc);
-- A polymorphic judge learns its types; varchar is text.
CREATE FUNCTION longest(query anyelement, docs anyarray) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
    $$ BEGIN RETURN (SELECT o FROM unnest(docs) WITH ORDINALITY u (d, o) ORDER BY length(d::text) DESC, o LIMIT 1); END $$;
SELECT idx FROM rerank('q', ARRAY['a', 'ccc', 'bb']::varchar[], 'longest'::regproc, 'setwise_heap') ORDER BY rank;
SELECT idx FROM rerank(1, ARRAY[10, 2000, 300], 'longest'::regproc, 'setwise_heap') ORDER BY rank;
-- Any shape and any lower bound of the array.
SELECT string_agg(idx::text, ' ' ORDER BY rank) FROM rerank('q', '[5:7]={c,h,e}'::text[], 'grades'::regproc);
SELECT string_agg(idx::text, ' ' ORDER BY rank) FROM rerank('q', '{{c,h},{e,a}}'::text[], 'grades'::regproc);

-- ---- costs
SELECT protocol, c.* FROM (VALUES ('pointwise'), ('groupwise'), ('setwise_heap'), ('setwise_bubble'), ('pairwise_heap'), ('listwise'), ('eliminate')) v (protocol),
    rerank_cost(protocol, 100, 10) c;
SELECT fanout, calls, docs_shown FROM (VALUES (3), (9), (19)) v (fanout), rerank_cost('setwise_bubble', 100, 10, fanout => fanout);
SELECT protocol, (rerank_cost(protocol, 0)).calls, (rerank_cost(protocol, 1)).calls FROM (VALUES ('pointwise'), ('setwise_heap'), ('listwise'), ('eliminate')) v (protocol);
SELECT (rerank_cost('eliminate', 10000000)).*;

-- ---- a perfect judge, 200 lists of up to 60 documents: exact, at most the cost; and 200 of an erratic one
CREATE TABLE lists AS
SELECT i, 1 + (hashint4(i) & 63) % 60 AS n, 1 + (hashint4(i + 1000) & 31) AS k, (ARRAY['pointwise', 'groupwise', 'setwise_heap',
    'setwise_bubble', 'pairwise_heap', 'listwise', 'eliminate'])[1 + i % 7] AS protocol FROM generate_series(1, 200) i;
INSERT INTO gold SELECT 'n' || i, hashint4(i + 77) FROM generate_series(1, 60) i;
ALTER TABLE lists ADD docs text[];
UPDATE lists SET docs = (SELECT array_agg('n' || j ORDER BY hashint4(i * 100 + j)) FROM generate_series(1, n) j);
SELECT l.protocol, count(*) AS lists, bool_and(r.docs = truth.docs) AS exact, bool_and(r.calls <= c.calls) AS within, bool_and(r.calls = c.calls OR NOT c.exact) AS equal
FROM lists l, LATERAL (SELECT array_agg(l.docs[idx] ORDER BY rank) AS docs, max(calls) AS calls FROM rerank('q', l.docs,
        CASE WHEN protocol IN ('pointwise', 'groupwise') THEN 'grades' WHEN protocol = 'pairwise_heap' THEN 'beats'
            WHEN protocol = 'listwise' THEN 'sorted' WHEN protocol = 'eliminate' THEN 'worst' ELSE 'best' END::regproc, protocol, k, passes => 4)) r,
    LATERAL (SELECT array_agg(doc ORDER BY grade DESC) AS docs FROM (SELECT * FROM gold WHERE doc = ANY (l.docs) ORDER BY grade DESC LIMIT l.k) t) truth,
    rerank_cost(protocol, n, k, passes => 4) c
GROUP BY l.protocol ORDER BY l.protocol;
CREATE FUNCTION erratic(query text, docs text[]) RETURNS integer LANGUAGE sql IMMUTABLE AS
    $$ SELECT nullif(hashtext(array_to_string(docs, ' ')) % (cardinality(docs) + 3), 2) $$;
CREATE FUNCTION erratics(query text, docs text[]) RETURNS integer[] LANGUAGE sql IMMUTABLE AS
    $$ SELECT array_agg(nullif(hashtext(d || cardinality(docs)) % (cardinality(docs) + 3), 2)) FROM unnest(docs) d $$;
SELECT p, count(*) AS lists, bool_and(rows = n AND found = n) AS complete, bool_or(repairs > 0) AS repaired
FROM lists, (VALUES ('setwise_heap', 'erratic'::regproc), ('setwise_bubble', 'erratic'), ('eliminate', 'erratic'), ('listwise', 'erratics')) v (p, fn),
    LATERAL (SELECT count(*) AS rows, count(DISTINCT idx) AS found, max(repairs) AS repairs FROM rerank('q', docs, fn, p, votes => 2, win => 7, step => 3)) r
GROUP BY p ORDER BY p;

-- ---- it composes: filters, joins, cursors, several calls at once
SELECT idx FROM rerank('q', :docs, 'grades'::regproc) WHERE score > 5 AND idx <> 2 ORDER BY rank;
BEGIN;
DECLARE c CURSOR FOR SELECT idx, rank FROM rerank('q', :docs, 'grades'::regproc) ORDER BY rank;
FETCH 2 FROM c;
COMMIT;
SELECT (rerank('q', ARRAY['a', 'b'], 'grades'::regproc)).idx, (rerank('q', ARRAY['a', 'b'], 'best'::regproc, 'setwise_heap')).idx AS again;
-- A judge that writes, and one that reranks in its turn.
CREATE TABLE calls (n integer);
CREATE FUNCTION logged(query text, docs text[]) RETURNS real[] LANGUAGE sql AS
    $$ INSERT INTO calls VALUES (cardinality(docs)); SELECT grades(query, docs) $$;
SELECT count(*) FROM rerank('q', :docs, 'logged'::regproc, batch => 3);
TABLE calls;
CREATE FUNCTION nested(query text, docs text[]) RETURNS integer LANGUAGE sql AS
    $$ SELECT idx FROM rerank(query, docs, 'grades'::regproc, k => 1) $$;
SELECT string_agg(chr(96 + idx), '' ORDER BY rank) FROM rerank('q', :docs, 'nested'::regproc, 'setwise_heap', 3);
DROP TABLE gold, lists, calls CASCADE;
DROP FUNCTION grades, grades8, best, worst, beats, sorted, same, closeness, late, longest, erratic, erratics, logged, nested;
DROP DOMAIN token_vectors;

-- eval_join: the join that every ranking metric needs, checked. PL/pgSQL because it is nothing but
-- SQL over tables and columns that are named by the caller.

CREATE FUNCTION eval_join(
    run regclass,
    qrels regclass,
    system_column name DEFAULT NULL,
    qid_column name DEFAULT 'qid',
    docid_column name DEFAULT 'docid',
    rank_column name DEFAULT 'rank',
    score_column name DEFAULT NULL,
    rel_column name DEFAULT 'rel',
    complete boolean DEFAULT true,
    OUT system text,
    OUT qid text,
    OUT docid text,
    OUT rel double precision,
    OUT rank bigint)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    needed record;
    system_value text := '''''::text';
    rank_value text;
    retrieved text;
    judged text;
    bad record;
BEGIN
    IF run IS NULL OR qrels IS NULL OR complete IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'run, qrels and complete must not be null';
    END IF;
    FOR needed IN SELECT n.relation, n.wanted, n.argument, c.columns, c.found
        FROM (VALUES (run, qid_column, 'qid_column', true),
                (run, docid_column, 'docid_column', true),
                (run, rank_column, 'rank_column', score_column IS NULL),
                (run, score_column, 'score_column', score_column IS NOT NULL),
                (run, system_column, 'system_column', system_column IS NOT NULL),
                (qrels, qid_column, 'qid_column', true),
                (qrels, docid_column, 'docid_column', true),
                (qrels, rel_column, 'rel_column', true)) n(relation, wanted, argument, used),
            LATERAL (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns,
                         bool_or(attname = n.wanted) AS found
                     FROM pg_attribute WHERE attrelid = n.relation AND attnum > 0 AND NOT attisdropped) c
        WHERE n.used AND c.found IS NOT TRUE
    LOOP
        IF needed.wanted IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
                MESSAGE = format('%s must not be null', needed.argument);
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'undefined_column',
            MESSAGE = format('relation %s has no column %I', needed.relation, needed.wanted),
            DETAIL = format('Its columns are: %s.', needed.columns),
            HINT = format('Name another one with %s => ''...''.', needed.argument);
    END LOOP;
    -- Text would sort as text, true and false as 1 and 0, NaN before every number, and a rank of 1.4
    -- would be rounded to the rank of another document.
    FOR needed IN SELECT n.relation, n.wanted, n.whole, n.finite, t.typcategory, format_type(t.oid, NULL) AS type
        FROM (VALUES (run, coalesce(score_column, rank_column), score_column IS NULL, score_column IS NULL),
                (qrels, rel_column, false, true)) n(relation, wanted, whole, finite)
            JOIN pg_attribute a ON a.attrelid = n.relation AND a.attname = n.wanted AND a.attnum > 0
            JOIN pg_type t ON t.oid = a.atttypid
    LOOP
        IF needed.typcategory <> 'N' THEN
            RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch',
                MESSAGE = format('column %I of relation %s is of type %s', needed.wanted, needed.relation, needed.type),
                DETAIL = 'Ranks, scores and judgements are numbers.',
                HINT = 'Make a view that casts the column.';
        END IF;
        EXECUTE format('SELECT x.qid, x.docid, x.value, true AS found
            FROM (SELECT r.%1$I::text AS qid, r.%2$I::text AS docid, r.%3$I::numeric AS value FROM %4$s r) x
            WHERE x.value = ''NaN'' OR %5$L AND abs(x.value) = ''Infinity'' OR %6$L AND trunc(x.value) <> x.value LIMIT 1',
            qid_column, docid_column, needed.wanted, needed.relation, needed.finite, needed.whole)
            INTO bad;
        IF bad.found THEN
            RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('column %I of relation %s holds %s', needed.wanted, needed.relation, bad.value),
                DETAIL = format('Query %s, document %s.', coalesce(bad.qid, 'NULL'), coalesce(bad.docid, 'NULL')),
                HINT = CASE WHEN needed.whole THEN 'Ranks are whole numbers from 1. A column of scores is named with score_column => ''...''.'
                    WHEN needed.finite THEN 'A document that was not judged has no row here.'
                    ELSE 'NaN cannot be ranked: leave such rows out.' END;
        END IF;
    END LOOP;
    IF system_column IS NOT NULL THEN
        system_value := format('r.%I::text COLLATE "C"', system_column);
    END IF;
    rank_value := format('r.%I::bigint', rank_column);
    IF score_column IS NOT NULL THEN
        -- trec_eval's order: by score, equal scores by document name, both descending. The query's
        -- text makes the partition, as it makes the group later: 1.0 and 1.00 are equal numbers.
        rank_value := format(
            'CASE WHEN r.%1$I IS NOT NULL THEN row_number() OVER (PARTITION BY %2$s, r.%3$I::text COLLATE "C" ORDER BY r.%1$I DESC, r.%4$I::text COLLATE "C" DESC) END',
            score_column, system_value, qid_column, docid_column);
    END IF;
    retrieved := format(
        'SELECT %s AS system, r.%I::text COLLATE "C" AS qid, r.%I::text COLLATE "C" AS docid, %s AS rank FROM %s r',
        system_value, qid_column, docid_column, rank_value, run);
    judged := format(
        'SELECT j.%I::text COLLATE "C" AS qid, j.%I::text COLLATE "C" AS docid, j.%I::double precision AS rel FROM %s j',
        qid_column, docid_column, rel_column, qrels);

    EXECUTE format('SELECT x.qid, x.docid, true AS found FROM (%s) x WHERE x.qid IS NULL OR x.docid IS NULL OR x.rank IS NULL OR x.system IS NULL LIMIT 1', retrieved)
        INTO bad;
    IF bad.found THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
            MESSAGE = format('%s has a row with a null', run),
            DETAIL = format('Query %s, document %s.', coalesce(bad.qid, 'NULL'), coalesce(bad.docid, 'NULL')),
            HINT = 'System, query, document, and rank or score must not be null.';
    END IF;
    EXECUTE format('SELECT x.qid, x.docid, true AS found FROM (%s) x WHERE x.qid IS NULL OR x.docid IS NULL OR x.rel IS NULL LIMIT 1', judged)
        INTO bad;
    IF bad.found THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
            MESSAGE = format('%s has a row with a null', qrels),
            DETAIL = format('Query %s, document %s.', coalesce(bad.qid, 'NULL'), coalesce(bad.docid, 'NULL')),
            HINT = 'A document that was not judged has no row here.';
    END IF;
    EXECUTE format('SELECT x.qid, x.docid, true AS found FROM (%s) x GROUP BY x.system, x.qid, x.docid HAVING count(*) > 1 ORDER BY 1, 2 LIMIT 1', retrieved)
        INTO bad;
    IF bad.found THEN
        RAISE EXCEPTION USING ERRCODE = 'cardinality_violation',
            MESSAGE = format('%s lists document %s of query %s twice', run, bad.docid, bad.qid),
            HINT = 'When it holds several systems or stages, name their column with system_column => ''...''.';
    END IF;
    EXECUTE format('SELECT x.qid, x.docid, true AS found FROM (%s) x GROUP BY x.qid, x.docid HAVING count(*) > 1 ORDER BY 1, 2 LIMIT 1', judged)
        INTO bad;
    IF bad.found THEN
        RAISE EXCEPTION USING ERRCODE = 'cardinality_violation',
            MESSAGE = format('%s judges document %s of query %s twice', qrels, bad.docid, bad.qid),
            HINT = 'Keep one judgement per query and document.';
    END IF;

    -- The judgements are crossed with the systems before the full join: a relevant document that a
    -- system did not retrieve must count against that system.
    RETURN QUERY EXECUTE format($q$
        WITH r AS MATERIALIZED (%1$s), j AS MATERIALIZED (%2$s),
            judged AS (SELECT s.system, j.qid, j.docid, j.rel
                       FROM (SELECT DISTINCT r.system%3$s FROM r) s JOIN j ON %4$s)
        SELECT %5$s, x.qid, x.docid, x.rel, x.rank
        FROM (SELECT system, qid, docid, judged.rel, r.rank
              FROM r FULL JOIN judged USING (system, qid, docid)) x
        WHERE x.qid IN (SELECT j.qid FROM j)$q$,
        retrieved, judged,
        CASE WHEN complete THEN '' ELSE ', r.qid' END,
        CASE WHEN complete THEN 'true' ELSE 'j.qid = s.qid' END,
        CASE WHEN system_column IS NULL THEN 'NULL::text' ELSE 'x.system' END);
END $$;
COMMENT ON FUNCTION eval_join(regclass, regclass, name, name, name, name, name, name, boolean) IS
    'rows (system, qid, docid, rel, rank) for the ranking metrics, from a run (qid, docid, rank or score, and a system or stage) and its judgements (qid, docid, rel): their full join, the judgements crossed with the systems; queries without judgements are dropped, judged queries that a system did not answer count unless complete is false (trec_eval -c); error on missing columns, nulls and duplicates';

-- What docs/tuning.md shows; bench/tuning.sh loads the tables word (24,000 rows) and query (1,000). Run as
-- superuser: CPU seconds, of all threads of a build, are read from /proc. Seconds belong to the machine;
-- recall, pages and bytes are repeatable up to the timing of build threads.
SET client_min_messages = warning;
SET maintenance_work_mem = '256MB';
CREATE TEMP TABLE result (
    part text, what text, seconds float8, megabytes numeric, recall numeric, p5 numeric, minimum numeric, pages numeric
);

-- CPU seconds that this backend and its threads have used; Linux counts them in hundredths.
CREATE FUNCTION pg_temp.cpu() RETURNS float8 LANGUAGE sql VOLATILE AS $$
    SELECT (f[12]::bigint + f[13]::bigint) / 100.0::float8
    FROM (SELECT string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', ''), ' ') AS f) s
$$;

-- Measures index `idx` with all queries at the current ef_search.
CREATE FUNCTION pg_temp.measure(part text, what text, idx regclass, seconds float8 DEFAULT NULL) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO result SELECT part, what, seconds, pg_relation_size(idx) / 1e6, recall_mean, recall_p5, recall_min, pages_mean
    FROM vectorgraph_index_recall(idx, k => 10, queries => ARRAY(SELECT v FROM query ORDER BY id))
$$;

-- Builds index tuning_v on a table and measures it.
CREATE FUNCTION pg_temp.build(part text, what text, options text, tab text DEFAULT 'word') RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    since float8;
BEGIN
    DROP INDEX IF EXISTS tuning_v;
    since := pg_temp.cpu();
    EXECUTE format('CREATE INDEX tuning_v ON %s USING lid_hnsw (v) WITH (%s)', tab, options);
    PERFORM pg_temp.measure(part, what, 'tuning_v', pg_temp.cpu() - since);
END $$;

CREATE FUNCTION pg_temp.show(wanted text) RETURNS TABLE (setting text, cpu_s numeric, mb numeric, "recall@10" numeric,
    p5 numeric, minimum numeric, pages numeric) LANGUAGE sql AS $$
    SELECT what, round(seconds::numeric, 1), round(megabytes, 1), round(recall, 4), round(r.p5, 2), round(r.minimum, 2),
        round(r.pages) FROM result r WHERE part = wanted
$$;

\echo '--- bytes per row: 2,000 random rows per dimension'
CREATE TEMP TABLE bytes (dims integer, m integer, storage text, links integer, per_page integer, index_bytes integer, table_bytes integer);
CREATE FUNCTION pg_temp.size(dims integer, m integer) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    EXECUTE format('CREATE TABLE sized (v vector(%s))', dims);
    EXECUTE format('INSERT INTO sized SELECT array_agg(random())::vector FROM generate_series(1, 2000) i, generate_series(1, %s) j GROUP BY i', dims);
    EXECUTE format('CREATE INDEX sized_v ON sized USING lid_hnsw (v vector_l2_ops) WITH (m = %s)', m);
    INSERT INTO bytes SELECT dims, m, s.storage, s.link_capacity, s.slots_per_page, s.bytes / 2000, pg_table_size('sized') / 2000
        FROM vectorgraph_index_stats('sized_v') s;
    DROP TABLE sized;
END $$;
SELECT pg_temp.size(dims, m) FROM unnest('{3,100,384,768,1536,2000}'::integer[]) dims, unnest('{8,16,32}'::integer[]) m \g /dev/null
SELECT * FROM bytes ORDER BY dims, m;

\echo '--- how hard the data is, and how exact a recall from these queries'
CREATE INDEX tuning_v ON word USING lid_hnsw (v);
SELECT round(dimension_mle::numeric, 1) AS dimension_mle, round(lid_p50::numeric, 1) AS lid_p50, build_order, reason
FROM lid_profile('word', 'v', metric => 'cosine');
SELECT recall_mean, ci_low, ci_high FROM vectorgraph_index_recall('tuning_v', queries => ARRAY(SELECT v FROM query ORDER BY id));

\echo '--- m, at ef_construction 64 (2 m where that is more) and ef_search 40'
SELECT pg_temp.build('m', format('m %s', m), format('m = %s, ef_construction = %s', m, greatest(64, 2 * m)))
FROM unnest('{8,16,24,32,48}'::integer[]) m \g /dev/null
SELECT * FROM pg_temp.show('m');

\echo '--- ef_construction, at m 16 and ef_search 40'
SELECT pg_temp.build('efc', format('ef_construction %s', e), format('ef_construction = %s', e))
FROM unnest('{32,64,128,256}'::integer[]) e \g /dev/null
SELECT * FROM pg_temp.show('efc');

\echo '--- build_order'
SELECT pg_temp.build('order', format('build_order %s', o), format('build_order = %s', o))
FROM unnest('{random,auto,lid}'::text[]) o \g /dev/null
SELECT * FROM pg_temp.show('order');

\echo '--- maintenance_work_mem'
SELECT pg_temp.build('memory', set_config('maintenance_work_mem', memory, false), 'm = 16')
FROM unnest('{4MB,16MB,32MB,64MB,256MB}'::text[]) memory \g /dev/null
SELECT * FROM pg_temp.show('memory');

\echo '--- ef_search, at the default options'
SELECT pg_temp.measure('ef', format('ef_search %s', set_config('lid_hnsw.ef_search', e, false)), 'tuning_v')
FROM unnest('{10,20,40,80,160,320,640}'::text[]) e \g /dev/null
RESET lid_hnsw.ef_search;
SELECT setting, "recall@10", p5, minimum, pages FROM pg_temp.show('ef');

-- A build's need of memory per row: rows that fitted into 8 MB more.
\echo '--- maintenance_work_mem per row, at m 16'
CREATE TEMP TABLE need (dims integer, mb integer, held bigint);
CREATE FUNCTION pg_temp.need(dims integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    mb integer;
BEGIN
    EXECUTE format('CREATE TABLE sized (v vector(%s))', dims);
    EXECUTE format('INSERT INTO sized SELECT array_agg(random())::vector
        FROM generate_series(1, %s) i, generate_series(1, %s) j GROUP BY i', 16000000 / (12 * dims + 700), dims);
    FOREACH mb IN ARRAY '{8,16}'::integer[] LOOP
        PERFORM set_config('maintenance_work_mem', mb || 'MB', true);
        CREATE INDEX sized_v ON sized USING lid_hnsw (v vector_l2_ops);
        INSERT INTO need SELECT dims, mb, nodes - inserted_since_build FROM vectorgraph_index_stats('sized_v');
        DROP INDEX sized_v;
    END LOOP;
    DROP TABLE sized;
END $$;
SELECT pg_temp.need(dims) FROM unnest('{3,100,384,768,1536,2000}'::integer[]) dims \g /dev/null
SELECT dims, 8 * 1048576 / (max(held) - min(held)) AS bytes_per_row FROM need GROUP BY 1 ORDER BY 1;

\echo '--- filters: buffers and milliseconds per query, through the index and by sequential scan (20 queries)'
DROP INDEX tuning_v;
ALTER TABLE word ADD share float8;
UPDATE word SET share = (hashint4(id) & 65535) / 65536.0;
VACUUM (FULL, ANALYZE) word;
CREATE INDEX tuning_v ON word USING lid_hnsw (v);
CREATE TEMP TABLE filtered (one_in integer, way text, buffers float8, ms float8, chosen text);
CREATE FUNCTION pg_temp.filter(one_in integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    q record;
    statement text := format('SELECT id FROM word WHERE share < %s ORDER BY v <=> $1 LIMIT 10', 1.0 / one_in);
    plan json;
    way text;
BEGIN
    FOREACH way IN ARRAY ARRAY['index', 'sequential', 'planner'] LOOP
        PERFORM set_config('enable_seqscan', CASE way WHEN 'index' THEN 'off' ELSE 'on' END, true),
            set_config('enable_indexscan', CASE way WHEN 'sequential' THEN 'off' ELSE 'on' END, true);
        FOR q IN SELECT * FROM query ORDER BY id LIMIT 20 LOOP
            EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || statement INTO plan USING q.v;
            INSERT INTO filtered VALUES (one_in, way, (plan->0->'Plan'->>'Shared Hit Blocks')::float8
                + (plan->0->'Plan'->>'Shared Read Blocks')::float8, (plan->0->>'Execution Time')::float8,
                CASE WHEN plan::text LIKE '%Index Scan%' THEN 'index' ELSE 'sequential' END);
        END LOOP;
    END LOOP;
END $$;
SET max_parallel_workers_per_gather = 0;
SELECT pg_temp.filter(n) FROM unnest('{1,2,10,100,1000}'::integer[]) n \g /dev/null
SELECT one_in, round(avg(buffers) FILTER (WHERE way = 'index')) AS index_buffers,
    round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE way = 'index'))::numeric, 2) AS index_ms,
    round(avg(buffers) FILTER (WHERE way = 'sequential')) AS seq_buffers,
    round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE way = 'sequential'))::numeric, 2) AS seq_ms,
    min(chosen) FILTER (WHERE way = 'planner') AS planner_takes
FROM filtered GROUP BY 1 ORDER BY 1;
RESET enable_seqscan;
RESET enable_indexscan;

\echo '--- duplicates: the same 24,000 rows, from 2,400 distinct vectors'
CREATE TABLE copies AS SELECT w.id, d.v FROM (SELECT id, row_number() OVER (ORDER BY id) n FROM word) w
    JOIN (SELECT v, row_number() OVER (ORDER BY id) n FROM word) d ON d.n = (w.n - 1) % 2400 + 1;
SELECT pg_temp.build('duplicates', 'distinct', 'm = 16') \g /dev/null
SELECT pg_temp.build('duplicates', 'ten of each', 'm = 16', 'copies') \g /dev/null
SELECT * FROM pg_temp.show('duplicates');
DROP TABLE copies;

\echo '--- bulk load against inserts, and a rebuild'
CREATE TABLE grown (id integer, v vector(100));
CREATE INDEX grown_v ON grown USING lid_hnsw (v);
CREATE FUNCTION pg_temp.grow(what text, idx regclass, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    since float8 := pg_temp.cpu();
BEGIN
    EXECUTE statement;
    PERFORM pg_temp.measure('grow', what, idx, pg_temp.cpu() - since);
END $$;
SELECT pg_temp.build('grow', 'CREATE INDEX on 24,000 rows', 'm = 16') \g /dev/null
SELECT pg_temp.grow('24,000 rows inserted one by one', 'grown_v', 'INSERT INTO grown SELECT id, v FROM word') \g /dev/null
DROP TABLE grown;
CREATE TABLE grown AS SELECT id, v FROM word WHERE hashint4(id) % 2 = 0;
CREATE INDEX grown_v ON grown USING lid_hnsw (v);
SELECT pg_temp.grow('half built, half inserted', 'grown_v', 'INSERT INTO grown SELECT id, v FROM word WHERE hashint4(id) % 2 <> 0') \g /dev/null
SELECT pg_temp.grow('the same after REINDEX', 'grown_v', 'REINDEX INDEX grown_v') \g /dev/null
DELETE FROM grown WHERE hashint4(id) % 10 IN (1, 2, 3, -1, -2, -3);
VACUUM grown;
SELECT pg_temp.measure('grow', 'after deleting 30 % and VACUUM', 'grown_v') \g /dev/null
SELECT nodes, dead_nodes, free_slots, unreachable, inserted_since_build, removed_since_build FROM vectorgraph_index_stats('grown_v');
SELECT pg_temp.grow('the same after REINDEX', 'grown_v', 'REINDEX INDEX grown_v') \g /dev/null
SELECT * FROM pg_temp.show('grow');

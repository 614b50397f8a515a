-- How far builds and vacuums are, from the parameters that page/progress.cpp sets: 18 the share in
-- millionths, 19 the kind of work, 20 the index, and for a vacuum 15 to 17 phase and counts.

CREATE FUNCTION vectorgraph_progress(OUT pid integer, OUT database name, OUT command text, OUT "table" text, OUT index text,
        OUT phase text, OUT share double precision, OUT rows_done bigint, OUT rows_total bigint) RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 2 COST 100
BEGIN ATOMIC
    WITH work AS (
        SELECT s.pid, s.datid, s.relid, s.param20 AS index, s.param19 AS kind,
            (ARRAY['CREATE INDEX', 'CREATE INDEX CONCURRENTLY', 'REINDEX', 'REINDEX CONCURRENTLY'])[s.param1] AS command,
            -- Phases of the server; 2 is the build, whose own phases the access method names.
            CASE s.param10
                WHEN 1 THEN 'waiting for writers before build'
                WHEN 2 THEN pg_catalog.pg_indexam_progress_phasename(
                    (SELECT m.oid FROM pg_catalog.pg_am m WHERE m.amname = CASE s.param19 WHEN 2 THEN 'cur' ELSE 'lid_hnsw' END), s.param11)
                WHEN 3 THEN 'waiting for writers before validation'
                WHEN 4 THEN 'validating: reading index'
                WHEN 5 THEN 'validating: sorting rows'
                WHEN 6 THEN 'validating: reading table'
                ELSE 'waiting for old transactions'
            END AS phase,
            -- The last tenth of a concurrent build is its validation. Partitions count alike.
            ((CASE WHEN s.param1 = ANY ('{2,4}'::bigint[]) THEN
                CASE WHEN s.param10 <= 2 THEN 0.9::double precision * s.param18::double precision / 1e6::double precision
                    WHEN s.param10 = 3 THEN 0.9::double precision
                    WHEN s.param10 < 6 THEN 0.92::double precision
                    WHEN s.param10 = 6 THEN 0.94::double precision +
                        0.06::double precision * s.param17::double precision / GREATEST(s.param16, s.param17, 1)::double precision
                    ELSE 1::double precision END
                ELSE s.param18::double precision / 1e6::double precision END)
                + s.param15::double precision) / GREATEST(s.param14, 1)::double precision AS share,
            s.param13 AS done, s.param12 AS total
        FROM pg_catalog.pg_stat_get_progress_info('CREATE INDEX') s WHERE s.param19 = ANY ('{1,2}'::bigint[])
        UNION ALL
        SELECT s.pid, s.datid, s.relid, s.param20, s.param19, 'VACUUM',
            (ARRAY['forgetting deleted rows', 'waiting for inserts', 'choosing lists anew', 'mending links', 'mending neighbor lists', 'linking orphans', 'freeing space'])[s.param15],
            s.param18::double precision / 1e6::double precision, s.param16, s.param17
        FROM pg_catalog.pg_stat_get_progress_info('VACUUM') s WHERE s.param19 = 3
            AND s.param1 = ANY ('{2,4}'::bigint[]))
    -- The names of another database are not known here.
    SELECT w.pid, d.datname, w.command,
        CASE WHEN d.datname = pg_catalog.current_database() THEN w.relid::pg_catalog.regclass::pg_catalog.text END,
        CASE WHEN d.datname = pg_catalog.current_database() THEN w.index::pg_catalog.oid::pg_catalog.regclass::pg_catalog.text END,
        w.phase, LEAST(w.share, 1::double precision), CASE WHEN w.total > 0 THEN LEAST(w.done, w.total) END, NULLIF(w.total, 0)
    FROM work w JOIN pg_catalog.pg_database d ON d.oid = w.datid;
END;
COMMENT ON FUNCTION vectorgraph_progress() IS
    'builds and vacuums of this extension''s indexes that are at work in the whole cluster: phase, rows of the phase that are done and all of them, and the share of the whole work, which only grows, 0 to 1; a vacuum''s is that of one pass over one index; table and index are null for another database; reads as pg_stat_progress_create_index does';

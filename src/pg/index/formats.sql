-- Which format the indexes of this extension have on disk.

CREATE FUNCTION vectorgraph_index_format(index regclass, OUT format integer, OUT current_format integer)
    AS 'MODULE_PATHNAME', 'vg_index_format' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION vectorgraph_index_format(regclass) IS
    'disk format of a lid_hnsw, semantic_graph or cur index, and the one that this release reads; null where there is none to read';

-- A function of rows, not a view: tools that compare a schema with a model (drizzle-kit, for one) list its
-- tables and views, and would drop what they do not know. Access methods are known by their handlers,
-- which are functions of the same library. The body is parsed here, once: no search_path changes it.
CREATE FUNCTION vectorgraph_indexes(OUT schema name, OUT "table" name, OUT index name, OUT index_oid oid, OUT access_method name,
        OUT class name, OUT bytes bigint, OUT rows bigint, OUT format integer, OUT current_format integer, OUT state text, OUT advice text)
    RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 10 COST 1000
BEGIN ATOMIC
    WITH listed AS (
        SELECT n.nspname, t.relname AS table_name, i.relname, i.oid, m.amname, c.opcname, i.reltuples, x.indisvalid, f.format, f.current_format,
            pg_catalog.format('%I.%I', tn.nspname, t.relname) AS full_table, pg_catalog.format('%I.%I', n.nspname, i.relname) AS full_index
        FROM pg_catalog.pg_class i
            JOIN pg_catalog.pg_am m ON m.oid OPERATOR(pg_catalog.=) i.relam
            JOIN pg_catalog.pg_proc h ON h.oid OPERATOR(pg_catalog.=) m.amhandler
            JOIN pg_catalog.pg_proc o ON o.oid OPERATOR(pg_catalog.=) 'vectorgraph_index_format(regclass)'::pg_catalog.regprocedure
                AND o.probin OPERATOR(pg_catalog.=) h.probin
            JOIN pg_catalog.pg_index x ON x.indexrelid OPERATOR(pg_catalog.=) i.oid
            JOIN pg_catalog.pg_opclass c ON c.oid OPERATOR(pg_catalog.=) x.indclass[0]
            JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) x.indrelid
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) i.relnamespace
            JOIN pg_catalog.pg_namespace tn ON tn.oid OPERATOR(pg_catalog.=) t.relnamespace
            CROSS JOIN LATERAL @extschema@.vectorgraph_index_format(i.oid) f
        WHERE i.relkind OPERATOR(pg_catalog.=) 'i')
    SELECT l.nspname, l.table_name, l.relname, l.oid, l.amname, l.opcname, pg_catalog.pg_relation_size(l.oid),
        -- As of the last build, VACUUM or ANALYZE; -1 is for not counted yet.
        CASE WHEN l.reltuples OPERATOR(pg_catalog.>=) 0 THEN l.reltuples::pg_catalog.int8 END, l.format, l.current_format,
        CASE
            WHEN l.format OPERATOR(pg_catalog.<>) l.current_format THEN 'needs REINDEX'
            WHEN NOT l.indisvalid THEN 'invalid'
            WHEN l.format IS NULL THEN 'unknown'
            ELSE 'ready'
        END,
        CASE
            WHEN l.format OPERATOR(pg_catalog.<) l.current_format THEN pg_catalog.concat('REINDEX INDEX CONCURRENTLY ', l.full_index)
            WHEN l.format OPERATOR(pg_catalog.>) l.current_format THEN 'install the release that made it, or REINDEX'
            WHEN NOT l.indisvalid THEN pg_catalog.concat('a build did not finish: DROP INDEX ', l.full_index, ' and create it again, or REINDEX it')
            WHEN l.reltuples OPERATOR(pg_catalog.<) 0 THEN pg_catalog.concat('ANALYZE ', l.full_table)
        END
    FROM listed l;
END;
COMMENT ON FUNCTION vectorgraph_indexes() IS
    'all indexes of this extension''s access methods: operator class, size, rows as last counted, disk format, whether they are ready or need a REINDEX, and what to do (null for nothing)';

-- Which format the indexes of this extension have on disk.

CREATE FUNCTION vectorgraph_index_format(index regclass, OUT format integer, OUT current_format integer)
    AS 'MODULE_PATHNAME', 'vg_index_format' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION vectorgraph_index_format(regclass) IS
    'disk format of a lid_hnsw, semantic_graph or cur index, and the one that this release reads; null where there is none to read';

-- A function of rows, not a view: tools that compare a schema with a model (drizzle-kit, for one) list its
-- tables and views, and would drop what they do not know. Access methods are known by their handlers,
-- which are functions of the same library. The body is parsed here, once: no search_path changes it.
CREATE FUNCTION vectorgraph_indexes(OUT schema name, OUT "table" name, OUT index name, OUT index_oid oid, OUT access_method name,
        OUT bytes bigint, OUT format integer, OUT current_format integer, OUT state text) RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 10 COST 1000
BEGIN ATOMIC
    SELECT n.nspname, t.relname, i.relname, i.oid, m.amname, pg_catalog.pg_relation_size(i.oid), f.format, f.current_format,
        CASE
            WHEN f.format OPERATOR(pg_catalog.<>) f.current_format THEN 'needs REINDEX'
            WHEN NOT x.indisvalid THEN 'invalid'
            WHEN f.format IS NULL THEN 'unknown'
            ELSE 'ready'
        END
    FROM pg_catalog.pg_class i
        JOIN pg_catalog.pg_am m ON m.oid OPERATOR(pg_catalog.=) i.relam
        JOIN pg_catalog.pg_proc h ON h.oid OPERATOR(pg_catalog.=) m.amhandler
        JOIN pg_catalog.pg_proc o ON o.oid OPERATOR(pg_catalog.=) 'vectorgraph_index_format(regclass)'::pg_catalog.regprocedure
            AND o.probin OPERATOR(pg_catalog.=) h.probin
        JOIN pg_catalog.pg_index x ON x.indexrelid OPERATOR(pg_catalog.=) i.oid
        JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) x.indrelid
        JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) i.relnamespace
        CROSS JOIN LATERAL @extschema@.vectorgraph_index_format(i.oid) f
    WHERE i.relkind OPERATOR(pg_catalog.=) 'i';
END;
COMMENT ON FUNCTION vectorgraph_indexes() IS
    'all indexes of this extension''s access methods: size, disk format, and whether they are ready or need a REINDEX';

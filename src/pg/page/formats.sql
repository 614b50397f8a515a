-- Which format the indexes of this extension have on disk.

CREATE FUNCTION vectorgraph_index_format(index regclass, OUT format integer, OUT current_format integer)
    AS 'MODULE_PATHNAME', 'vg_index_format' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION vectorgraph_index_format(regclass) IS
    'disk format of a lid_hnsw, semantic_graph or cur index, and the one that this release reads; null where there is none to read';

-- Access methods are known by their handlers, which are functions of the same library.
CREATE VIEW vectorgraph_indexes AS
    SELECT n.nspname AS schema, t.relname AS "table", i.relname AS index, i.oid AS index_oid, m.amname AS access_method,
        pg_catalog.pg_relation_size(i.oid) AS bytes, f.format, f.current_format,
        CASE
            WHEN f.format OPERATOR(pg_catalog.<>) f.current_format THEN 'needs REINDEX'
            WHEN NOT x.indisvalid THEN 'invalid'
            WHEN f.format IS NULL THEN 'unknown'
            ELSE 'ready'
        END AS state
    FROM pg_catalog.pg_class i
        JOIN pg_catalog.pg_am m ON m.oid OPERATOR(pg_catalog.=) i.relam
        JOIN pg_catalog.pg_proc h ON h.oid OPERATOR(pg_catalog.=) m.amhandler
        JOIN pg_catalog.pg_proc o ON o.oid OPERATOR(pg_catalog.=) 'vectorgraph_index_format(regclass)'::pg_catalog.regprocedure
            AND o.probin OPERATOR(pg_catalog.=) h.probin
        JOIN pg_catalog.pg_index x ON x.indexrelid OPERATOR(pg_catalog.=) i.oid
        JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) x.indrelid
        JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) i.relnamespace
        CROSS JOIN LATERAL vectorgraph_index_format(i.oid) f
    WHERE i.relkind OPERATOR(pg_catalog.=) 'i';
COMMENT ON VIEW vectorgraph_indexes IS
    'all indexes of this extension''s access methods: size, disk format, and whether they are ready or need a REINDEX';
GRANT SELECT ON vectorgraph_indexes TO PUBLIC;

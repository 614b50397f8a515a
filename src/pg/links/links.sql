-- Link sets: which tables hold links between the rows of a semantic_graph index. Names, not text of
-- queries: they survive dump and restore, and what is run is built by the extension. The indexed
-- table and the role that registered are kept as OIDs (pg_dump writes their names): another table or
-- role of the same name inherits nothing. The index is found by its name within that table, because
-- REINDEX CONCURRENTLY gives it a new OID, and pg_dump makes indexes after these rows.

CREATE TABLE _vectorgraph.semantic_graph_link_set (
    indexed_table pg_catalog.regclass NOT NULL,
    index_name pg_catalog.text NOT NULL,
    table_schema pg_catalog.text NOT NULL,
    table_name pg_catalog.text NOT NULL,
    source_column pg_catalog.text NOT NULL,
    target_column pg_catalog.text NOT NULL,
    weight_column pg_catalog.text,
    kind_column pg_catalog.text,
    directed pg_catalog.bool NOT NULL,
    label pg_catalog.text NOT NULL,
    registered_by pg_catalog.regrole NOT NULL,
    PRIMARY KEY (indexed_table, index_name, table_schema, table_name, source_column, target_column)
);
COMMENT ON TABLE _vectorgraph.semantic_graph_link_set IS
    'tables registered by semantic_graph_add_links as links between rows of semantic_graph indexes; read it with semantic_graph_links';
GRANT SELECT ON _vectorgraph.semantic_graph_link_set TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('_vectorgraph.semantic_graph_link_set', '');

CREATE FUNCTION semantic_graph_add_links(
    index regclass, link_table regclass, source name, target name, weight name DEFAULT NULL,
    kind name DEFAULT NULL, directed boolean DEFAULT false, label text DEFAULT NULL) RETURNS void
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_add_links' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION semantic_graph_add_links(regclass, regclass, name, name, name, name, boolean, text) IS
    'registers a table or view as links between rows of a semantic_graph index: source and target are columns of keys, weight (a number >= 0, NULL 1, 0 no link) and kind are columns too; without kind all links are of the kind label, by default the name of the table, or of target where the table is the indexed one; owner of the indexed table only; a view or a table with row-level security must belong to him, to a superuser or to whoever asks, because reading it runs its code; errors: 42501 such a view of somebody else, 42703 unknown column, 42804 wrong type';

CREATE FUNCTION semantic_graph_drop_links(
    index regclass, link_table regclass DEFAULT NULL, source name DEFAULT NULL,
    target name DEFAULT NULL) RETURNS bigint
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_drop_links' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION semantic_graph_drop_links(regclass, regclass, name, name) IS
    'removes link sets of a semantic_graph index: those of one table, or all of them; returns how many; owner of the indexed table only';

CREATE FUNCTION semantic_graph_links(index regclass)
    RETURNS TABLE (link_table regclass, source text, target text, weight text, kind text,
        directed boolean, label text)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_links' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION semantic_graph_links(regclass) IS
    'link sets of a semantic_graph index, in the order in which they are read';

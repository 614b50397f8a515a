-- Link sets: which tables hold links between the rows of a semantic_graph index. Names, not text of
-- queries: they survive dump and restore, and what is run is built by the extension.

CREATE TABLE semantic_graph_link_set (
    index_schema text NOT NULL,
    index_name text NOT NULL,
    table_schema text NOT NULL,
    table_name text NOT NULL,
    source_column text NOT NULL,
    target_column text NOT NULL,
    weight_column text,
    kind_column text,
    directed boolean NOT NULL,
    label text NOT NULL,
    PRIMARY KEY (index_schema, index_name, table_schema, table_name, source_column, target_column)
);
COMMENT ON TABLE semantic_graph_link_set IS
    'tables registered by semantic_graph_add_links as links between rows of semantic_graph indexes; read it with semantic_graph_links';
GRANT SELECT ON semantic_graph_link_set TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('semantic_graph_link_set', '');

CREATE FUNCTION semantic_graph_add_links(
    index regclass, link_table regclass, source name, target name, weight name DEFAULT NULL,
    kind name DEFAULT NULL, directed boolean DEFAULT false, label text DEFAULT NULL) RETURNS void
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_add_links' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION semantic_graph_add_links(regclass, regclass, name, name, name, name, boolean, text) IS
    'registers a table or view as links between rows of a semantic_graph index: source and target are columns of keys, weight (a number >= 0, NULL 1, 0 no link) and kind are columns too; without kind all links are of the kind label, by default the name of the table, or of target where the table is the indexed one; owner of the indexed table only; errors: 42703 unknown column, 42804 wrong type';

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

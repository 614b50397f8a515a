-- Link sets of 0.1.0 named their index; those of today have the table, and the role that registered, which
-- was the owner of the table or a superuser. A set whose index is gone binds nothing and is left out.
DO $$
DECLARE
    lost pg_catalog.int8;
BEGIN
    INSERT INTO _vectorgraph.semantic_graph_link_set
    SELECT x.indrelid, s.index_name, s.table_schema, s.table_name, s.source_column, s.target_column, s.weight_column, s.kind_column,
        s.directed, s.label, t.relowner
    FROM @extschema@.semantic_graph_link_set s
        JOIN pg_catalog.pg_namespace n ON n.nspname OPERATOR(pg_catalog.=) s.index_schema
        JOIN pg_catalog.pg_class i ON i.relnamespace OPERATOR(pg_catalog.=) n.oid AND i.relname OPERATOR(pg_catalog.=) s.index_name
        JOIN pg_catalog.pg_index x ON x.indexrelid OPERATOR(pg_catalog.=) i.oid
        JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) x.indrelid;
    SELECT (SELECT pg_catalog.count(*) FROM @extschema@.semantic_graph_link_set) OPERATOR(pg_catalog.-)
        (SELECT pg_catalog.count(*) FROM _vectorgraph.semantic_graph_link_set) INTO lost;
    IF lost OPERATOR(pg_catalog.>) 0 THEN
        RAISE WARNING '% link sets of indexes that do not exist any more are left out', lost;
    END IF;
END $$;
-- Only this takes a table off the list of those that pg_dump writes with their rows.
ALTER EXTENSION vectorgraph DROP TABLE @extschema@.semantic_graph_link_set;
DROP TABLE @extschema@.semantic_graph_link_set;

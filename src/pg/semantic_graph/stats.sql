-- How good is the graph?

CREATE FUNCTION semantic_graph_stats(
    index regclass,
    sample integer DEFAULT 200,
    seed bigint DEFAULT 0,
    OUT nodes bigint,
    OUT rows bigint,
    OUT keys bigint,
    OUT key_type text,
    OUT k integer,
    OUT edge_weight text,
    OUT edges bigint,
    OUT list_length_mean double precision,
    OUT list_length_min integer,
    OUT similarity_mean double precision,
    OUT in_degree_max bigint,
    OUT in_degree_zero bigint,
    OUT in_degree_skew double precision,
    OUT sampled integer,
    OUT mutual double precision,
    OUT list_recall double precision,
    OUT list_recall_min double precision,
    OUT wrong_entries bigint,
    OUT unfound_keys bigint,
    OUT bucket_generations integer)
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION semantic_graph_stats(regclass, integer, bigint) IS
    'figures about the graph of a semantic_graph index: lists, in-degrees (Radovanovic et al. 2010), and for a sample of nodes the recall of their lists against exact neighbors, 0 to 1';

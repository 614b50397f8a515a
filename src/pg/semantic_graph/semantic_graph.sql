-- Access method semantic_graph and its operator classes for type vector. The support functions are
-- those of lid_hnsw.

CREATE FUNCTION _vectorgraph.semantic_graph_handler(internal) RETURNS index_am_handler
    AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION _vectorgraph.semantic_graph_handler(internal) IS 'handler of index access method semantic_graph';

CREATE ACCESS METHOD semantic_graph TYPE INDEX HANDLER _vectorgraph.semantic_graph_handler;
COMMENT ON ACCESS METHOD semantic_graph IS
    'lid_hnsw with true nearest neighbor lists and the keys of the rows: a graph to walk';

CREATE OPERATOR CLASS vector_cosine_ops DEFAULT FOR TYPE vector USING semantic_graph AS
    OPERATOR 1 <=> (vector, vector) FOR ORDER BY float_ops,
    FUNCTION 1 (vector, vector) _vectorgraph.lid_hnsw_cosine_metric(internal);
COMMENT ON OPERATOR FAMILY vector_cosine_ops USING semantic_graph IS 'cosine distance';
COMMENT ON OPERATOR CLASS vector_cosine_ops USING semantic_graph IS 'cosine distance, operator <=>';
CREATE OPERATOR CLASS vector_l2_ops FOR TYPE vector USING semantic_graph AS
    OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
    FUNCTION 1 (vector, vector) _vectorgraph.lid_hnsw_l2_metric(internal);
COMMENT ON OPERATOR FAMILY vector_l2_ops USING semantic_graph IS 'Euclidean distance';
COMMENT ON OPERATOR CLASS vector_l2_ops USING semantic_graph IS 'Euclidean distance, operator <->';
CREATE OPERATOR CLASS vector_ip_ops FOR TYPE vector USING semantic_graph AS
    OPERATOR 1 <#> (vector, vector) FOR ORDER BY float_ops,
    FUNCTION 1 (vector, vector) _vectorgraph.lid_hnsw_ip_metric(internal);
COMMENT ON OPERATOR FAMILY vector_ip_ops USING semantic_graph IS 'negative inner product';
COMMENT ON OPERATOR CLASS vector_ip_ops USING semantic_graph IS
    'negative inner product, operator <#>';
CREATE OPERATOR CLASS vector_l1_ops FOR TYPE vector USING semantic_graph AS
    OPERATOR 1 <+> (vector, vector) FOR ORDER BY float_ops,
    FUNCTION 1 (vector, vector) _vectorgraph.lid_hnsw_l1_metric(internal);
COMMENT ON OPERATOR FAMILY vector_l1_ops USING semantic_graph IS 'taxicab distance';
COMMENT ON OPERATOR CLASS vector_l1_ops USING semantic_graph IS 'taxicab distance, operator <+>';

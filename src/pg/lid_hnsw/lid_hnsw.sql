-- Access method lid_hnsw and its operator classes for type vector.

CREATE FUNCTION _vectorgraph.lid_hnsw_handler(internal) RETURNS index_am_handler
    AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION _vectorgraph.lid_hnsw_handler(internal) IS 'handler of index access method lid_hnsw';

CREATE ACCESS METHOD lid_hnsw TYPE INDEX HANDLER _vectorgraph.lid_hnsw_handler;
COMMENT ON ACCESS METHOD lid_hnsw IS
    'HNSW graph built in order of local intrinsic dimensionality; one page read per hop';

CREATE FUNCTION _vectorgraph.lid_hnsw_l2_metric(internal) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.lid_hnsw_l2_metric(internal) IS 'lid_hnsw support: Euclidean distance';
CREATE FUNCTION _vectorgraph.lid_hnsw_ip_metric(internal) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.lid_hnsw_ip_metric(internal) IS 'lid_hnsw support: negative inner product';
CREATE FUNCTION _vectorgraph.lid_hnsw_cosine_metric(internal) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.lid_hnsw_cosine_metric(internal) IS 'lid_hnsw support: cosine distance';
CREATE FUNCTION _vectorgraph.lid_hnsw_l1_metric(internal) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.lid_hnsw_l1_metric(internal) IS 'lid_hnsw support: taxicab distance';

CREATE OPERATOR CLASS vector_cosine_ops DEFAULT FOR TYPE vector USING lid_hnsw AS
    OPERATOR 1 <=> (vector, vector) FOR ORDER BY float_ops,
    FUNCTION 1 (vector, vector) _vectorgraph.lid_hnsw_cosine_metric(internal);
COMMENT ON OPERATOR FAMILY vector_cosine_ops USING lid_hnsw IS 'cosine distance';
COMMENT ON OPERATOR CLASS vector_cosine_ops USING lid_hnsw IS 'cosine distance, operator <=>';
CREATE OPERATOR CLASS vector_l2_ops FOR TYPE vector USING lid_hnsw AS
    OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
    FUNCTION 1 (vector, vector) _vectorgraph.lid_hnsw_l2_metric(internal);
COMMENT ON OPERATOR FAMILY vector_l2_ops USING lid_hnsw IS 'Euclidean distance';
COMMENT ON OPERATOR CLASS vector_l2_ops USING lid_hnsw IS 'Euclidean distance, operator <->';
CREATE OPERATOR CLASS vector_ip_ops FOR TYPE vector USING lid_hnsw AS
    OPERATOR 1 <#> (vector, vector) FOR ORDER BY float_ops,
    FUNCTION 1 (vector, vector) _vectorgraph.lid_hnsw_ip_metric(internal);
COMMENT ON OPERATOR FAMILY vector_ip_ops USING lid_hnsw IS 'negative inner product';
COMMENT ON OPERATOR CLASS vector_ip_ops USING lid_hnsw IS
    'negative inner product, operator <#>';
CREATE OPERATOR CLASS vector_l1_ops FOR TYPE vector USING lid_hnsw AS
    OPERATOR 1 <+> (vector, vector) FOR ORDER BY float_ops,
    FUNCTION 1 (vector, vector) _vectorgraph.lid_hnsw_l1_metric(internal);
COMMENT ON OPERATOR FAMILY vector_l1_ops USING lid_hnsw IS 'taxicab distance';
COMMENT ON OPERATOR CLASS vector_l1_ops USING lid_hnsw IS 'taxicab distance, operator <+>';

-- Diversity of result lists and health of embedding columns: aggregates over vectors and subtopics.

CREATE TYPE pca_model AS (
    mean vector,
    components vector[],
    variances double precision[],
    total_variance double precision);
COMMENT ON TYPE pca_model IS
    'principal components made by pca: mean, unit components by falling variance, their variances, variance of all dimensions together';

-- ---- states
CREATE FUNCTION _vectorgraph.vectorgraph_unit_sums_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_unit_sums_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_unit_sums_combine(internal, internal) IS
    'combines two states of mean_similarity';
CREATE FUNCTION _vectorgraph.vectorgraph_unit_sums_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'vg_unit_sums_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_unit_sums_serialize(internal) IS
    'state of mean_similarity to bytes, for parallel workers';
CREATE FUNCTION _vectorgraph.vectorgraph_unit_sums_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_unit_sums_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_unit_sums_deserialize(bytea, internal) IS
    'bytes to state of mean_similarity, for parallel workers';
CREATE FUNCTION _vectorgraph.vectorgraph_gram_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_gram_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_gram_combine(internal, internal) IS
    'combines two states of the spectral aggregates';
CREATE FUNCTION _vectorgraph.vectorgraph_gram_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'vg_gram_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_gram_serialize(internal) IS
    'state of the spectral aggregates to bytes, for parallel workers';
CREATE FUNCTION _vectorgraph.vectorgraph_gram_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_gram_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_gram_deserialize(bytea, internal) IS
    'bytes to state of the spectral aggregates, for parallel workers';
CREATE FUNCTION _vectorgraph.vectorgraph_unit_sums(internal, vector) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_unit_sums' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_unit_sums(internal, vector) IS
    'adds a row to the state of mean_similarity';
CREATE FUNCTION _vectorgraph.vectorgraph_gram(internal, vector) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_gram' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_gram(internal, vector) IS
    'adds a row to the state of the spectral aggregates';
CREATE FUNCTION _vectorgraph.vectorgraph_unit_gram(internal, vector) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_unit_gram' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_unit_gram(internal, vector) IS
    'adds a row to the state of vendi_score';
CREATE FUNCTION _vectorgraph.vectorgraph_gram_k(internal, vector, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_gram_k' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_gram_k(internal, vector, integer) IS
    'adds a row to the state of pca';
CREATE FUNCTION _vectorgraph.vectorgraph_cover(internal, vector, bigint, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_cover' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_cover(internal, vector, bigint, integer) IS
    'adds a row to the state of coverage';
CREATE FUNCTION _vectorgraph.vectorgraph_sample(internal, vector, double precision[]) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_sample' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_sample(internal, vector, double precision[]) IS
    'adds a row to the state of similarity_quantiles';
CREATE FUNCTION _vectorgraph.vectorgraph_sample(internal, vector, double precision[], bigint) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_sample' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_sample(internal, vector, double precision[], bigint) IS
    'adds a row to the state of similarity_quantiles';
CREATE FUNCTION _vectorgraph.vectorgraph_topics(internal, text[], bigint, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_topics' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_topics(internal, text[], bigint, integer) IS
    'adds a row to the state of alpha_ndcg_at and s_recall_at';
CREATE FUNCTION _vectorgraph.vectorgraph_topics(internal, text[], bigint, integer, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_topics' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_topics(internal, text[], bigint, integer, double precision) IS
    'adds a row to the state of alpha_ndcg_at';
CREATE FUNCTION _vectorgraph.vectorgraph_mean_similarity_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_mean_similarity' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_mean_similarity_final(internal) IS
    'result of mean_similarity';
CREATE FUNCTION _vectorgraph.vectorgraph_intra_list_diversity_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_intra_list_diversity' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_intra_list_diversity_final(internal) IS
    'result of intra_list_diversity';
CREATE FUNCTION _vectorgraph.vectorgraph_coverage_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_coverage' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_coverage_final(internal) IS
    'result of coverage';
CREATE FUNCTION _vectorgraph.vectorgraph_similarity_quantiles_final(internal) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_similarity_quantiles' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_similarity_quantiles_final(internal) IS
    'result of similarity_quantiles';
CREATE FUNCTION _vectorgraph.vectorgraph_alpha_ndcg_at_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_alpha_ndcg_at' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_alpha_ndcg_at_final(internal) IS
    'result of alpha_ndcg_at';
CREATE FUNCTION _vectorgraph.vectorgraph_s_recall_at_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_s_recall_at' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_s_recall_at_final(internal) IS
    'result of s_recall_at';
CREATE FUNCTION _vectorgraph.vectorgraph_rankme_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_rankme' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_rankme_final(internal) IS
    'result of rankme';
CREATE FUNCTION _vectorgraph.vectorgraph_stable_rank_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_stable_rank' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_stable_rank_final(internal) IS
    'result of stable_rank';
CREATE FUNCTION _vectorgraph.vectorgraph_participation_ratio_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_participation_ratio' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_participation_ratio_final(internal) IS
    'result of participation_ratio';
CREATE FUNCTION _vectorgraph.vectorgraph_vendi_score_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_vendi_score' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_vendi_score_final(internal) IS
    'result of vendi_score';
CREATE FUNCTION _vectorgraph.vectorgraph_pca_final(internal) RETURNS pca_model
    AS 'MODULE_PATHNAME', 'vg_pca' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_pca_final(internal) IS
    'result of pca';

-- ---- diversity
CREATE AGGREGATE alpha_ndcg_at(subtopics text[], rank bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_topics, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_alpha_ndcg_at_final,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE alpha_ndcg_at(text[], bigint, integer) IS
    'alpha-nDCG of the top k with alpha 0.5, 0 to 1 (Clarke et al. 2008, ideal by greedy choice as ndeval); one row per document, subtopics NULL = not judged, rank NULL = not retrieved; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE alpha_ndcg_at(subtopics text[], rank bigint, k integer, alpha double precision) (
    SFUNC = _vectorgraph.vectorgraph_topics, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_alpha_ndcg_at_final,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE alpha_ndcg_at(text[], bigint, integer, double precision) IS
    'alpha-nDCG of the top k, alpha 0 to 1: 0 does not punish repetition, 1 counts a subtopic once (Clarke et al. 2008); one row per document, subtopics NULL = not judged, rank NULL = not retrieved; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE s_recall_at(subtopics text[], rank bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_topics, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_s_recall_at_final,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE s_recall_at(text[], bigint, integer) IS
    'share of all subtopics that the top k covers (Zhai et al. 2003; ndeval strec); one row per document, subtopics NULL = not judged, rank NULL = not retrieved; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE intra_list_diversity(v vector) (
    SFUNC = _vectorgraph.vectorgraph_unit_sums, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_intra_list_diversity_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_unit_sums_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_unit_sums_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_unit_sums_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE intra_list_diversity(vector) IS
    'mean of 1 - cosine similarity over all pairs, 0 to 2 (Smyth and McClave 2001); NULL for fewer than two vectors, error on zero vectors and mixed dimensions';
CREATE AGGREGATE coverage(v vector, rank bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_cover, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_coverage_final,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE coverage(vector, bigint, integer) IS
    'how well the vectors of rank <= k represent all: mean over all rows of the cosine similarity to the nearest of them, 0 to 1 (facility location value per row); rank NULL = not selected; error on zero vectors';
CREATE AGGREGATE vendi_score(v vector) (
    SFUNC = _vectorgraph.vectorgraph_unit_gram, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_vendi_score_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_gram_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_gram_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_gram_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE vendi_score(vector) IS
    'effective number of distinct vectors, 1 to n: exp of the entropy of the eigenvalues of the cosine similarity matrix (Friedman and Dieng 2023); error on zero vectors and mixed dimensions';

-- ---- health of an embedding column
CREATE AGGREGATE mean_similarity(v vector) (
    SFUNC = _vectorgraph.vectorgraph_unit_sums, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_mean_similarity_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_unit_sums_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_unit_sums_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_unit_sums_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE mean_similarity(vector) IS
    'anisotropy: mean cosine similarity over all pairs of rows, exact, in one pass (Ethayarajh 2019); NULL for fewer than two vectors, error on zero vectors and mixed dimensions';
CREATE AGGREGATE similarity_quantiles(v vector, fractions double precision[]) (
    SFUNC = _vectorgraph.vectorgraph_sample, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_similarity_quantiles_final,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE similarity_quantiles(vector, double precision[]) IS
    'quantiles of the cosine similarity over all pairs of rows, for fractions 0 to 1; from a random sample of 500 rows where there are more; NULL for fewer than two vectors, error on zero vectors';
CREATE AGGREGATE similarity_quantiles(v vector, fractions double precision[], seed bigint) (
    SFUNC = _vectorgraph.vectorgraph_sample, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_similarity_quantiles_final,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE similarity_quantiles(vector, double precision[], bigint) IS
    'quantiles of the cosine similarity over all pairs of rows, for fractions 0 to 1; from a random sample of 500 rows where there are more, drawn with the seed';
CREATE AGGREGATE rankme(v vector) (
    SFUNC = _vectorgraph.vectorgraph_gram, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_rankme_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_gram_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_gram_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_gram_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE rankme(vector) IS
    'effective rank, 1 to min(rows, dimensions): exp of the entropy of the normalised singular values (Garrido et al. 2023); rows are not centred; NULL without rows or for zero vectors alone, error on mixed dimensions';
CREATE AGGREGATE stable_rank(v vector) (
    SFUNC = _vectorgraph.vectorgraph_gram, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_stable_rank_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_gram_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_gram_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_gram_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE stable_rank(vector) IS
    'sum of the squared singular values over the largest of them (Rudelson and Vershynin 2007); rows are not centred; NULL without rows or for zero vectors alone, error on mixed dimensions';
CREATE AGGREGATE participation_ratio(v vector) (
    SFUNC = _vectorgraph.vectorgraph_gram, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_participation_ratio_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_gram_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_gram_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_gram_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE participation_ratio(vector) IS
    'squared sum of the squared singular values over the sum of their squares; rows are not centred; NULL without rows or for zero vectors alone, error on mixed dimensions';

-- ---- principal components
CREATE AGGREGATE pca(v vector, k integer) (
    SFUNC = _vectorgraph.vectorgraph_gram_k, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_pca_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_gram_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_gram_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_gram_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE pca(vector, integer) IS
    'the k principal components of the centred rows as a pca_model, by falling variance, component of largest magnitude positive; NULL for fewer than two rows, error on mixed dimensions and k above the number of dimensions';
CREATE FUNCTION pca_project(v vector, model pca_model) RETURNS vector
    AS 'MODULE_PATHNAME', 'vg_pca_project' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pca_project(vector, pca_model) IS
    'coordinates of v, less the mean of the model, along the principal components of the model: a vector of k dimensions; error when v has other dimensions than the model';

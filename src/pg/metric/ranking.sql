-- Ranking metrics: aggregates over the documents of one query, (rel, rank, ...) from
-- `run FULL JOIN qrels`; see eval_join. Plain aggregates take neither defaults nor named arguments,
-- hence one aggregate per number of arguments. The functions that combine and move states are in
-- compare.sql, which comes first in the install script.

-- ---- states
CREATE FUNCTION _vectorgraph.vectorgraph_judge(internal, double precision, bigint) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge(internal, double precision, bigint) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge(internal, double precision, bigint, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge(internal, double precision, bigint, double precision) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_rel(internal, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_rel' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_rel(internal, double precision) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_rel(internal, double precision, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_rel' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_rel(internal, double precision, double precision) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_k(internal, double precision, bigint, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_k' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_k(internal, double precision, bigint, integer) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_k(internal, double precision, bigint, integer, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_k' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_k(internal, double precision, bigint, integer, double precision) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_k_gain(internal, double precision, bigint, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_k_gain' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_k_gain(internal, double precision, bigint, integer) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_k_gain(internal, double precision, bigint, integer, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_k_gain' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_k_gain(internal, double precision, bigint, integer, text) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_k_norm(internal, double precision, bigint, integer, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_k_norm' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_k_norm(internal, double precision, bigint, integer, text) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_k_norm(internal, double precision, bigint, integer, text, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_k_norm' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_k_norm(internal, double precision, bigint, integer, text, double precision) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_k_grade(internal, double precision, bigint, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_k_grade' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_k_grade(internal, double precision, bigint, integer) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_k_grade(internal, double precision, bigint, integer, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_k_grade' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_k_grade(internal, double precision, bigint, integer, double precision) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_persistence(internal, double precision, bigint, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_persistence' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_persistence(internal, double precision, bigint, double precision) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_persistence(internal, double precision, bigint, double precision, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_persistence' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_persistence(internal, double precision, bigint, double precision, text) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_judge_persistence(internal, double precision, bigint, double precision, text, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_judge_persistence' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_judge_persistence(internal, double precision, bigint, double precision, text, double precision) IS
    'adds a row to the state of ranking metrics';
CREATE FUNCTION _vectorgraph.vectorgraph_dcg_at_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_dcg_at' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_dcg_at_final(internal) IS
    'result of dcg_at';
CREATE FUNCTION _vectorgraph.vectorgraph_ndcg_at_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_ndcg_at' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_ndcg_at_final(internal) IS
    'result of ndcg_at';
CREATE FUNCTION _vectorgraph.vectorgraph_ap_at_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_ap_at' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_ap_at_final(internal) IS
    'result of ap_at';
CREATE FUNCTION _vectorgraph.vectorgraph_rr_at_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_rr_at' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_rr_at_final(internal) IS
    'result of rr_at';
CREATE FUNCTION _vectorgraph.vectorgraph_precision_at_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_precision_at' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_precision_at_final(internal) IS
    'result of precision_at';
CREATE FUNCTION _vectorgraph.vectorgraph_recall_at_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_recall_at' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_recall_at_final(internal) IS
    'result of recall_at';
CREATE FUNCTION _vectorgraph.vectorgraph_success_at_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_success_at' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_success_at_final(internal) IS
    'result of success_at';
CREATE FUNCTION _vectorgraph.vectorgraph_hits_at_final(internal) RETURNS bigint
    AS 'MODULE_PATHNAME', 'vg_hits_at' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_hits_at_final(internal) IS
    'result of hits_at';
CREATE FUNCTION _vectorgraph.vectorgraph_num_relevant_final(internal) RETURNS bigint
    AS 'MODULE_PATHNAME', 'vg_num_relevant' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_num_relevant_final(internal) IS
    'result of num_relevant';
CREATE FUNCTION _vectorgraph.vectorgraph_rbp_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_rbp' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_rbp_final(internal) IS
    'result of rbp';
CREATE FUNCTION _vectorgraph.vectorgraph_bpref_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_bpref' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_bpref_final(internal) IS
    'result of bpref';
CREATE FUNCTION _vectorgraph.vectorgraph_err_at_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_err_at' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_err_at_final(internal) IS
    'result of err';

-- ---- aggregates
CREATE AGGREGATE dcg_at(rel double precision, rank bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_judge_k_gain, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_dcg_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE dcg_at(double precision, bigint, integer) IS
    'discounted cumulative gain of the top k, sum of gain / log2(rank + 1) (Jarvelin and Kekalainen 2002), gain = rel; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE dcg_at(rel double precision, rank bigint, k integer, gain text) (
    SFUNC = _vectorgraph.vectorgraph_judge_k_gain, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_dcg_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE dcg_at(double precision, bigint, integer, text) IS
    'discounted cumulative gain of the top k, sum of gain / log2(rank + 1) (Jarvelin and Kekalainen 2002), gain linear (rel) or exp (2^rel - 1); rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE ndcg_at(rel double precision, rank bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_judge_k_gain, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_ndcg_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE ndcg_at(double precision, bigint, integer) IS
    'normalised discounted cumulative gain of the top k, 0 to 1, as trec_eval ndcg_cut, gain = rel; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE ndcg_at(rel double precision, rank bigint, k integer, gain text) (
    SFUNC = _vectorgraph.vectorgraph_judge_k_gain, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_ndcg_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE ndcg_at(double precision, bigint, integer, text) IS
    'normalised discounted cumulative gain of the top k, 0 to 1, gain linear (rel) or exp (2^rel - 1, Burges et al. 2005); rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE ap_at(rel double precision, rank bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_judge_k, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_ap_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE ap_at(double precision, bigint, integer) IS
    'average precision of the top k divided by all relevant documents, as trec_eval map_cut, relevant = rel >= 1; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE ap_at(rel double precision, rank bigint, k integer, norm text) (
    SFUNC = _vectorgraph.vectorgraph_judge_k_norm, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_ap_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE ap_at(double precision, bigint, integer, text) IS
    'average precision of the top k divided by R relevant documents (norm R) or min(R, k) (norm min_r_k); rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE ap_at(rel double precision, rank bigint, k integer, norm text, rel_threshold double precision) (
    SFUNC = _vectorgraph.vectorgraph_judge_k_norm, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_ap_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE ap_at(double precision, bigint, integer, text, double precision) IS
    'average precision of the top k, norm R or min_r_k, relevant = rel >= rel_threshold; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE rr_at(rel double precision, rank bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_judge_k, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_rr_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE rr_at(double precision, bigint, integer) IS
    'reciprocal rank of the first relevant document in the top k, else 0; its mean is MRR@k, relevant = rel >= 1; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE rr_at(rel double precision, rank bigint, k integer, rel_threshold double precision) (
    SFUNC = _vectorgraph.vectorgraph_judge_k, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_rr_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE rr_at(double precision, bigint, integer, double precision) IS
    'reciprocal rank of the first relevant document in the top k, else 0; its mean is MRR@k, relevant = rel >= rel_threshold; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE precision_at(rel double precision, rank bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_judge_k, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_precision_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE precision_at(double precision, bigint, integer) IS
    'share of the top k that is relevant, as trec_eval P, relevant = rel >= 1; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE precision_at(rel double precision, rank bigint, k integer, rel_threshold double precision) (
    SFUNC = _vectorgraph.vectorgraph_judge_k, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_precision_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE precision_at(double precision, bigint, integer, double precision) IS
    'share of the top k that is relevant, as trec_eval P, relevant = rel >= rel_threshold; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE recall_at(rel double precision, rank bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_judge_k, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_recall_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE recall_at(double precision, bigint, integer) IS
    'share of the relevant documents that is in the top k, as trec_eval recall, relevant = rel >= 1; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE recall_at(rel double precision, rank bigint, k integer, rel_threshold double precision) (
    SFUNC = _vectorgraph.vectorgraph_judge_k, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_recall_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE recall_at(double precision, bigint, integer, double precision) IS
    'share of the relevant documents that is in the top k, as trec_eval recall, relevant = rel >= rel_threshold; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE success_at(rel double precision, rank bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_judge_k, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_success_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE success_at(double precision, bigint, integer) IS
    '1 when a relevant document is in the top k, else 0, as trec_eval success, relevant = rel >= 1; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE success_at(rel double precision, rank bigint, k integer, rel_threshold double precision) (
    SFUNC = _vectorgraph.vectorgraph_judge_k, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_success_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE success_at(double precision, bigint, integer, double precision) IS
    '1 when a relevant document is in the top k, else 0, as trec_eval success, relevant = rel >= rel_threshold; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE hits_at(rel double precision, rank bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_judge_k, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_hits_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE hits_at(double precision, bigint, integer) IS
    'number of relevant documents in the top k, relevant = rel >= 1; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE hits_at(rel double precision, rank bigint, k integer, rel_threshold double precision) (
    SFUNC = _vectorgraph.vectorgraph_judge_k, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_hits_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE hits_at(double precision, bigint, integer, double precision) IS
    'number of relevant documents in the top k, relevant = rel >= rel_threshold; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE num_relevant(rel double precision) (
    SFUNC = _vectorgraph.vectorgraph_judge_rel, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_num_relevant_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE num_relevant(double precision) IS
    'number of judged documents with rel >= 1; NULL without judgements';
CREATE AGGREGATE num_relevant(rel double precision, rel_threshold double precision) (
    SFUNC = _vectorgraph.vectorgraph_judge_rel, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_num_relevant_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE num_relevant(double precision, double precision) IS
    'number of judged documents with rel >= rel_threshold; NULL without judgements';
CREATE AGGREGATE rbp(rel double precision, rank bigint, p double precision) (
    SFUNC = _vectorgraph.vectorgraph_judge_persistence, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_rbp_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE rbp(double precision, bigint, double precision) IS
    'rank-biased precision with persistence p between 0 and 1 over the whole ranking (Moffat and Zobel 2008), relevant = rel >= 1; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE rbp(rel double precision, rank bigint, p double precision, gain text) (
    SFUNC = _vectorgraph.vectorgraph_judge_persistence, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_rbp_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE rbp(double precision, bigint, double precision, text) IS
    'rank-biased precision with persistence p between 0 and 1 over the whole ranking (Moffat and Zobel 2008), gain binary (rel >= 1) or linear (rel); rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE rbp(rel double precision, rank bigint, p double precision, gain text, rel_threshold double precision) (
    SFUNC = _vectorgraph.vectorgraph_judge_persistence, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_rbp_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE rbp(double precision, bigint, double precision, text, double precision) IS
    'rank-biased precision with persistence p between 0 and 1 over the whole ranking (Moffat and Zobel 2008), gain binary (rel >= rel_threshold) or linear (rel); rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE bpref(rel double precision, rank bigint) (
    SFUNC = _vectorgraph.vectorgraph_judge, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_bpref_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE bpref(double precision, bigint) IS
    'binary preference, how few judged irrelevant documents stand before the relevant ones, as trec_eval bpref (Buckley and Voorhees 2004), relevant = rel >= 1; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE bpref(rel double precision, rank bigint, rel_threshold double precision) (
    SFUNC = _vectorgraph.vectorgraph_judge, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_bpref_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE bpref(double precision, bigint, double precision) IS
    'binary preference, how few judged irrelevant documents stand before the relevant ones, as trec_eval bpref (Buckley and Voorhees 2004), relevant = rel >= rel_threshold; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE err(rel double precision, rank bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_judge_k_grade, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_err_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE err(double precision, bigint, integer) IS
    'expected reciprocal rank of the top k (Chapelle et al. 2009), satisfaction (2^rel - 1) / 2^max_grade, max_grade 4 as gdeval, error on rel above it; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';
CREATE AGGREGATE err(rel double precision, rank bigint, k integer, max_grade double precision) (
    SFUNC = _vectorgraph.vectorgraph_judge_k_grade, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_err_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE err(double precision, bigint, integer, double precision) IS
    'expected reciprocal rank of the top k (Chapelle et al. 2009), satisfaction (2^rel - 1) / 2^max_grade, error on rel above max_grade; rows (rel, rank) of one query from run FULL JOIN qrels, rank NULL = not retrieved, rel NULL = not judged; NULL without judgements, error on duplicate or missing ranks';

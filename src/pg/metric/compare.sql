-- Comparing rankings, systems and columns: aggregates over pairs. Pairs with a NULL are left out,
-- except by overlap_at, where NULL means absent.

CREATE TYPE _vectorgraph.paired_t_result AS (
    n bigint,
    mean_difference double precision,
    t double precision,
    p double precision);
COMMENT ON TYPE _vectorgraph.paired_t_result IS
    'result of paired_t: pairs, mean of b - a, Student t, two-sided p; t and p NULL where undefined';

-- ---- states
CREATE FUNCTION _vectorgraph.vectorgraph_rows_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_rows_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_rows_combine(internal, internal) IS
    'combines two states of the evaluation aggregates';
CREATE FUNCTION _vectorgraph.vectorgraph_rows_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'vg_rows_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_rows_serialize(internal) IS
    'state of the evaluation aggregates to bytes, for parallel workers';
CREATE FUNCTION _vectorgraph.vectorgraph_rows_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_rows_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_rows_deserialize(bytea, internal) IS
    'bytes to state of the evaluation aggregates, for parallel workers';
CREATE FUNCTION _vectorgraph.vectorgraph_pair_numbers(internal, double precision, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_pair_numbers' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_pair_numbers(internal, double precision, double precision) IS
    'adds a row to the state of kendall_tau';
CREATE FUNCTION _vectorgraph.vectorgraph_pair_label(internal, double precision, boolean) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_pair_label' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_pair_label(internal, double precision, boolean) IS
    'adds a row to the state of auc';
CREATE FUNCTION _vectorgraph.vectorgraph_pair_ranks(internal, bigint, bigint, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_pair_ranks' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_pair_ranks(internal, bigint, bigint, integer) IS
    'adds a row to the state of overlap_at';
CREATE FUNCTION _vectorgraph.vectorgraph_pair_systems(internal, double precision, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_pair_systems' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_pair_systems(internal, double precision, double precision) IS
    'adds a row to the state of paired_t and randomization_test';
CREATE FUNCTION _vectorgraph.vectorgraph_pair_systems(internal, double precision, double precision, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_pair_systems' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_pair_systems(internal, double precision, double precision, integer) IS
    'adds a row to the state of randomization_test';
CREATE FUNCTION _vectorgraph.vectorgraph_pair_systems(internal, double precision, double precision, integer, bigint) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_pair_systems' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_pair_systems(internal, double precision, double precision, integer, bigint) IS
    'adds a row to the state of randomization_test';
CREATE FUNCTION _vectorgraph.vectorgraph_codes(internal, "any", "any") RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_codes' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_codes(internal, "any", "any") IS
    'adds a row to the state of mutual_info';
CREATE FUNCTION _vectorgraph.vectorgraph_codes(internal, "any", "any", bigint) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_codes' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_codes(internal, "any", "any", bigint) IS
    'adds a row to the state of mutual_info_corrected';
CREATE FUNCTION _vectorgraph.vectorgraph_kendall_tau_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_kendall_tau' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_kendall_tau_final(internal) IS
    'result of kendall_tau';
CREATE FUNCTION _vectorgraph.vectorgraph_auc_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_auc' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_auc_final(internal) IS
    'result of auc';
CREATE FUNCTION _vectorgraph.vectorgraph_overlap_at_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_overlap_at' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_overlap_at_final(internal) IS
    'result of overlap_at';
CREATE FUNCTION _vectorgraph.vectorgraph_paired_t_final(internal) RETURNS _vectorgraph.paired_t_result
    AS 'MODULE_PATHNAME', 'vg_paired_t' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_paired_t_final(internal) IS
    'result of paired_t';
CREATE FUNCTION _vectorgraph.vectorgraph_randomization_test_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_randomization_test' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_randomization_test_final(internal) IS
    'result of randomization_test';
CREATE FUNCTION _vectorgraph.vectorgraph_mutual_info_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_mutual_info' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_mutual_info_final(internal) IS
    'result of mutual_info';
CREATE FUNCTION _vectorgraph.vectorgraph_mutual_info_corrected_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_mutual_info_corrected' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_mutual_info_corrected_final(internal) IS
    'result of mutual_info_corrected';
CREATE FUNCTION _vectorgraph.vectorgraph_mutual_info_shuffled_final(internal) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_mutual_info_shuffled' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.vectorgraph_mutual_info_shuffled_final(internal) IS
    'result of mutual_info_corrected with a seed';

-- ---- aggregates
CREATE AGGREGATE kendall_tau(x double precision, y double precision) (
    SFUNC = _vectorgraph.vectorgraph_pair_numbers, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_kendall_tau_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE kendall_tau(double precision, double precision) IS
    'rank correlation tau-b of x and y, -1 to 1, ties allowed (Kendall 1945; Knight 1966); NULL for fewer than two pairs or a constant side; NaN and infinity raise an error';
CREATE AGGREGATE auc(score double precision, label boolean) (
    SFUNC = _vectorgraph.vectorgraph_pair_label, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_auc_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE auc(double precision, boolean) IS
    'area under the ROC curve: probability that a true row has a higher score than a false one, ties one half (Mann and Whitney 1947); NULL where one class is empty';
CREATE AGGREGATE overlap_at(rank_a bigint, rank_b bigint, k integer) (
    SFUNC = _vectorgraph.vectorgraph_pair_ranks, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_overlap_at_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE overlap_at(bigint, bigint, integer) IS
    'share of k that the top k of two rankings have in common, rows from a FULL JOIN b, rank NULL = not in that list; error on duplicate or missing ranks';
CREATE AGGREGATE paired_t(a double precision, b double precision) (
    SFUNC = _vectorgraph.vectorgraph_pair_systems, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_paired_t_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE paired_t(double precision, double precision) IS
    'Student paired t test of b - a, one row per query: n, mean difference, t, two-sided p (Gosset 1908); t and p NULL for fewer than two pairs or equal differences';
CREATE AGGREGATE randomization_test(a double precision, b double precision) (
    SFUNC = _vectorgraph.vectorgraph_pair_systems, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_randomization_test_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE randomization_test(double precision, double precision) IS
    'randomisation test of b - a, one row per query: two-sided p (Fisher 1935; Smucker et al. 2007), exact up to 16 pairs, else from 10000 seeded sign patterns';
CREATE AGGREGATE randomization_test(a double precision, b double precision, iterations integer) (
    SFUNC = _vectorgraph.vectorgraph_pair_systems, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_randomization_test_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE randomization_test(double precision, double precision, integer) IS
    'randomisation test of b - a, one row per query: two-sided p (Fisher 1935; Smucker et al. 2007), exact up to 16 pairs, else from that many seeded sign patterns';
CREATE AGGREGATE randomization_test(a double precision, b double precision, iterations integer, seed bigint) (
    SFUNC = _vectorgraph.vectorgraph_pair_systems, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_randomization_test_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE randomization_test(double precision, double precision, integer, bigint) IS
    'randomisation test of b - a, one row per query: two-sided p (Fisher 1935; Smucker et al. 2007), exact up to 16 pairs, else from that many sign patterns of the seed';
CREATE AGGREGATE mutual_info(x "any", y "any") (
    SFUNC = _vectorgraph.vectorgraph_codes, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_mutual_info_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE mutual_info("any", "any") IS
    'mutual information of two columns of any hashable types, in nats; grows with the number of distinct values even for noise, see mutual_info_corrected';
CREATE AGGREGATE mutual_info_corrected(x "any", y "any") (
    SFUNC = _vectorgraph.vectorgraph_codes, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_mutual_info_corrected_final,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE mutual_info_corrected("any", "any") IS
    'mutual information in nats, corrected for the number of distinct values of x: 0 for unique x, about 0 for noise (OutRank, Skrlj and Mramor 2023); depends on the order of the rows, which must not follow y: give an ORDER BY or a seed';
CREATE AGGREGATE mutual_info_corrected(x "any", y "any", seed bigint) (
    SFUNC = _vectorgraph.vectorgraph_codes, STYPE = internal, FINALFUNC = _vectorgraph.vectorgraph_mutual_info_shuffled_final,
    COMBINEFUNC = _vectorgraph.vectorgraph_rows_combine,
    SERIALFUNC = _vectorgraph.vectorgraph_rows_serialize,
    DESERIALFUNC = _vectorgraph.vectorgraph_rows_deserialize,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE mutual_info_corrected("any", "any", bigint) IS
    'mutual information in nats, corrected for the number of distinct values of x: 0 for unique x, about 0 for noise (OutRank, Skrlj and Mramor 2023); rows in a seeded order';

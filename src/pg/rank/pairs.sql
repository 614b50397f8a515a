-- From pairwise comparisons to one list.

CREATE TYPE _vectorgraph.ranked_item AS (item bigint, rank integer, score double precision);
COMMENT ON TYPE _vectorgraph.ranked_item IS 'an item with its rank from 1 and its score, as rank_pairs_scores lists them';

CREATE FUNCTION _vectorgraph.rank_pairs_accum(internal, bigint, bigint, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_rank_pairs_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.rank_pairs_accum(internal, bigint, bigint, double precision, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_rank_pairs_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.rank_pairs_final(internal) RETURNS bigint[]
    AS 'MODULE_PATHNAME', 'vg_rank_pairs_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.rank_pairs_scores_final(internal) RETURNS _vectorgraph.ranked_item[]
    AS 'MODULE_PATHNAME', 'vg_rank_pairs_scores_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION _vectorgraph.rank_pairs_accum(internal, bigint, bigint, double precision) IS
    'transition function of rank_pairs and rank_pairs_scores';
COMMENT ON FUNCTION _vectorgraph.rank_pairs_accum(internal, bigint, bigint, double precision, text) IS
    'transition function of rank_pairs and rank_pairs_scores';
COMMENT ON FUNCTION _vectorgraph.rank_pairs_final(internal) IS 'final function of rank_pairs';
COMMENT ON FUNCTION _vectorgraph.rank_pairs_scores_final(internal) IS 'final function of rank_pairs_scores';

CREATE AGGREGATE rank_pairs(i bigint, j bigint, weight double precision) (
    SFUNC = _vectorgraph.rank_pairs_accum, STYPE = internal, FINALFUNC = _vectorgraph.rank_pairs_final, PARALLEL = SAFE);
CREATE AGGREGATE rank_pairs(i bigint, j bigint, weight double precision, method text) (
    SFUNC = _vectorgraph.rank_pairs_accum, STYPE = internal, FINALFUNC = _vectorgraph.rank_pairs_final, PARALLEL = SAFE);
CREATE AGGREGATE rank_pairs_scores(i bigint, j bigint, weight double precision) (
    SFUNC = _vectorgraph.rank_pairs_accum, STYPE = internal, FINALFUNC = _vectorgraph.rank_pairs_scores_final, PARALLEL = SAFE);
CREATE AGGREGATE rank_pairs_scores(i bigint, j bigint, weight double precision, method text) (
    SFUNC = _vectorgraph.rank_pairs_accum, STYPE = internal, FINALFUNC = _vectorgraph.rank_pairs_scores_final, PARALLEL = SAFE);

COMMENT ON AGGREGATE rank_pairs(bigint, bigint, double precision) IS
    'items, best first, by method net; see rank_pairs(bigint, bigint, double precision, text)';
COMMENT ON AGGREGATE rank_pairs(bigint, bigint, double precision, text) IS
    'items, best first, from rows "i belongs before j with this weight >= 0", which add up; method net, bradley_terry, kemeny, copeland or tsp; ties go to the smaller id, rows with a NULL are left out; kemeny is exact to 18 items and tsp to 15, both take 2000; memory within work_mem; errors 22023, 53400, 54000';
COMMENT ON AGGREGATE rank_pairs_scores(bigint, bigint, double precision) IS
    'items with rank and score by method net; see rank_pairs(bigint, bigint, double precision, text)';
COMMENT ON AGGREGATE rank_pairs_scores(bigint, bigint, double precision, text) IS
    'rank_pairs with ranks and scores, for unnest: net weight, log strength (0 is average), pairs won; for kemeny the item''s weight over all that follow, for tsp over the next one, whose sums these methods maximise';

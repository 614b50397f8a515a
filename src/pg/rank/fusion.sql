-- Fusion of result lists (aggregates, one row per list that holds the document) and what puts scores on
-- one scale before (window functions). Plain aggregates take neither defaults nor named arguments, hence
-- the overloads.

CREATE FUNCTION _vectorgraph.rrf_accum(double precision[], bigint) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_rrf_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.rrf_accum(double precision[], bigint, integer) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_rrf_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.rrf_accum(double precision[], bigint, integer, double precision) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_rrf_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.borda_accum(double precision[], bigint, bigint) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_borda_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.borda_accum(double precision[], bigint, bigint, double precision) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_borda_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.comb_accum(double precision[], double precision) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_comb_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.comb_accum(double precision[], double precision, double precision) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_comb_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.fused_combine(double precision[], double precision[]) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_fused_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.fused_total(double precision[]) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_fused_total' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.fused_total_by_hits(double precision[]) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_fused_total_by_hits' LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION _vectorgraph.rrf_accum(double precision[], bigint) IS 'transition function of rrf';
COMMENT ON FUNCTION _vectorgraph.rrf_accum(double precision[], bigint, integer) IS 'transition function of rrf';
COMMENT ON FUNCTION _vectorgraph.rrf_accum(double precision[], bigint, integer, double precision) IS
    'transition function of rrf';
COMMENT ON FUNCTION _vectorgraph.borda_accum(double precision[], bigint, bigint) IS 'transition function of borda';
COMMENT ON FUNCTION _vectorgraph.borda_accum(double precision[], bigint, bigint, double precision) IS
    'transition function of borda';
COMMENT ON FUNCTION _vectorgraph.comb_accum(double precision[], double precision) IS
    'transition function of comb_sum and comb_mnz';
COMMENT ON FUNCTION _vectorgraph.comb_accum(double precision[], double precision, double precision) IS
    'transition function of comb_sum and comb_mnz';
COMMENT ON FUNCTION _vectorgraph.fused_combine(double precision[], double precision[]) IS
    'combine function of the fusion aggregates';
COMMENT ON FUNCTION _vectorgraph.fused_total(double precision[]) IS 'final function of rrf, borda and comb_sum';
COMMENT ON FUNCTION _vectorgraph.fused_total_by_hits(double precision[]) IS 'final function of comb_mnz';

CREATE AGGREGATE rrf(rank bigint) (
    SFUNC = _vectorgraph.rrf_accum, STYPE = double precision[], INITCOND = '{0,0,0}',
    COMBINEFUNC = _vectorgraph.fused_combine, FINALFUNC = _vectorgraph.fused_total, PARALLEL = SAFE);
CREATE AGGREGATE rrf(rank bigint, k integer) (
    SFUNC = _vectorgraph.rrf_accum, STYPE = double precision[], INITCOND = '{0,0,0}',
    COMBINEFUNC = _vectorgraph.fused_combine, FINALFUNC = _vectorgraph.fused_total, PARALLEL = SAFE);
CREATE AGGREGATE rrf(rank bigint, k integer, weight double precision) (
    SFUNC = _vectorgraph.rrf_accum, STYPE = double precision[], INITCOND = '{0,0,0}',
    COMBINEFUNC = _vectorgraph.fused_combine, FINALFUNC = _vectorgraph.fused_total, PARALLEL = SAFE);
CREATE AGGREGATE borda(rank bigint, n bigint) (
    SFUNC = _vectorgraph.borda_accum, STYPE = double precision[], INITCOND = '{0,0,0}',
    COMBINEFUNC = _vectorgraph.fused_combine, FINALFUNC = _vectorgraph.fused_total, PARALLEL = SAFE);
CREATE AGGREGATE borda(rank bigint, n bigint, weight double precision) (
    SFUNC = _vectorgraph.borda_accum, STYPE = double precision[], INITCOND = '{0,0,0}',
    COMBINEFUNC = _vectorgraph.fused_combine, FINALFUNC = _vectorgraph.fused_total, PARALLEL = SAFE);
CREATE AGGREGATE comb_sum(score double precision) (
    SFUNC = _vectorgraph.comb_accum, STYPE = double precision[], INITCOND = '{0,0,0}',
    COMBINEFUNC = _vectorgraph.fused_combine, FINALFUNC = _vectorgraph.fused_total, PARALLEL = SAFE);
CREATE AGGREGATE comb_sum(score double precision, weight double precision) (
    SFUNC = _vectorgraph.comb_accum, STYPE = double precision[], INITCOND = '{0,0,0}',
    COMBINEFUNC = _vectorgraph.fused_combine, FINALFUNC = _vectorgraph.fused_total, PARALLEL = SAFE);
CREATE AGGREGATE comb_mnz(score double precision) (
    SFUNC = _vectorgraph.comb_accum, STYPE = double precision[], INITCOND = '{0,0,0}',
    COMBINEFUNC = _vectorgraph.fused_combine, FINALFUNC = _vectorgraph.fused_total_by_hits, PARALLEL = SAFE);
CREATE AGGREGATE comb_mnz(score double precision, weight double precision) (
    SFUNC = _vectorgraph.comb_accum, STYPE = double precision[], INITCOND = '{0,0,0}',
    COMBINEFUNC = _vectorgraph.fused_combine, FINALFUNC = _vectorgraph.fused_total_by_hits, PARALLEL = SAFE);

COMMENT ON AGGREGATE rrf(bigint) IS
    'reciprocal rank fusion with k = 60: sum of 1 / (60 + rank) over the lists, ranks from 1, NULL rank adds 0, larger is better; error 22023 for rank below 1 (Cormack, Clarke & Buettcher, SIGIR 2009)';
COMMENT ON AGGREGATE rrf(bigint, integer) IS
    'reciprocal rank fusion: sum of 1 / (k + rank), k >= 0; see rrf(bigint)';
COMMENT ON AGGREGATE rrf(bigint, integer, double precision) IS
    'weighted reciprocal rank fusion: sum of weight / (k + rank), weight finite and >= 0; see rrf(bigint)';
COMMENT ON AGGREGATE borda(bigint, bigint) IS
    'Borda count: sum of n - rank over the rankings, ranks 1 to n, NULL rank adds 0, larger is better; error 22023 for a rank outside (de Borda 1781)';
COMMENT ON AGGREGATE borda(bigint, bigint, double precision) IS
    'weighted Borda count: sum of weight * (n - rank), weight finite and >= 0; see borda(bigint, bigint)';
COMMENT ON AGGREGATE comb_sum(double precision) IS
    'CombSUM: sum of a document''s scores over the lists, NULL adds 0; normalise the scores first; error 22023 for NaN and infinity (Fox & Shaw, TREC-2, 1994)';
COMMENT ON AGGREGATE comb_sum(double precision, double precision) IS
    'weighted CombSUM: sum of weight * score, weight finite and >= 0; see comb_sum(double precision)';
COMMENT ON AGGREGATE comb_mnz(double precision) IS
    'CombMNZ: sum of a document''s scores times the number of lists that hold it (score not NULL); normalise the scores first; error 22023 for NaN and infinity (Fox & Shaw, TREC-2, 1994)';
COMMENT ON AGGREGATE comb_mnz(double precision, double precision) IS
    'weighted CombMNZ: sum of weight * score times the number of lists that hold the document; see comb_mnz(double precision)';

CREATE FUNCTION minmax_norm(score double precision) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_minmax_norm' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION zscore_norm(score double precision) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_zscore_norm' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION sigmoid_norm(score double precision) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_sigmoid_norm' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION edge_order() RETURNS bigint
    AS 'MODULE_PATHNAME', 'vg_edge_order' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION minmax_norm(double precision) IS
    'window function: score scaled to 0 (least of the partition) to 1 (greatest), 1 for all when they are equal, NULL for NULL; error 22023 for NaN and infinity';
COMMENT ON FUNCTION zscore_norm(double precision) IS
    'window function: distance of the score from the partition''s mean in population standard deviations, 0 for all when they are equal, NULL for NULL; error 22023 for NaN and infinity';
COMMENT ON FUNCTION sigmoid_norm(double precision) IS
    'window function: 1 / (1 + exp(-score)), which makes a chance of a logit, whatever the partition; NULL for NULL; error 22023 for NaN and infinity';
COMMENT ON FUNCTION edge_order() IS
    'window function: 1-based position that puts the best rows of the window''s order at both ends of the list and the weakest in the middle, ranks 1, 2, 3, 4, 5 at 1, 5, 2, 4, 3 (Liu et al. 2023, arXiv 2307.03172)';

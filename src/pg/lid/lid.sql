-- Local intrinsic dimensionality (LID): of one point from its neighbours' distances, of the rows of a
-- column, and of a column as a whole.

CREATE FUNCTION lid(distances double precision[], method text DEFAULT 'mle')
    RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_lid' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lid(double precision[], text) IS
    'LID of a point from the distances to its nearest neighbours, in any order, zeros ignored; method mle (Levina and Bickel 2004, Amsaleg et al. 2015) or mom (method of moments, Amsaleg et al. 2018); dimensionless, at most 10000, NULL when unknown (fewer than two positive distances, or all equal); 22023 for negative or infinite distances and unknown methods';

CREATE FUNCTION lid_twonn(nearest double precision[], second double precision[])
    RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_lid_twonn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lid_twonn(double precision[], double precision[]) IS
    'dimension of a whole data set from the distances of every point to its nearest and second nearest other one (TwoNN, Facco et al. 2017); pairs with a zero are ignored, NULL when unknown; 2202E for arrays of different length, 54000 above one million points';

-- ---- aggregates ------------------------------------------------------------------------------

CREATE FUNCTION _vectorgraph.lid_accum(double precision[], double precision) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_lid_accum' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.lid_accum(double precision[], double precision) IS
    'state function of lid_mle and lid_mom; the state has six numbers whatever the number of rows';
CREATE FUNCTION _vectorgraph.lid_combine(double precision[], double precision[]) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_lid_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.lid_combine(double precision[], double precision[]) IS
    'combine function of lid_mle and lid_mom';
CREATE FUNCTION _vectorgraph.lid_mle_final(double precision[]) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_lid_mle_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.lid_mle_final(double precision[]) IS 'final function of lid_mle';
CREATE FUNCTION _vectorgraph.lid_mom_final(double precision[]) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_lid_mom_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.lid_mom_final(double precision[]) IS 'final function of lid_mom';

CREATE AGGREGATE lid_mle(distance double precision) (
    SFUNC = _vectorgraph.lid_accum, STYPE = double precision[], INITCOND = '{0,0,0,0,0,0}',
    COMBINEFUNC = _vectorgraph.lid_combine, FINALFUNC = _vectorgraph.lid_mle_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE lid_mle(double precision) IS
    'LID of a point from one row per neighbour, maximum likelihood; same rules as lid(distances), NULLs are ignored, the order does not matter';
CREATE AGGREGATE lid_mom(distance double precision) (
    SFUNC = _vectorgraph.lid_accum, STYPE = double precision[], INITCOND = '{0,0,0,0,0,0}',
    COMBINEFUNC = _vectorgraph.lid_combine, FINALFUNC = _vectorgraph.lid_mom_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE lid_mom(double precision) IS
    'LID of a point from one row per neighbour, method of moments; same rules as lid(distances), NULLs are ignored, the order does not matter';

-- ---- columns ---------------------------------------------------------------------------------

CREATE FUNCTION lid_rows(
    relation regclass,
    column_name name,
    k integer DEFAULT 20,
    metric text DEFAULT NULL,
    sample_rows integer DEFAULT 1000,
    method text DEFAULT 'mle',
    search text DEFAULT 'auto',
    seed bigint DEFAULT 0)
    RETURNS TABLE (
        row_relation regclass,
        row_ctid tid,
        lid double precision,
        nearest double precision,
        farthest double precision,
        neighbours integer)
    AS 'MODULE_PATHNAME', 'vg_lid_rows' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1000 COST 1000000;
COMMENT ON FUNCTION lid_rows(regclass, name, integer, text, integer, text, text, bigint) IS
    'LID of up to sample_rows rows of a vector column, drawn at random, each from its k nearest other rows: table and ctid of the row, LID (NULL when unknown), the distance to the nearest and to the k-th other row as the operator of the metric gives it, and the number of neighbours that are not duplicates; metric l2, cosine or l1, by default that of the column''s lid_hnsw index, else l2; search auto, exact or index; reads as the caller, under row-level security';

CREATE FUNCTION lid_profile(
    relation regclass,
    column_name name,
    k integer DEFAULT 20,
    metric text DEFAULT NULL,
    sample_rows integer DEFAULT 1000,
    method text DEFAULT 'mle',
    search text DEFAULT 'exact',
    seed bigint DEFAULT 0,
    OUT rows bigint,
    OUT skipped bigint,
    OUT sampled integer,
    OUT metric text,
    OUT search text,
    OUT lid_mean double precision,
    OUT lid_p10 double precision,
    OUT lid_p50 double precision,
    OUT lid_p90 double precision,
    OUT lid_p99 double precision,
    OUT unknown integer,
    OUT dimension_mle double precision,
    OUT dimension_twonn double precision,
    OUT duplicates double precision,
    OUT spread double precision,
    OUT confounding double precision,
    OUT build_order text,
    OUT reason text)
    AS 'MODULE_PATHNAME', 'vg_lid_profile' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000;
COMMENT ON FUNCTION lid_profile(regclass, name, integer, text, integer, text, text, bigint) IS
    'LID of a vector column in one row, from sample_rows rows drawn at random and their k nearest other rows: quantiles, harmonic mean (dimension_mle), TwoNN, share of sampled rows that have a duplicate, and which insertion order build_order = auto would take, and why; metric and search as in lid_rows';

-- Query refinement by feedback vectors, and repair of permutations.

CREATE FUNCTION rocchio(
    q vector,
    pos vector[],
    neg vector[] DEFAULT NULL,
    alpha double precision DEFAULT 0.4,
    beta double precision DEFAULT 0.6,
    gamma double precision DEFAULT 0,
    unit_length boolean DEFAULT true)
    RETURNS vector
    AS 'MODULE_PATHNAME', 'vg_rocchio' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rocchio(vector, vector[], vector[], double precision, double precision, double precision, boolean) IS
    'refined query alpha q + beta mean(pos) - gamma mean(neg), of length 1 when unit_length; weights finite and >= 0, NULL vectors are left out, NULL for a NULL query; errors 22000 for other dimensions, 22023 (Rocchio 1971; Li et al. 2021, arXiv 2108.11044)';

CREATE FUNCTION average_prf(q vector, pos vector[]) RETURNS vector
    AS 'MODULE_PATHNAME', 'vg_average_prf' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION average_prf(vector, vector[]) IS
    'mean of the query and the feedback vectors, not normalised; NULL vectors are left out, NULL for a NULL query; error 22000 for other dimensions (Li et al. 2021, arXiv 2108.11044)';

CREATE FUNCTION _vectorgraph.rocchio_accum(internal, vector, bigint, vector, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_rocchio_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.rocchio_accum(internal, vector, bigint, vector, integer, double precision, double precision, boolean)
    RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_rocchio_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.rocchio_final(internal) RETURNS vector
    AS 'MODULE_PATHNAME', 'vg_rocchio_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.average_prf_final(internal) RETURNS vector
    AS 'MODULE_PATHNAME', 'vg_average_prf_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.rocchio_accum(internal, vector, bigint, vector, integer) IS
    'transition function of rocchio_agg and average_prf_agg';
COMMENT ON FUNCTION _vectorgraph.rocchio_accum(internal, vector, bigint, vector, integer, double precision, double precision, boolean) IS
    'transition function of rocchio_agg';
COMMENT ON FUNCTION _vectorgraph.rocchio_final(internal) IS 'final function of rocchio_agg';
COMMENT ON FUNCTION _vectorgraph.average_prf_final(internal) IS 'final function of average_prf_agg';

CREATE AGGREGATE rocchio_agg(v vector, rank bigint, q vector, k integer) (
    SFUNC = _vectorgraph.rocchio_accum, STYPE = internal, FINALFUNC = _vectorgraph.rocchio_final, PARALLEL = SAFE);
CREATE AGGREGATE rocchio_agg(v vector, rank bigint, q vector, k integer, alpha double precision, beta double precision,
    unit_length boolean) (
    SFUNC = _vectorgraph.rocchio_accum, STYPE = internal, FINALFUNC = _vectorgraph.rocchio_final, PARALLEL = SAFE);
CREATE AGGREGATE average_prf_agg(v vector, rank bigint, q vector, k integer) (
    SFUNC = _vectorgraph.rocchio_accum, STYPE = internal, FINALFUNC = _vectorgraph.average_prf_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE rocchio_agg(vector, bigint, vector, integer) IS
    'query refined by the rows of rank at most k: rocchio with alpha 0.4, beta 0.6 and length 1; q and k must not change within a group, rows with a NULL v or rank are left out; errors 22000, 22004, 22023';
COMMENT ON AGGREGATE rocchio_agg(vector, bigint, vector, integer, double precision, double precision, boolean) IS
    'rocchio_agg with weights of its own; see rocchio_agg(vector, bigint, vector, integer)';
COMMENT ON AGGREGATE average_prf_agg(vector, bigint, vector, integer) IS
    'mean of the query and the rows of rank at most k, not normalised; conditions as for rocchio_agg';

CREATE FUNCTION permutation_repair(p integer[], n integer) RETURNS integer[]
    AS 'MODULE_PATHNAME', 'vg_permutation_repair' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION permutation_repair(integer[], integer) IS
    'permutation of 1 to n from a list that should be one: keeps the first of each position, drops NULL, repeats and what is out of range, appends the missing in ascending order; errors 22023 for n < 0, 54000 for n above 10000000';

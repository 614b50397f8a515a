-- Diversity-aware selection: window functions that rank the chosen rows of a partition, and
-- aggregates that return their keys. docs/selection.md has an example for each.

CREATE FUNCTION mmr_rank(
    embedding vector,
    relevance double precision,
    k integer,
    diversity double precision DEFAULT 0.3,
    shown boolean DEFAULT false,
    dedupe double precision DEFAULT NULL,
    cost double precision DEFAULT NULL,
    budget double precision DEFAULT NULL,
    grp "any" DEFAULT NULL,
    max_per_group integer DEFAULT NULL,
    min_per_group integer DEFAULT NULL)
    RETURNS integer
    AS 'MODULE_PATHNAME', 'vg_mmr_rank' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mmr_rank(vector, double precision, integer, double precision, boolean, double precision, double precision, double precision, "any", integer, integer) IS
    'maximal marginal relevance (Carbonell and Goldstein 1998): argmax (1 - diversity) relevance - diversity max cosine to the rows chosen; ranks 1..k in order of choice, NULL for other rows; relevance is scaled to 0..1 per partition; diversity 0 is exactly top-k; errors on zero vectors, mixed dimensions, NaN, k below 1 and beyond diverse.max_candidates rows';

CREATE FUNCTION dpp_rank(
    embedding vector,
    relevance double precision,
    k integer,
    diversity double precision DEFAULT 0.3,
    shown boolean DEFAULT false,
    dedupe double precision DEFAULT NULL,
    cost double precision DEFAULT NULL,
    budget double precision DEFAULT NULL,
    grp "any" DEFAULT NULL,
    max_per_group integer DEFAULT NULL,
    min_per_group integer DEFAULT NULL)
    RETURNS integer
    AS 'MODULE_PATHNAME', 'vg_dpp_rank' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dpp_rank(vector, double precision, integer, double precision, boolean, double precision, double precision, double precision, "any", integer, integer) IS
    'greedy MAP of a determinantal point process (Chen, Zhang and Zhou 2018): argmax (1 - diversity) relevance + diversity/2 ln of the squared distance from the span of the rows chosen; ranks 1..k in order of choice, NULL for other rows; relevance is scaled to 0..1 per partition; diversity 0 is exactly top-k; errors on zero vectors, mixed dimensions, NaN, k below 1 and beyond diverse.max_candidates rows';

CREATE FUNCTION facility_location_rank(
    embedding vector,
    relevance double precision,
    k integer,
    diversity double precision DEFAULT 0.3,
    shown boolean DEFAULT false,
    dedupe double precision DEFAULT NULL,
    cost double precision DEFAULT NULL,
    budget double precision DEFAULT NULL,
    grp "any" DEFAULT NULL,
    max_per_group integer DEFAULT NULL,
    min_per_group integer DEFAULT NULL,
    weight double precision DEFAULT NULL)
    RETURNS integer
    AS 'MODULE_PATHNAME', 'vg_facility_location_rank' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION facility_location_rank(vector, double precision, integer, double precision, boolean, double precision, double precision, double precision, "any", integer, integer, double precision) IS
    'facility location, lazy greedy: (1 - diversity) relevance + diversity sum over rows u of weight(u) max(0, largest cosine of u to a chosen row), in units of the best single row; weight defaults to the scaled relevance; ranks 1..k in order of choice, NULL for other rows; relevance is scaled to 0..1 per partition; diversity 0 is exactly top-k; errors on zero vectors, mixed dimensions, NaN, k below 1 and beyond diverse.max_pairwise_candidates rows';

CREATE FUNCTION saturated_rank(
    embedding vector,
    relevance double precision,
    k integer,
    diversity double precision DEFAULT 0.3,
    shown boolean DEFAULT false,
    dedupe double precision DEFAULT NULL,
    cost double precision DEFAULT NULL,
    budget double precision DEFAULT NULL,
    grp "any" DEFAULT NULL,
    max_per_group integer DEFAULT NULL,
    min_per_group integer DEFAULT NULL,
    weight double precision DEFAULT NULL)
    RETURNS integer
    AS 'MODULE_PATHNAME', 'vg_saturated_rank' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION saturated_rank(vector, double precision, integer, double precision, boolean, double precision, double precision, double precision, "any", integer, integer, double precision) IS
    'saturated coverage (Lin and Bilmes 2011): as facility_location_rank with the sum of cosines, counted up to half of what k average rows give, in place of the largest; ranks 1..k in order of choice, NULL for other rows; relevance is scaled to 0..1 per partition; diversity 0 is exactly top-k; errors on zero vectors, mixed dimensions, NaN, k below 1 and beyond diverse.max_pairwise_candidates rows';

CREATE FUNCTION graph_cut_rank(
    embedding vector,
    relevance double precision,
    k integer,
    diversity double precision DEFAULT 0.3,
    shown boolean DEFAULT false,
    dedupe double precision DEFAULT NULL,
    cost double precision DEFAULT NULL,
    budget double precision DEFAULT NULL,
    grp "any" DEFAULT NULL,
    max_per_group integer DEFAULT NULL,
    min_per_group integer DEFAULT NULL,
    weight double precision DEFAULT NULL)
    RETURNS integer
    AS 'MODULE_PATHNAME', 'vg_graph_cut_rank' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION graph_cut_rank(vector, double precision, integer, double precision, boolean, double precision, double precision, double precision, "any", integer, integer, double precision) IS
    'graph cut: (1 - diversity) relevance + diversity (sum of weighted cosines to all rows - half the sum of cosines between chosen rows), in units of the best single row; ranks 1..k in order of choice, NULL for other rows; relevance is scaled to 0..1 per partition; diversity 0 is exactly top-k; errors on zero vectors, mixed dimensions, NaN, k below 1 and beyond diverse.max_pairwise_candidates rows';

CREATE FUNCTION max_min_rank(
    embedding vector,
    relevance double precision,
    k integer,
    diversity double precision DEFAULT 0.3,
    shown boolean DEFAULT false,
    dedupe double precision DEFAULT NULL,
    cost double precision DEFAULT NULL,
    budget double precision DEFAULT NULL,
    grp "any" DEFAULT NULL,
    max_per_group integer DEFAULT NULL,
    min_per_group integer DEFAULT NULL)
    RETURNS integer
    AS 'MODULE_PATHNAME', 'vg_max_min_rank' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION max_min_rank(vector, double precision, integer, double precision, boolean, double precision, double precision, double precision, "any", integer, integer) IS
    'farthest-point traversal (Gonzalez 1985) among the most relevant rows, as many as k (n/k)^(diversity^2), from the most relevant one; largest smallest cosine distance; ranks 1..k in order of choice, NULL for other rows; relevance is scaled to 0..1 per partition; diversity 0 is exactly top-k; errors on zero vectors, mixed dimensions, NaN, k below 1 and beyond diverse.max_candidates rows';

CREATE FUNCTION max_sum_rank(
    embedding vector,
    relevance double precision,
    k integer,
    diversity double precision DEFAULT 0.3,
    shown boolean DEFAULT false,
    dedupe double precision DEFAULT NULL,
    cost double precision DEFAULT NULL,
    budget double precision DEFAULT NULL,
    grp "any" DEFAULT NULL,
    max_per_group integer DEFAULT NULL,
    min_per_group integer DEFAULT NULL)
    RETURNS integer
    AS 'MODULE_PATHNAME', 'vg_max_sum_rank' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION max_sum_rank(vector, double precision, integer, double precision, boolean, double precision, double precision, double precision, "any", integer, integer) IS
    'max-sum dispersion, greedy (Gollapudi and Sharma 2009): (1 - diversity) relevance + diversity 2/(k-1) sum of half the distances of unit vectors to the chosen rows; ranks 1..k in order of choice, NULL for other rows; relevance is scaled to 0..1 per partition; diversity 0 is exactly top-k; errors on zero vectors, mixed dimensions, NaN, k below 1 and beyond diverse.max_candidates rows';

CREATE FUNCTION compression_rank(
    embedding vector,
    relevance double precision,
    k integer,
    relevance_weight double precision DEFAULT 0.7,
    coverage_weight double precision DEFAULT 0.15,
    diversity_weight double precision DEFAULT 0.15,
    dispersion text DEFAULT 'log_det',
    weight double precision DEFAULT NULL,
    shown boolean DEFAULT false,
    dedupe double precision DEFAULT NULL,
    cost double precision DEFAULT NULL,
    budget double precision DEFAULT NULL,
    grp "any" DEFAULT NULL,
    max_per_group integer DEFAULT NULL,
    min_per_group integer DEFAULT NULL)
    RETURNS integer
    AS 'MODULE_PATHNAME', 'vg_compression_rank' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION compression_rank(vector, double precision, integer, double precision, double precision, double precision, text, double precision, boolean, double precision, double precision, double precision, "any", integer, integer) IS
    'semantic compression: relevance_weight relevance + coverage_weight facility location + diversity_weight dispersion, one of log_det, graph_cut, max_sum; weight says what each row counts when it is to be covered, for example a graph score; ranks 1..k in order of choice, NULL for other rows; relevance is scaled to 0..1 per partition; errors on zero vectors, mixed dimensions, NaN, k below 1 and beyond diverse.max_pairwise_candidates rows';

CREATE FUNCTION quota_rank(
    relevance double precision,
    grp "any",
    k integer,
    max_per_group integer DEFAULT NULL,
    min_per_group integer DEFAULT NULL,
    shown boolean DEFAULT false,
    cost double precision DEFAULT NULL,
    budget double precision DEFAULT NULL)
    RETURNS integer
    AS 'MODULE_PATHNAME', 'vg_quota_rank' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION quota_rank(double precision, "any", integer, integer, integer, boolean, double precision, double precision) IS
    'the k most relevant rows with at most and at least so many of each group, which is the best such set; the two limits may depend on the group; rows without group are not limited; ranks 1..k by relevance as far as the minima allow, NULL for other rows';

CREATE FUNCTION diverse_rank(
    method text,
    embedding vector,
    relevance double precision,
    k integer,
    diversity double precision DEFAULT 0.3,
    shown boolean DEFAULT false,
    dedupe double precision DEFAULT NULL,
    cost double precision DEFAULT NULL,
    budget double precision DEFAULT NULL,
    grp "any" DEFAULT NULL,
    max_per_group integer DEFAULT NULL,
    min_per_group integer DEFAULT NULL,
    weight double precision DEFAULT NULL)
    RETURNS integer
    AS 'MODULE_PATHNAME', 'vg_diverse_rank' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION diverse_rank(text, vector, double precision, integer, double precision, boolean, double precision, double precision, double precision, "any", integer, integer, double precision) IS
    'rank by a method named in the first argument: mmr, dpp, facility_location, saturated, graph_cut, max_min, max_sum or compression; see the function of that name with _rank';

CREATE FUNCTION diverse_gain(
    method text,
    embedding vector,
    relevance double precision,
    k integer,
    diversity double precision DEFAULT 0.3,
    shown boolean DEFAULT false,
    dedupe double precision DEFAULT NULL,
    cost double precision DEFAULT NULL,
    budget double precision DEFAULT NULL,
    grp "any" DEFAULT NULL,
    max_per_group integer DEFAULT NULL,
    min_per_group integer DEFAULT NULL,
    weight double precision DEFAULT NULL)
    RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_diverse_gain' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION diverse_gain(text, vector, double precision, integer, double precision, boolean, double precision, double precision, double precision, "any", integer, integer, double precision) IS
    'marginal gain of the objective when diverse_rank with the same arguments chose the row, NULL for other rows; may be negative and need not fall with the rank';

-- Plain aggregates take neither named arguments nor defaults: one overload per number of arguments.

CREATE FUNCTION _vectorgraph.diverse_select_accum(internal, anyelement, vector, double precision, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_diverse_select_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.diverse_select_accum(internal, anyelement, vector, double precision, integer) IS 'transition function of diverse_select';
CREATE FUNCTION _vectorgraph.diverse_select_final(internal, anyelement, vector, double precision, integer) RETURNS anyarray
    AS 'MODULE_PATHNAME', 'vg_diverse_select_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.diverse_select_final(internal, anyelement, vector, double precision, integer) IS 'final function of diverse_select';
CREATE AGGREGATE diverse_select(anyelement, vector, double precision, integer) (
    SFUNC = _vectorgraph.diverse_select_accum, STYPE = internal, FINALFUNC = _vectorgraph.diverse_select_final,
    FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE diverse_select(anyelement, vector, double precision, integer) IS
    'keys of the rows that diverse_rank would choose, in order of choice: (key, embedding, relevance, k), mmr with diversity 0.3; rows without embedding or relevance take no part; an empty array when none does';

CREATE FUNCTION _vectorgraph.diverse_select_accum(internal, anyelement, vector, double precision, integer, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_diverse_select_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.diverse_select_accum(internal, anyelement, vector, double precision, integer, double precision) IS 'transition function of diverse_select';
CREATE FUNCTION _vectorgraph.diverse_select_final(internal, anyelement, vector, double precision, integer, double precision) RETURNS anyarray
    AS 'MODULE_PATHNAME', 'vg_diverse_select_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.diverse_select_final(internal, anyelement, vector, double precision, integer, double precision) IS 'final function of diverse_select';
CREATE AGGREGATE diverse_select(anyelement, vector, double precision, integer, double precision) (
    SFUNC = _vectorgraph.diverse_select_accum, STYPE = internal, FINALFUNC = _vectorgraph.diverse_select_final,
    FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE diverse_select(anyelement, vector, double precision, integer, double precision) IS
    'keys of the rows that diverse_rank would choose, in order of choice: (key, embedding, relevance, k, diversity), mmr; rows without embedding or relevance take no part; an empty array when none does';

CREATE FUNCTION _vectorgraph.diverse_select_accum(internal, anyelement, vector, double precision, integer, double precision, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_diverse_select_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.diverse_select_accum(internal, anyelement, vector, double precision, integer, double precision, text) IS 'transition function of diverse_select';
CREATE FUNCTION _vectorgraph.diverse_select_final(internal, anyelement, vector, double precision, integer, double precision, text) RETURNS anyarray
    AS 'MODULE_PATHNAME', 'vg_diverse_select_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.diverse_select_final(internal, anyelement, vector, double precision, integer, double precision, text) IS 'final function of diverse_select';
CREATE AGGREGATE diverse_select(anyelement, vector, double precision, integer, double precision, text) (
    SFUNC = _vectorgraph.diverse_select_accum, STYPE = internal, FINALFUNC = _vectorgraph.diverse_select_final,
    FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE diverse_select(anyelement, vector, double precision, integer, double precision, text) IS
    'keys of the rows that diverse_rank would choose, in order of choice: (key, embedding, relevance, k, diversity, method), the method named last; rows without embedding or relevance take no part; an empty array when none does';

CREATE FUNCTION _vectorgraph.diverse_select_accum(internal, anyelement, vector, double precision, integer, double precision, text, double precision, double precision) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_diverse_select_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.diverse_select_accum(internal, anyelement, vector, double precision, integer, double precision, text, double precision, double precision) IS 'transition function of diverse_select';
CREATE FUNCTION _vectorgraph.diverse_select_final(internal, anyelement, vector, double precision, integer, double precision, text, double precision, double precision) RETURNS anyarray
    AS 'MODULE_PATHNAME', 'vg_diverse_select_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.diverse_select_final(internal, anyelement, vector, double precision, integer, double precision, text, double precision, double precision) IS 'final function of diverse_select';
CREATE AGGREGATE diverse_select(anyelement, vector, double precision, integer, double precision, text, double precision, double precision) (
    SFUNC = _vectorgraph.diverse_select_accum, STYPE = internal, FINALFUNC = _vectorgraph.diverse_select_final,
    FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE diverse_select(anyelement, vector, double precision, integer, double precision, text, double precision, double precision) IS
    'keys of the rows that diverse_rank would choose, in order of choice: (key, embedding, relevance, k, diversity, method, cost, budget), the method named, sum of costs within the budget, k may be NULL; rows without embedding or relevance take no part; an empty array when none does';

CREATE FUNCTION _vectorgraph.select_items_accum(internal, anyelement, "any", integer, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_select_items_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.select_items_accum(internal, anyelement, "any", integer, integer) IS 'transition function of select_items';
CREATE FUNCTION _vectorgraph.select_items_final(internal, anyelement, "any", integer, integer) RETURNS anyarray
    AS 'MODULE_PATHNAME', 'vg_select_items_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.select_items_final(internal, anyelement, "any", integer, integer) IS 'final function of select_items';
CREATE AGGREGATE select_items(anyelement, "any", integer, integer) (
    SFUNC = _vectorgraph.select_items_accum, STYPE = internal, FINALFUNC = _vectorgraph.select_items_final,
    FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE select_items(anyelement, "any", integer, integer) IS
    'committee of k items from many rankings (multiwinner voting; Boehmer et al., ICML 2023), in order of choice: (item, ranking, position, k), borda; the separable rules borda, sntv and bloc are solved exactly, chamberlin_courant and pav greedily';

CREATE FUNCTION _vectorgraph.select_items_accum(internal, anyelement, "any", integer, integer, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_select_items_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.select_items_accum(internal, anyelement, "any", integer, integer, text) IS 'transition function of select_items';
CREATE FUNCTION _vectorgraph.select_items_final(internal, anyelement, "any", integer, integer, text) RETURNS anyarray
    AS 'MODULE_PATHNAME', 'vg_select_items_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.select_items_final(internal, anyelement, "any", integer, integer, text) IS 'final function of select_items';
CREATE AGGREGATE select_items(anyelement, "any", integer, integer, text) (
    SFUNC = _vectorgraph.select_items_accum, STYPE = internal, FINALFUNC = _vectorgraph.select_items_final,
    FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE select_items(anyelement, "any", integer, integer, text) IS
    'committee of k items from many rankings (multiwinner voting; Boehmer et al., ICML 2023), in order of choice: (item, ranking, position, k, rule), rule borda, sntv, bloc, chamberlin_courant or pav; the separable rules borda, sntv and bloc are solved exactly, chamberlin_courant and pav greedily';

CREATE FUNCTION _vectorgraph.select_items_accum(internal, anyelement, "any", integer, integer, text, "any", integer, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_select_items_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.select_items_accum(internal, anyelement, "any", integer, integer, text, "any", integer, integer) IS 'transition function of select_items';
CREATE FUNCTION _vectorgraph.select_items_final(internal, anyelement, "any", integer, integer, text, "any", integer, integer) RETURNS anyarray
    AS 'MODULE_PATHNAME', 'vg_select_items_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.select_items_final(internal, anyelement, "any", integer, integer, text, "any", integer, integer) IS 'final function of select_items';
CREATE AGGREGATE select_items(anyelement, "any", integer, integer, text, "any", integer, integer) (
    SFUNC = _vectorgraph.select_items_accum, STYPE = internal, FINALFUNC = _vectorgraph.select_items_final,
    FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE select_items(anyelement, "any", integer, integer, text, "any", integer, integer) IS
    'committee of k items from many rankings (multiwinner voting; Boehmer et al., ICML 2023), in order of choice: (item, ranking, position, k, rule, grp, max_per_group, min_per_group), with quotas per group; the separable rules borda, sntv and bloc are solved exactly, chamberlin_courant and pav greedily';

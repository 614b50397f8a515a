-- Ratings from matches of two or more sides.

CREATE TYPE skill_rating AS (mu double precision, sigma double precision);
COMMENT ON TYPE skill_rating IS 'belief about a skill: mean mu and standard deviation sigma; a newcomer is NULL and counts as (25, 25/3)';
CREATE TYPE _vectorgraph.rated_item AS (item bigint, mu double precision, sigma double precision, matches bigint);
COMMENT ON TYPE _vectorgraph.rated_item IS 'an item with its rating and the number of its matches, as rate_all lists them';

CREATE FUNCTION rate(
    ratings skill_rating[],
    ranks integer[],
    teams integer[] DEFAULT NULL,
    beta double precision DEFAULT 25::double precision / 6,
    kappa double precision DEFAULT 0.0001)
    RETURNS skill_rating[]
    AS 'MODULE_PATHNAME', 'vg_rate' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rate(skill_rating[], integer[], integer[], double precision, double precision) IS
    'ratings of all players after one match, in their order: ranks from 1 (equal ranks are draws), teams by number or everybody alone, beta the spread of performances, kappa the least variance factor; NULL for NULL ratings or ranks; errors 22023, 22004, 2202E (Weng & Lin, JMLR 2011, Plackett-Luce)';

CREATE FUNCTION rating_score(rating skill_rating, z double precision DEFAULT 3) RETURNS double precision
    AS 'SELECT ($1).mu OPERATOR(pg_catalog.-) ($2 OPERATOR(pg_catalog.*) ($1).sigma)'
    LANGUAGE SQL IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rating_score(skill_rating, double precision) IS
    'mu - z * sigma: the skill that a player has almost certainly; the number to sort a leaderboard by';

CREATE FUNCTION _vectorgraph.rate_all_accum(internal, bigint, bigint, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'vg_rate_all_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION _vectorgraph.rate_all_final(internal) RETURNS _vectorgraph.rated_item[]
    AS 'MODULE_PATHNAME', 'vg_rate_all_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION _vectorgraph.rate_all_accum(internal, bigint, bigint, integer) IS 'transition function of rate_all';
COMMENT ON FUNCTION _vectorgraph.rate_all_final(internal) IS 'final function of rate_all';

CREATE AGGREGATE rate_all(item bigint, match bigint, rank integer) (
    SFUNC = _vectorgraph.rate_all_accum, STYPE = internal, FINALFUNC = _vectorgraph.rate_all_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE rate_all(bigint, bigint, integer) IS
    'ratings of all items after a history of matches, by mu - 3 sigma descending, for unnest; a match is played when its first row appears, so say ORDER BY inside; rows with a NULL are left out; memory within work_mem; errors 22023 (rank below 1, item twice in a match) and 53400 (Weng & Lin, JMLR 2011)';

\echo Use "CREATE EXTENSION vector" to load this file. \quit

-- The SQL interface of pgvector for its type vector, served by vectorgraph.so, for servers that
-- have no pgvector. C symbols carry the prefix vg_ so that both libraries can live in one backend.
-- Two deliberate differences, seen by the planner alone: = can be answered by a merge join, and <>
-- has the selectivity of an inequality.

-- ----- type --------------------------------------------------------------------------------------

CREATE TYPE vector;
CREATE FUNCTION vector_in(cstring, oid, integer) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_in';
CREATE FUNCTION vector_out(vector) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_out';
CREATE FUNCTION vector_typmod_in(cstring[]) RETURNS integer
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_typmod_in';
CREATE FUNCTION vector_recv(internal, oid, integer) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_recv';
CREATE FUNCTION vector_send(vector) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_send';
CREATE TYPE vector (
    INPUT = vector_in,
    OUTPUT = vector_out,
    TYPMOD_IN = vector_typmod_in,
    RECEIVE = vector_recv,
    SEND = vector_send,
    STORAGE = external
);

COMMENT ON TYPE vector IS 'array of 1 to 16000 single-precision numbers, for similarity search';
COMMENT ON FUNCTION vector_in(cstring, oid, integer) IS 'vector from text';
COMMENT ON FUNCTION vector_out(vector) IS 'vector to text';
COMMENT ON FUNCTION vector_typmod_in(cstring[]) IS
    'type modifier of vector: the number of dimensions';
COMMENT ON FUNCTION vector_recv(internal, oid, integer) IS 'vector from binary format';
COMMENT ON FUNCTION vector_send(vector) IS 'vector to binary format';

-- ----- functions ---------------------------------------------------------------------------------

CREATE FUNCTION l2_distance(vector, vector) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_l2_distance';
CREATE FUNCTION inner_product(vector, vector) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_inner_product';
CREATE FUNCTION cosine_distance(vector, vector) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_cosine_distance';
CREATE FUNCTION l1_distance(vector, vector) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_l1_distance';
CREATE FUNCTION vector_dims(vector) RETURNS integer
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_dims';
CREATE FUNCTION vector_norm(vector) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_norm';
CREATE FUNCTION l2_normalize(vector) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_l2_normalize';
CREATE FUNCTION binary_quantize(vector) RETURNS bit
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_binary_quantize';
CREATE FUNCTION subvector(vector, integer, integer) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_subvector';

COMMENT ON FUNCTION l2_distance(vector, vector) IS 'Euclidean distance';
COMMENT ON FUNCTION inner_product(vector, vector) IS 'inner product';
COMMENT ON FUNCTION cosine_distance(vector, vector) IS
    'one minus the cosine of the angle; NaN for a zero vector';
COMMENT ON FUNCTION l1_distance(vector, vector) IS 'taxicab distance';
COMMENT ON FUNCTION vector_dims(vector) IS 'number of dimensions';
COMMENT ON FUNCTION vector_norm(vector) IS 'Euclidean length';
COMMENT ON FUNCTION l2_normalize(vector) IS
    'same direction with length one; a zero vector stays zero';
COMMENT ON FUNCTION binary_quantize(vector) IS
    'one bit per dimension, set where the element is positive';
COMMENT ON FUNCTION subvector(vector, integer, integer) IS
    'elements from a one-based start, at most the given number';

-- ----- functions behind operators, the btree operator class and other extensions' indexes --------

CREATE FUNCTION vector_l2_squared_distance(vector, vector) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_l2_squared_distance';
CREATE FUNCTION vector_negative_inner_product(vector, vector) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'vg_vector_negative_inner_product';
CREATE FUNCTION vector_spherical_distance(vector, vector) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_spherical_distance';
CREATE FUNCTION vector_add(vector, vector) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_add';
CREATE FUNCTION vector_sub(vector, vector) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_sub';
CREATE FUNCTION vector_mul(vector, vector) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_mul';
CREATE FUNCTION vector_concat(vector, vector) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_concat';
CREATE FUNCTION vector_lt(vector, vector) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_lt';
CREATE FUNCTION vector_le(vector, vector) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_le';
CREATE FUNCTION vector_eq(vector, vector) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_eq';
CREATE FUNCTION vector_ne(vector, vector) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_ne';
CREATE FUNCTION vector_ge(vector, vector) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_ge';
CREATE FUNCTION vector_gt(vector, vector) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_gt';
CREATE FUNCTION vector_cmp(vector, vector) RETURNS integer
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_cmp';

COMMENT ON FUNCTION vector_l2_squared_distance(vector, vector) IS
    'square of the Euclidean distance, for index methods';
COMMENT ON FUNCTION vector_negative_inner_product(vector, vector) IS
    'implementation of <#> operator';
COMMENT ON FUNCTION vector_spherical_distance(vector, vector) IS
    'angle between unit vectors as a fraction of a half turn, for index methods';
COMMENT ON FUNCTION vector_add(vector, vector) IS 'implementation of + operator';
COMMENT ON FUNCTION vector_sub(vector, vector) IS 'implementation of - operator';
COMMENT ON FUNCTION vector_mul(vector, vector) IS 'implementation of * operator';
COMMENT ON FUNCTION vector_concat(vector, vector) IS 'implementation of || operator';
COMMENT ON FUNCTION vector_lt(vector, vector) IS 'implementation of < operator';
COMMENT ON FUNCTION vector_le(vector, vector) IS 'implementation of <= operator';
COMMENT ON FUNCTION vector_eq(vector, vector) IS 'implementation of = operator';
COMMENT ON FUNCTION vector_ne(vector, vector) IS 'implementation of <> operator';
COMMENT ON FUNCTION vector_ge(vector, vector) IS 'implementation of >= operator';
COMMENT ON FUNCTION vector_gt(vector, vector) IS 'implementation of > operator';
COMMENT ON FUNCTION vector_cmp(vector, vector) IS '-1, 0 or 1: order by value, then by dimensions';

-- ----- aggregates --------------------------------------------------------------------------------

CREATE FUNCTION vector_accum(double precision[], vector) RETURNS double precision[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_accum';
CREATE FUNCTION vector_combine(double precision[], double precision[]) RETURNS double precision[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_combine';
CREATE FUNCTION vector_avg(double precision[]) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_avg';
CREATE AGGREGATE avg(vector) (
    SFUNC = vector_accum,
    STYPE = double precision[],
    FINALFUNC = vector_avg,
    COMBINEFUNC = vector_combine,
    INITCOND = '{0}',
    PARALLEL = SAFE
);
CREATE AGGREGATE sum(vector) (
    SFUNC = vector_add,
    STYPE = vector,
    COMBINEFUNC = vector_add,
    PARALLEL = SAFE
);

COMMENT ON FUNCTION vector_accum(double precision[], vector) IS
    'transition function of avg(vector)';
COMMENT ON FUNCTION vector_combine(double precision[], double precision[]) IS
    'combine function of avg(vector)';
COMMENT ON FUNCTION vector_avg(double precision[]) IS 'final function of avg(vector)';
COMMENT ON AGGREGATE avg(vector) IS 'element-wise arithmetic mean';
COMMENT ON AGGREGATE sum(vector) IS 'element-wise sum';

-- ----- casts -------------------------------------------------------------------------------------

CREATE FUNCTION vector(vector, integer, boolean) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector';
CREATE FUNCTION array_to_vector(integer[], integer, boolean) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_array_to_vector';
CREATE FUNCTION array_to_vector(real[], integer, boolean) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_array_to_vector';
CREATE FUNCTION array_to_vector(double precision[], integer, boolean) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_array_to_vector';
CREATE FUNCTION array_to_vector(numeric[], integer, boolean) RETURNS vector
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_array_to_vector';
CREATE FUNCTION vector_to_float4(vector, integer, boolean) RETURNS real[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'vg_vector_to_float4';

CREATE CAST (vector AS vector)
    WITH FUNCTION vector(vector, integer, boolean) AS IMPLICIT;
CREATE CAST (vector AS real[])
    WITH FUNCTION vector_to_float4(vector, integer, boolean) AS IMPLICIT;
CREATE CAST (integer[] AS vector)
    WITH FUNCTION array_to_vector(integer[], integer, boolean) AS ASSIGNMENT;
CREATE CAST (real[] AS vector)
    WITH FUNCTION array_to_vector(real[], integer, boolean) AS ASSIGNMENT;
CREATE CAST (double precision[] AS vector)
    WITH FUNCTION array_to_vector(double precision[], integer, boolean) AS ASSIGNMENT;
CREATE CAST (numeric[] AS vector)
    WITH FUNCTION array_to_vector(numeric[], integer, boolean) AS ASSIGNMENT;

COMMENT ON FUNCTION vector(vector, integer, boolean) IS 'check the declared number of dimensions';
COMMENT ON FUNCTION array_to_vector(integer[], integer, boolean) IS 'vector from an integer array';
COMMENT ON FUNCTION array_to_vector(real[], integer, boolean) IS 'vector from a real array';
COMMENT ON FUNCTION array_to_vector(double precision[], integer, boolean) IS
    'vector from a double precision array';
COMMENT ON FUNCTION array_to_vector(numeric[], integer, boolean) IS 'vector from a numeric array';
COMMENT ON FUNCTION vector_to_float4(vector, integer, boolean) IS 'real array from a vector';
COMMENT ON CAST (vector AS vector) IS 'checks the declared number of dimensions';
COMMENT ON CAST (vector AS real[]) IS 'exact';
COMMENT ON CAST (integer[] AS vector) IS 'rounds to the nearest float';
COMMENT ON CAST (real[] AS vector) IS 'exact';
COMMENT ON CAST (double precision[] AS vector) IS 'rounds to the nearest float';
COMMENT ON CAST (numeric[] AS vector) IS 'rounds to the nearest float';

-- ----- operators ---------------------------------------------------------------------------------

CREATE OPERATOR <-> (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = l2_distance, COMMUTATOR = <->
);
CREATE OPERATOR <#> (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_negative_inner_product, COMMUTATOR = <#>
);
CREATE OPERATOR <=> (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = cosine_distance, COMMUTATOR = <=>
);
CREATE OPERATOR <+> (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = l1_distance, COMMUTATOR = <+>
);
CREATE OPERATOR + (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_add, COMMUTATOR = +
);
CREATE OPERATOR - (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_sub
);
CREATE OPERATOR * (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_mul, COMMUTATOR = *
);
CREATE OPERATOR || (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_concat
);
CREATE OPERATOR < (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_lt,
    COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR <= (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_le,
    COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR = (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_eq,
    COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, MERGES
);
CREATE OPERATOR <> (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_ne,
    COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR >= (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_ge,
    COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);
CREATE OPERATOR > (
    LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_gt,
    COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

COMMENT ON OPERATOR <-> (vector, vector) IS 'Euclidean distance';
COMMENT ON OPERATOR <#> (vector, vector) IS 'negative inner product';
COMMENT ON OPERATOR <=> (vector, vector) IS 'cosine distance';
COMMENT ON OPERATOR <+> (vector, vector) IS 'taxicab distance';
COMMENT ON OPERATOR + (vector, vector) IS 'element-wise sum';
COMMENT ON OPERATOR - (vector, vector) IS 'element-wise difference';
COMMENT ON OPERATOR * (vector, vector) IS 'element-wise product';
COMMENT ON OPERATOR || (vector, vector) IS 'concatenation';
COMMENT ON OPERATOR < (vector, vector) IS 'less than';
COMMENT ON OPERATOR <= (vector, vector) IS 'less than or equal';
COMMENT ON OPERATOR = (vector, vector) IS 'equal';
COMMENT ON OPERATOR <> (vector, vector) IS 'not equal';
COMMENT ON OPERATOR >= (vector, vector) IS 'greater than or equal';
COMMENT ON OPERATOR > (vector, vector) IS 'greater than';

-- ----- btree operator class ----------------------------------------------------------------------

CREATE OPERATOR CLASS vector_ops DEFAULT FOR TYPE vector USING btree AS
    OPERATOR 1 <,
    OPERATOR 2 <=,
    OPERATOR 3 =,
    OPERATOR 4 >=,
    OPERATOR 5 >,
    FUNCTION 1 vector_cmp(vector, vector);

COMMENT ON OPERATOR CLASS vector_ops USING btree IS 'order by value, then by dimensions';
COMMENT ON OPERATOR FAMILY vector_ops USING btree IS 'order by value, then by dimensions';

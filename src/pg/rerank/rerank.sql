-- Reranking: the best documents of a list by a function that judges them, and what that costs.

CREATE FUNCTION rerank(
    query text,
    docs text[],
    fn regprocedure,
    protocol text DEFAULT 'pointwise',
    k integer DEFAULT NULL,
    batch integer DEFAULT 100,
    group_size integer DEFAULT 20,
    epochs integer DEFAULT 2,
    fanout integer DEFAULT 19,
    votes integer DEFAULT 1,
    win integer DEFAULT 20,
    step integer DEFAULT 10,
    passes integer DEFAULT 1,
    first_stage double precision[] DEFAULT NULL,
    blend double precision DEFAULT NULL,
    max_calls integer DEFAULT NULL,
    seed bigint DEFAULT 0,
    OUT idx integer,
    OUT rank integer,
    OUT score double precision,
    OUT calls bigint,
    OUT repairs bigint)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'vg_rerank' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100 COST 1000000;
COMMENT ON FUNCTION rerank(text, text[], regprocedure, text, integer, integer, integer, integer, integer, integer, integer, integer, integer, double precision[], double precision, integer, bigint) IS
    'documents in the order of an expensive judge fn, by a protocol: pointwise, groupwise (fn a scorer: query, documents to real[]), setwise_heap, setwise_bubble, eliminate (a picker: query, documents to the place of the best one, to eliminate of the worst one), pairwise_heap (a comparer: query, first, second to real[]) or listwise (a permuter: query, documents to integer[]); idx is the 1-based place in docs, one row for each of the first k ranks; a larger score is better, NULL: not judged; calls and repaired bad answers are those of the whole list, at most max_calls; with blend the score is blend * new + (1 - blend) * first_stage, both scaled to 0 .. 1; the input order breaks ties; errors 22004, 22023, 2202E, 42501, 42883, 42P13, 53400';

CREATE FUNCTION rerank(
    query vector,
    docs vector[],
    fn regprocedure,
    protocol text DEFAULT 'pointwise',
    k integer DEFAULT NULL,
    batch integer DEFAULT 100,
    group_size integer DEFAULT 20,
    epochs integer DEFAULT 2,
    fanout integer DEFAULT 19,
    votes integer DEFAULT 1,
    win integer DEFAULT 20,
    step integer DEFAULT 10,
    passes integer DEFAULT 1,
    first_stage double precision[] DEFAULT NULL,
    blend double precision DEFAULT NULL,
    max_calls integer DEFAULT NULL,
    seed bigint DEFAULT 0,
    OUT idx integer,
    OUT rank integer,
    OUT score double precision,
    OUT calls bigint,
    OUT repairs bigint)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'vg_rerank' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100 COST 1000000;
COMMENT ON FUNCTION rerank(vector, vector[], regprocedure, text, integer, integer, integer, integer, integer, integer, integer, integer, integer, double precision[], double precision, integer, bigint) IS
    'the same for vectors';

CREATE FUNCTION rerank(
    query anyelement,
    docs anycompatiblearray,
    fn regprocedure,
    protocol text DEFAULT 'pointwise',
    k integer DEFAULT NULL,
    batch integer DEFAULT 100,
    group_size integer DEFAULT 20,
    epochs integer DEFAULT 2,
    fanout integer DEFAULT 19,
    votes integer DEFAULT 1,
    win integer DEFAULT 20,
    step integer DEFAULT 10,
    passes integer DEFAULT 1,
    first_stage double precision[] DEFAULT NULL,
    blend double precision DEFAULT NULL,
    max_calls integer DEFAULT NULL,
    seed bigint DEFAULT 0,
    OUT idx integer,
    OUT rank integer,
    OUT score double precision,
    OUT calls bigint,
    OUT repairs bigint)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'vg_rerank' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100 COST 1000000;
COMMENT ON FUNCTION rerank(anyelement, anycompatiblearray, regprocedure, text, integer, integer, integer, integer, integer, integer, integer, integer, integer, double precision[], double precision, integer, bigint) IS
    'the same for documents of any type; those of several vectors are elements of a domain over vector[]';

CREATE FUNCTION rerank_cost(
    protocol text,
    n integer,
    k integer DEFAULT NULL,
    batch integer DEFAULT 100,
    group_size integer DEFAULT 20,
    epochs integer DEFAULT 2,
    fanout integer DEFAULT 19,
    votes integer DEFAULT 1,
    win integer DEFAULT 20,
    step integer DEFAULT 10,
    passes integer DEFAULT 1,
    OUT calls bigint,
    OUT docs_shown bigint,
    OUT exact boolean)
    RETURNS record
    AS 'MODULE_PATHNAME', 'vg_rerank_cost' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rerank_cost(text, integer, integer, integer, integer, integer, integer, integer, integer, integer, integer) IS
    'calls that rerank makes for n documents without max_calls, and documents shown in them together; exact, or an upper bound where exact is false (heaps depend on the answers); errors 22004, 22023, 54000';

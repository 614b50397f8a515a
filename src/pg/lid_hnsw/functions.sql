-- Functions that answer: is my index sound, what does it look like, and how good is it?

CREATE FUNCTION vectorgraph_index_check(index regclass, heapallindexed boolean DEFAULT false)
    RETURNS bigint
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION vectorgraph_index_check(regclass, boolean) IS
    'checks a lid_hnsw index, and with heapallindexed that it holds every row of its table; returns the number of live nodes checked, raises index_corrupted on the first fault';

CREATE FUNCTION vectorgraph_index_stats(
    index regclass,
    OUT nodes bigint,
    OUT tuples bigint,
    OUT duplicates bigint,
    OUT dead_nodes bigint,
    OUT free_slots bigint,
    OUT levels integer,
    OUT level_nodes bigint[],
    OUT entry_level integer,
    OUT m integer,
    OUT ef_construction integer,
    OUT link_capacity integer,
    OUT degree_mean double precision,
    OUT degree_min integer,
    OUT degree_p50 integer,
    OUT unreachable bigint,
    OUT forced_links bigint,
    OUT lid_p5 double precision,
    OUT lid_p25 double precision,
    OUT lid_p50 double precision,
    OUT lid_p75 double precision,
    OUT lid_p95 double precision,
    OUT build_order text,
    OUT order_used text,
    OUT metric text,
    OUT dimensions integer,
    OUT storage text,
    OUT slots_per_page integer,
    OUT pages bigint,
    OUT bytes bigint,
    OUT inserted_since_build bigint,
    OUT removed_since_build bigint,
    OUT centre_shift double precision,
    OUT outliers bigint,
    OUT advice text,
    OUT code_bits integer)
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION vectorgraph_index_stats(regclass) IS
    'figures about a lid_hnsw index: nodes, levels, links, reachability, LID, order of the build, size; whether a REINDEX would pay (advice, null for no), and what that follows from';

CREATE FUNCTION vectorgraph_index_recall(
    index regclass,
    k integer DEFAULT 10,
    n integer DEFAULT 200,
    queries vector[] DEFAULT NULL,
    ef_search integer DEFAULT NULL,
    seed bigint DEFAULT 0,
    OUT k integer,
    OUT queries integer,
    OUT ef_search integer,
    OUT recall_mean double precision,
    OUT recall_p5 double precision,
    OUT recall_min double precision,
    OUT ci_low double precision,
    OUT ci_high double precision,
    OUT pages_mean double precision,
    OUT latency_ms_mean double precision,
    OUT exact_ms_mean double precision)
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION vectorgraph_index_recall(regclass, integer, integer, vector[], integer, bigint) IS
    'recall at k of a lid_hnsw index against exact answers, for given queries or n sampled ones; hits counted by distance, 95 percent confidence interval';

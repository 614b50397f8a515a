-- Access method cur and the functions that look after its indexes.

CREATE FUNCTION _vectorgraph.cur_handler(internal) RETURNS index_am_handler
    AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION _vectorgraph.cur_handler(internal) IS 'handler of index access method cur';

CREATE ACCESS METHOD cur TYPE INDEX HANDLER _vectorgraph.cur_handler;
COMMENT ON ACCESS METHOD cur IS
    'nearest rows under an expensive scorer, within a budget of its calls: CUR decomposition of scores, adaptive rounds';

CREATE FUNCTION cur_flush(index regclass, rows bigint DEFAULT NULL) RETURNS bigint
    AS 'MODULE_PATHNAME', 'vg_cur_flush' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cur_flush(regclass, bigint) IS
    'scores the new rows of a cur index against its anchor queries, all or so many, and moves them into the model; returns the number of rows moved, costs a scorer call per row and anchor query; for the owner of the table';

CREATE FUNCTION cur_index_stats(
    index regclass,
    OUT items bigint,
    OUT pending bigint,
    OUT free_slots bigint,
    OUT anchor_queries integer,
    OUT anchor_items integer,
    OUT dimensions integer,
    OUT storage text,
    OUT energy double precision,
    OUT score_deviation double precision,
    OUT build_residual double precision,
    OUT scan_residual double precision,
    OUT scan_bias double precision,
    OUT predicted_recall double precision,
    OUT predicted_on integer,
    OUT build_calls bigint,
    OUT scans bigint,
    OUT scan_calls bigint,
    OUT built_items bigint,
    OUT flushed_items bigint,
    OUT removed_items bigint,
    OUT pages bigint,
    OUT bytes bigint,
    OUT advice text)
    AS 'MODULE_PATHNAME', 'vg_cur_index_stats' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION cur_index_stats(regclass) IS
    'figures about a cur index: rows, model, errors of its predictions at build and in scans, recall at 10 predicted for cur.budget, scorer calls spent, what to do about it';

CREATE FUNCTION cur_recall(
    index regclass,
    k integer DEFAULT 10,
    n integer DEFAULT 20,
    source text DEFAULT NULL,
    budget integer DEFAULT NULL,
    seed bigint DEFAULT 0,
    OUT k integer,
    OUT queries integer,
    OUT budget integer,
    OUT recall_mean double precision,
    OUT recall_p5 double precision,
    OUT recall_min double precision,
    OUT ci_low double precision,
    OUT ci_high double precision,
    OUT scan_calls_mean double precision,
    OUT calls bigint,
    OUT latency_ms_mean double precision,
    OUT exact_ms_mean double precision)
    AS 'MODULE_PATHNAME', 'vg_cur_recall' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cur_recall(regclass, integer, integer, text, integer, bigint) IS
    'recall at k of a cur index against a scan of the table by the scorer, for n queries drawn from the rows ("items") or from a column ([schema.]table.column, default that of the anchor queries); hits counted by score, 95 percent confidence interval; takes a scorer call per row and query, for the owner of the table';

CREATE FUNCTION cur_recall(
    index regclass,
    queries anyarray,
    k integer DEFAULT 10,
    budget integer DEFAULT NULL,
    OUT k integer,
    OUT queries integer,
    OUT budget integer,
    OUT recall_mean double precision,
    OUT recall_p5 double precision,
    OUT recall_min double precision,
    OUT ci_low double precision,
    OUT ci_high double precision,
    OUT scan_calls_mean double precision,
    OUT calls bigint,
    OUT latency_ms_mean double precision,
    OUT exact_ms_mean double precision)
    AS 'MODULE_PATHNAME', 'vg_cur_recall_of' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cur_recall(regclass, anyarray, integer, integer) IS
    'recall at k of a cur index against a scan of the table by the scorer, for given queries; hits counted by score, 95 percent confidence interval; takes a scorer call per row and query, for the owner of the table';

CREATE FUNCTION cur_index_check(
    index regclass,
    samples integer DEFAULT 10,
    heapallindexed boolean DEFAULT false,
    accept boolean DEFAULT false,
    OUT items bigint,
    OUT pending bigint,
    OUT sampled integer,
    OUT score_difference double precision,
    OUT batch_difference double precision,
    OUT calls bigint,
    OUT advice text)
    AS 'MODULE_PATHNAME', 'vg_cur_index_check' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cur_index_check(regclass, integer, boolean, boolean) IS
    'checks a cur index, raising index_corrupted on the first fault: its pages, with heapallindexed that it holds every row of its table, and by sampled rows, scored anew against the anchor queries, whether the scorer is the one it was built with and agrees with its batch form; with accept, functions that changed without their scores doing so are taken for those of the build; for the owner of the table';

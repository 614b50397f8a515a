-- Searches of several steps on a user's table.

CREATE FUNCTION prf_search(
    relation regclass,
    id_column name,
    column_name name,
    query vector,
    k integer DEFAULT 10,
    feedback integer DEFAULT 5,
    alpha double precision DEFAULT 0.4,
    beta double precision DEFAULT 0.6,
    unit_length boolean DEFAULT true,
    op regoperator DEFAULT '<=>(vector,vector)')
    RETURNS TABLE (id text, rank integer, distance double precision)
    AS 'MODULE_PATHNAME', 'vg_prf_search' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 10 COST 100000;
COMMENT ON FUNCTION prf_search(regclass, name, name, vector, integer, integer, double precision, double precision, boolean, regoperator) IS
    'the k rows nearest to a query that was refined by its first answers: alpha query + beta mean of the nearest feedback rows, of length 1 when unit_length; id is the key as text, distance is to the refined query; reads as the caller, under row-level security, through an index where there is one; rows with a NULL key or vector, or without a distance (NULL, NaN), are left out; errors 22000, 22004, 22023, 42703, 42804, 42809, 42P01 (vector pseudo-relevance feedback: Li et al. 2021, arXiv 2108.11044)';

CREATE FUNCTION multi_round_search(
    relation regclass,
    id_column name,
    column_name name,
    query vector,
    k integer DEFAULT 20,
    rounds integer DEFAULT 5,
    alpha double precision DEFAULT 1,
    beta double precision DEFAULT -0.3,
    unit_length boolean DEFAULT true,
    op regoperator DEFAULT '<=>(vector,vector)')
    RETURNS TABLE (id text, round integer, rank integer, distance double precision)
    AS 'MODULE_PATHNAME', 'vg_multi_round_search' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 20 COST 100000;
COMMENT ON FUNCTION multi_round_search(regclass, name, name, vector, integer, integer, double precision, double precision, boolean, regoperator) IS
    'k rows in rounds of k / rounds new ones each; after a round the query is alpha query + beta mean of all rows found, of length 1 when unit_length: beta < 0 leaves the region already seen, beta > 0 stays in it, 0 is a plain search; id is the key as text and is not returned twice, rank counts on over the rounds, distance is to the query of the round; reads as the caller, under row-level security; errors as of prf_search (after Ada-Retrieval, Li et al. 2024, without its trained adapters)';

CREATE FUNCTION knn_join(
    left_relation regclass,
    left_id name,
    left_column name,
    right_relation regclass,
    right_id name,
    right_column name,
    k integer DEFAULT 10,
    radius double precision DEFAULT NULL,
    mutual boolean DEFAULT false,
    op regoperator DEFAULT '<=>(vector,vector)')
    RETURNS TABLE (left_key text, right_key text, rank integer, distance double precision)
    AS 'MODULE_PATHNAME', 'vg_knn_join' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 10000 COST 1000000;
COMMENT ON FUNCTION knn_join(regclass, name, name, regclass, name, name, integer, double precision, boolean, regoperator) IS
    'for every row of the left table its k nearest rows of the right one, within radius, by any operator between two values of one type that returns a number; mutual: only pairs where each is among the k nearest of the other; keys as text; in a join of a table with itself a row is not its own neighbour; rows with a NULL key or value, or without a distance (NULL, NaN), are left out; in no order; reads as the caller, under row-level security, through an index on the right column (mutual: on both) where there is one; errors 22004, 22023, 42703, 42804, 42809, 42P01';

CREATE FUNCTION mine_hard_negatives(
    queries regclass,
    query_id name,
    query_column name,
    corpus regclass,
    corpus_id name,
    corpus_column name,
    positives regclass,
    positive_query name,
    positive_document name,
    n integer DEFAULT 5,
    range_min integer DEFAULT 0,
    range_max integer DEFAULT 200,
    margin double precision DEFAULT NULL,
    max_ratio double precision DEFAULT NULL,
    sampling text DEFAULT 'top',
    seed bigint DEFAULT 0,
    op regoperator DEFAULT '<=>(vector,vector)')
    RETURNS TABLE (
        query_key text,
        positive_key text,
        negative_key text,
        rank integer,
        score double precision,
        positive_score double precision)
    AS 'MODULE_PATHNAME', 'vg_mine_hard_negatives' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 10000 COST 1000000;
COMMENT ON FUNCTION mine_hard_negatives(regclass, name, name, regclass, name, name, regclass, name, name, integer, integer, integer, double precision, double precision, text, bigint, regoperator) IS
    'for every pair of a query and one of its positives up to n rows of the corpus that are near the query and are none of its positives, no copy of one, and not the query itself: ranks range_min + 1 to range_max among those, with score <= positive_score - margin and <= max_ratio * positive_score; sampling top or random; the score is 1 - distance for the cosine, else -distance; keys as text; positives that are not in the corpus give no pair; one ordered search per query, as the caller, under row-level security; errors 21000, 22004, 22023, 42703, 42804, 42809, 42P01 (static mining of STAR, Zhan et al. 2021, with the filters of sentence-transformers)';

-- Retrieval and other questions over a semantic_graph index and the links registered for it. Functions
-- for integer keys; those whose name ends in _text serve uuid and text keys.

CREATE FUNCTION semantic_graph_search(
    index regclass, query vector, k integer DEFAULT 10, seeds integer DEFAULT 10,
    max_hops integer DEFAULT 2, method text DEFAULT 'ppr', beta double precision DEFAULT 0.75,
    restart double precision DEFAULT 0.5, hop_decay double precision DEFAULT 0.7,
    epsilon double precision DEFAULT 0.0001, link_share double precision DEFAULT 0.8,
    links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL,
    min_similarity double precision DEFAULT NULL, diversity double precision DEFAULT 0,
    filter_keys bigint[] DEFAULT NULL, max_nodes integer DEFAULT 20000)
    RETURNS TABLE (key bigint, score double precision, similarity double precision, graph_score double precision, hop integer, seed bigint,
        path bigint[], kinds text[])
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_search'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10;
COMMENT ON FUNCTION semantic_graph_search(regclass, vector, integer, integer, integer, text, double precision, double precision, double precision, double precision, double precision, text, text[], double precision, double precision, bigint[], integer) IS
    'the k best rows by (1 - beta) * similarity / largest similarity + beta * graph_score, found from the seeds nearest to the query along links and similarity arcs within max_hops steps; method ppr, hop_decay, expand or knn; beta 0 is exactly the nearest rows; diversity > 0 chooses by maximal marginal relevance among 5 k; after Andersen, Chung and Lang 2006 (push) and Raja and Vats 2025 (idea)';

CREATE FUNCTION semantic_graph_search_text(
    index regclass, query vector, k integer DEFAULT 10, seeds integer DEFAULT 10,
    max_hops integer DEFAULT 2, method text DEFAULT 'ppr', beta double precision DEFAULT 0.75,
    restart double precision DEFAULT 0.5, hop_decay double precision DEFAULT 0.7,
    epsilon double precision DEFAULT 0.0001, link_share double precision DEFAULT 0.8,
    links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL,
    min_similarity double precision DEFAULT NULL, diversity double precision DEFAULT 0,
    filter_keys text[] DEFAULT NULL, max_nodes integer DEFAULT 20000)
    RETURNS TABLE (key text, score double precision, similarity double precision, graph_score double precision, hop integer, seed text,
        path text[], kinds text[])
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_search'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10;
COMMENT ON FUNCTION semantic_graph_search_text(regclass, vector, integer, integer, integer, text, double precision, double precision, double precision, double precision, double precision, text, text[], double precision, double precision, text[], integer) IS
    'semantic_graph_search for uuid and text keys, which it takes and returns as text';

CREATE FUNCTION semantic_graph_neighbors(
    index regclass, key bigint, links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL)
    RETURNS TABLE (neighbor bigint, kind text, weight double precision, similarity double precision)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_neighbors'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 100 ROWS 30;
COMMENT ON FUNCTION semantic_graph_neighbors(regclass, bigint, text, text[]) IS
    'the visible rows one step from a row: by links (their kind and weight) and by the stored nearest neighbours (kind knn, weight as the index defines it), with their similarity to the row; 02000 for a key of no row';

CREATE FUNCTION semantic_graph_neighbors_text(
    index regclass, key text, links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL)
    RETURNS TABLE (neighbor text, kind text, weight double precision, similarity double precision)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_neighbors'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 100 ROWS 30;
COMMENT ON FUNCTION semantic_graph_neighbors_text(regclass, text, text, text[]) IS
    'semantic_graph_neighbors for uuid and text keys, which it takes and returns as text';

CREATE FUNCTION semantic_graph_expand(
    index regclass, keys bigint[], max_hops integer DEFAULT 1,
    hop_decay double precision DEFAULT 0.7, link_share double precision DEFAULT 1,
    links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL, max_nodes integer DEFAULT 20000)
    RETURNS TABLE (key bigint, hop integer, strength double precision, seed bigint, path bigint[], kinds text[])
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_expand'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 100;
COMMENT ON FUNCTION semantic_graph_expand(regclass, bigint[], integer, double precision, double precision, text, text[], integer) IS
    'the rows within max_hops steps of the given ones, each with its strongest trail: the product over steps of hop_decay * min(weight, 1); link_share 1 follows links alone, 0 similarity arcs alone, between both, those with the smaller share weakened in proportion';

CREATE FUNCTION semantic_graph_expand_text(
    index regclass, keys text[], max_hops integer DEFAULT 1,
    hop_decay double precision DEFAULT 0.7, link_share double precision DEFAULT 1,
    links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL, max_nodes integer DEFAULT 20000)
    RETURNS TABLE (key text, hop integer, strength double precision, seed text, path text[], kinds text[])
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_expand'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 100;
COMMENT ON FUNCTION semantic_graph_expand_text(regclass, text[], integer, double precision, double precision, text, text[], integer) IS
    'semantic_graph_expand for uuid and text keys, which it takes and returns as text';

CREATE FUNCTION semantic_graph_ppr(
    index regclass, seeds bigint[], weights double precision[] DEFAULT NULL,
    restart double precision DEFAULT 0.5, epsilon double precision DEFAULT 0.0001,
    max_hops integer DEFAULT 16, link_share double precision DEFAULT 0.8,
    links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL, max_nodes integer DEFAULT 20000)
    RETURNS TABLE (key bigint, score double precision)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_ppr'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 100;
COMMENT ON FUNCTION semantic_graph_ppr(regclass, bigint[], double precision[], double precision, double precision, integer, double precision, text, text[], integer) IS
    'personalised PageRank of the rows around the seeds: share of time there of a walker who returns to the seeds with probability restart at every step; by push until less than epsilon per arc is left anywhere (Andersen, Chung and Lang 2006)';

CREATE FUNCTION semantic_graph_ppr_text(
    index regclass, seeds text[], weights double precision[] DEFAULT NULL,
    restart double precision DEFAULT 0.5, epsilon double precision DEFAULT 0.0001,
    max_hops integer DEFAULT 16, link_share double precision DEFAULT 0.8,
    links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL, max_nodes integer DEFAULT 20000)
    RETURNS TABLE (key text, score double precision)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_ppr'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 100;
COMMENT ON FUNCTION semantic_graph_ppr_text(regclass, text[], double precision[], double precision, double precision, integer, double precision, text, text[], integer) IS
    'semantic_graph_ppr for uuid and text keys, which it takes and returns as text';

CREATE FUNCTION semantic_graph_path(
    index regclass, a bigint, b bigint, max_hops integer DEFAULT 4, k integer DEFAULT 1,
    hop_decay double precision DEFAULT 0.7, link_share double precision DEFAULT 0.8,
    links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL, max_nodes integer DEFAULT 20000)
    RETURNS TABLE (path integer, step integer, key bigint, kind text, weight double precision, strength double precision)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_path'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10;
COMMENT ON FUNCTION semantic_graph_path(regclass, bigint, bigint, integer, integer, double precision, double precision, text, text[], integer) IS
    'the k strongest paths of at most max_hops steps from a to b, a row per step; strength as in semantic_graph_expand (Yen 1971)';

CREATE FUNCTION semantic_graph_path_text(
    index regclass, a text, b text, max_hops integer DEFAULT 4, k integer DEFAULT 1,
    hop_decay double precision DEFAULT 0.7, link_share double precision DEFAULT 0.8,
    links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL, max_nodes integer DEFAULT 20000)
    RETURNS TABLE (path integer, step integer, key text, kind text, weight double precision, strength double precision)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_path'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 10;
COMMENT ON FUNCTION semantic_graph_path_text(regclass, text, text, integer, integer, double precision, double precision, text, text[], integer) IS
    'semantic_graph_path for uuid and text keys, which it takes and returns as text';

CREATE FUNCTION semantic_graph_edges(
    index regclass, layer text DEFAULT 'knn', links_sql text DEFAULT NULL,
    kinds text[] DEFAULT NULL)
    RETURNS TABLE (source bigint, target bigint, kind text, weight double precision, directed boolean)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_edges'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
COMMENT ON FUNCTION semantic_graph_edges(regclass, text, text, text[]) IS
    'all arcs between visible rows of the index: layer knn (stored nearest neighbours, directed), link or both; a link once, as it is stored';

CREATE FUNCTION semantic_graph_edges_text(
    index regclass, layer text DEFAULT 'knn', links_sql text DEFAULT NULL,
    kinds text[] DEFAULT NULL)
    RETURNS TABLE (source text, target text, kind text, weight double precision, directed boolean)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_edges'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
COMMENT ON FUNCTION semantic_graph_edges_text(regclass, text, text, text[]) IS
    'semantic_graph_edges for uuid and text keys, which it takes and returns as text';

CREATE FUNCTION semantic_graph_components(
    index regclass, layer text DEFAULT 'both', links_sql text DEFAULT NULL,
    kinds text[] DEFAULT NULL)
    RETURNS TABLE (key bigint, component bigint, size bigint)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_components'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
COMMENT ON FUNCTION semantic_graph_components(regclass, text, text, text[]) IS
    'connected components of the rows of the index, directions ignored; a component is named by its smallest key; layer link, knn or both';

CREATE FUNCTION semantic_graph_components_text(
    index regclass, layer text DEFAULT 'both', links_sql text DEFAULT NULL,
    kinds text[] DEFAULT NULL)
    RETURNS TABLE (key text, component text, size bigint)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_components'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
COMMENT ON FUNCTION semantic_graph_components_text(regclass, text, text, text[]) IS
    'semantic_graph_components for uuid and text keys, which it takes and returns as text';

CREATE FUNCTION semantic_graph_communities(
    index regclass, method text DEFAULT 'louvain', resolution double precision DEFAULT 1,
    seed bigint DEFAULT 0, layer text DEFAULT 'both', links_sql text DEFAULT NULL,
    kinds text[] DEFAULT NULL)
    RETURNS TABLE (key bigint, community bigint, size bigint)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_communities'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
COMMENT ON FUNCTION semantic_graph_communities(regclass, text, double precision, bigint, text, text, text[]) IS
    'groups of rows with more arcs inside than out: louvain (Blondel et al. 2008, larger resolution gives more groups) or label_propagation (Raghavan et al. 2007); named by their smallest key; the same seed gives the same groups';

CREATE FUNCTION semantic_graph_communities_text(
    index regclass, method text DEFAULT 'louvain', resolution double precision DEFAULT 1,
    seed bigint DEFAULT 0, layer text DEFAULT 'both', links_sql text DEFAULT NULL,
    kinds text[] DEFAULT NULL)
    RETURNS TABLE (key text, community text, size bigint)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_communities'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
COMMENT ON FUNCTION semantic_graph_communities_text(regclass, text, double precision, bigint, text, text, text[]) IS
    'semantic_graph_communities for uuid and text keys, which it takes and returns as text';

CREATE FUNCTION semantic_graph_centrality(
    index regclass, method text DEFAULT 'pagerank', keys bigint[] DEFAULT NULL,
    layer text DEFAULT 'both', links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL)
    RETURNS TABLE (key bigint, score double precision)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_centrality'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
COMMENT ON FUNCTION semantic_graph_centrality(regclass, text, bigint[], text, text, text[]) IS
    'how central rows are: degree (sum of weights going out), pagerank (restart 0.15) or betweenness (unweighted, Brandes 2001; 54000 where nodes times edges exceed 2e9), of all rows or of the subgraph of the given keys';

CREATE FUNCTION semantic_graph_centrality_text(
    index regclass, method text DEFAULT 'pagerank', keys text[] DEFAULT NULL,
    layer text DEFAULT 'both', links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL)
    RETURNS TABLE (key text, score double precision)
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_centrality'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
COMMENT ON FUNCTION semantic_graph_centrality_text(regclass, text, text[], text, text, text[]) IS
    'semantic_graph_centrality for uuid and text keys, which it takes and returns as text';

CREATE FUNCTION semantic_graph_dot(
    index regclass, keys bigint[], max_hops integer DEFAULT 1,
    link_share double precision DEFAULT 0.8, max_nodes integer DEFAULT 60,
    label name DEFAULT NULL, links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL)
    RETURNS text
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_dot'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;
COMMENT ON FUNCTION semantic_graph_dot(regclass, bigint[], integer, double precision, integer, name, text, text[]) IS
    'the surroundings of the given rows as a drawing for Graphviz: links solid with their kind, similarity arcs dashed; label names the column to write on the nodes, by default their keys';

CREATE FUNCTION semantic_graph_dot_text(
    index regclass, keys text[], max_hops integer DEFAULT 1,
    link_share double precision DEFAULT 0.8, max_nodes integer DEFAULT 60,
    label name DEFAULT NULL, links_sql text DEFAULT NULL, kinds text[] DEFAULT NULL)
    RETURNS text
    AS 'MODULE_PATHNAME', 'vg_semantic_graph_dot'
    LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000;
COMMENT ON FUNCTION semantic_graph_dot_text(regclass, text[], integer, double precision, integer, name, text, text[]) IS
    'semantic_graph_dot for uuid and text keys, which it takes and returns as text';

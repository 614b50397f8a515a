-- A call of every function, aggregate, window function, operator, operator class and type of the extension, which
-- lies in schema vg, by its full name, as role vgs_user, who is no superuser: statements in d.call, and d.answer(statement), which runs one. Used by
-- sql/install_schema.sql and by the test of updates.
CREATE SCHEMA d AUTHORIZATION vgs_user;
CREATE FUNCTION d.score(text, text) RETURNS double precision LANGUAGE sql IMMUTABLE RETURN vg.levenshtein_similarity($1, $2);
SET search_path = '';
SELECT vg.cur_create_class('d.scored', 'd.score(text,text)', operator_name => '<~@>');
SET ROLE vgs_user;
CREATE TABLE d.t (id bigint PRIMARY KEY, name text, parent bigint, grp text, x double precision, v vg.vector(4), w vg.vector[]);
INSERT INTO d.t SELECT i, 'n' || pg_catalog.chr(65 + i % 26) || i * 7919 % 10007, CASE WHEN i > 1 THEN i / 2 END, 'g' || i % 3, pg_catalog.sin(i),
    ARRAY[pg_catalog.sin(i), pg_catalog.cos(i), pg_catalog.sin(2 * i), 1]::vg.vector, ARRAY[ARRAY[i % 7, i % 5, 1]::vg.vector, ARRAY[1, i % 3, i % 11]::vg.vector]
FROM pg_catalog.generate_series(1, 60) i;
CREATE TABLE d.u (id text PRIMARY KEY, parent text, v vg.vector(4));
INSERT INTO d.u SELECT id::text, parent::text, v FROM d.t;
CREATE INDEX t_cosine ON d.t USING lid_hnsw (v);
CREATE INDEX t_l2 ON d.t USING lid_hnsw (v vg.vector_l2_ops);
CREATE INDEX t_ip ON d.t USING lid_hnsw (v vg.vector_ip_ops);
CREATE INDEX t_l1 ON d.t USING lid_hnsw (v vg.vector_l1_ops);
CREATE INDEX t_graph ON d.t USING semantic_graph (v) INCLUDE (id) WITH (k = 4);
CREATE INDEX u_graph ON d.u USING semantic_graph (v vg.vector_cosine_ops) INCLUDE (id) WITH (k = 4);
CREATE INDEX t_parent ON d.t (parent);
CREATE INDEX u_parent ON d.u (parent);
SET client_min_messages = warning;
CREATE INDEX t_score ON d.t USING cur (name d.scored) WITH (anchor_queries = 8);
CREATE INDEX t_levenshtein ON d.t USING cur (name vg.text_levenshtein_ops) WITH (anchor_queries = 8);
CREATE INDEX t_alignment ON d.t USING cur (name vg.text_alignment_ops) WITH (anchor_queries = 8);
CREATE INDEX t_maxsim ON d.t USING cur (w vg.vector_maxsim_ops) WITH (anchor_queries = 8);
CREATE INDEX t_soft ON d.t USING cur (w vg.vector_soft_cosine_ops) WITH (anchor_queries = 8);
CREATE INDEX t_sequence ON d.t USING cur (w vg.vector_alignment_ops) WITH (anchor_queries = 8);
CREATE TABLE d.run (system text, qid integer, docid text, rank integer);
INSERT INTO d.run SELECT 's', 1, 'd' || i, i FROM pg_catalog.generate_series(1, 5) i;
CREATE TABLE d.qrels (qid integer, docid text, rel integer);
INSERT INTO d.qrels SELECT 1, 'd' || i, i % 3 FROM pg_catalog.generate_series(2, 8) i;
CREATE VIEW d.judged AS SELECT * FROM vg.eval_join('d.run', 'd.qrels', 'system');
CREATE TABLE d.label (qid bigint, id bigint);
INSERT INTO d.label VALUES (1, 4), (2, 5);
CREATE FUNCTION d.judge(text, text[]) RETURNS real[] LANGUAGE sql STABLE AS
    'SELECT pg_catalog.array_agg(pg_catalog.length(x)::real ORDER BY n) FROM pg_catalog.unnest($2) WITH ORDINALITY u(x, n)';
CREATE TABLE d.call (n integer GENERATED ALWAYS AS IDENTITY, sql text);
INSERT INTO d.call (sql) SELECT sql FROM pg_catalog.string_to_table($calls$
SELECT vg.lid('{1,2,4}'), vg.lid_twonn('{1,1}', '{4,2}'), (SELECT (vg.lid_mle(x), vg.lid_mom(x)) FROM d.t WHERE x > 0)
SELECT id FROM d.t ORDER BY v OPERATOR(vg.<=>) '[1,2,3,4]' LIMIT 3
SELECT id FROM d.t ORDER BY v OPERATOR(vg.<->) '[1,2,3,4]' LIMIT 3
SELECT id FROM d.t ORDER BY v OPERATOR(vg.<#>) '[1,2,3,4]' LIMIT 3
SELECT id FROM d.t ORDER BY v OPERATOR(vg.<+>) '[1,2,3,4]' LIMIT 3
SELECT vg.vectorgraph_index_check('d.t_l2', true), vg.vectorgraph_index_format('d.t_l2')
SELECT nodes, metric, order_used FROM vg.vectorgraph_index_stats('d.t_ip')
SELECT recall_mean FROM vg.vectorgraph_index_recall('d.t_l1', k => 3, n => 5)
SELECT index, class, state, advice FROM vg.vectorgraph_indexes() ORDER BY 1
SELECT pg_catalog.count(*) FROM vg.vectorgraph_progress()
SELECT lid FROM vg.lid_rows('d.t', 'v', k => 5, sample_rows => 3)
SELECT dimension_mle, build_order FROM vg.lid_profile('d.t', 'v', k => 5)
SELECT nodes, list_recall FROM vg.semantic_graph_stats('d.t_graph')
SELECT vg.semantic_graph_add_links('d.t_graph', 'd.t', 'id', 'parent'), vg.semantic_graph_add_links('d.u_graph', 'd.u', 'id', 'parent')
SELECT * FROM vg.semantic_graph_links('d.t_graph')
SELECT key FROM vg.semantic_graph_search('d.t_graph', '[1,2,3,4]', k => 4, seeds => 2, diversity => 0.2)
SELECT key FROM vg.semantic_graph_search_text('d.u_graph', '[1,2,3,4]', k => 4, seeds => 2)
SELECT * FROM vg.semantic_graph_neighbors('d.t_graph', 3) ORDER BY 1, 2
SELECT * FROM vg.semantic_graph_neighbors_text('d.u_graph', '3') ORDER BY 1, 2
SELECT * FROM vg.semantic_graph_expand('d.t_graph', '{2}', 2) ORDER BY 1
SELECT * FROM vg.semantic_graph_expand_text('d.u_graph', '{2}', 2, links_sql => 'SELECT ''1''::text AS source, ''5''::text AS target') ORDER BY 1
SELECT key FROM vg.semantic_graph_ppr('d.t_graph', '{2,3}') ORDER BY score DESC, 1 LIMIT 3
SELECT key FROM vg.semantic_graph_ppr_text('d.u_graph', '{2,3}') ORDER BY score DESC, 1 LIMIT 3
SELECT * FROM vg.semantic_graph_path('d.t_graph', 4, 9)
SELECT * FROM vg.semantic_graph_path_text('d.u_graph', '4', '9')
SELECT pg_catalog.count(*) FROM vg.semantic_graph_edges('d.t_graph', 'both')
SELECT pg_catalog.count(*) FROM vg.semantic_graph_edges_text('d.u_graph', 'both')
SELECT pg_catalog.count(*) FROM vg.semantic_graph_components('d.t_graph', 'link')
SELECT pg_catalog.count(*) FROM vg.semantic_graph_components_text('d.u_graph', 'link')
SELECT * FROM vg.semantic_graph_communities('d.t_graph', layer => 'link') ORDER BY 1
SELECT * FROM vg.semantic_graph_communities_text('d.u_graph', layer => 'link') ORDER BY 1
SELECT key FROM vg.semantic_graph_centrality('d.t_graph', 'degree') ORDER BY score DESC, 1 LIMIT 3
SELECT key FROM vg.semantic_graph_centrality_text('d.u_graph', 'degree') ORDER BY score DESC, 1 LIMIT 3
SELECT pg_catalog.length(vg.semantic_graph_dot('d.t_graph', '{2}', label => 'name'))
SELECT pg_catalog.length(vg.semantic_graph_dot_text('d.u_graph', '{2}', label => 'id'))
SELECT vg.semantic_graph_drop_links('d.t_graph'), vg.semantic_graph_drop_links('d.u_graph', 'd.u')
SELECT id FROM d.t ORDER BY name OPERATOR(d.<~@>) 'nC100' LIMIT 3
SELECT id FROM d.t ORDER BY name OPERATOR(vg.<~#>) 'nC100' LIMIT 3
SELECT id FROM d.t ORDER BY name OPERATOR(vg.<~~>) 'nC100', id LIMIT 3
SELECT id FROM d.t ORDER BY w OPERATOR(vg.<~>) ARRAY['[1,0,2]']::vg.vector[], id LIMIT 3
SELECT id FROM d.t ORDER BY w OPERATOR(vg.<~=>) ARRAY['[1,0,2]']::vg.vector[], id LIMIT 3
SELECT id FROM d.t ORDER BY w OPERATOR(vg.<~~>) ARRAY['[1,0,2]']::vg.vector[], id LIMIT 3
SELECT d.scored_version() OPERATOR(pg_catalog.=) vg.cur_functions_hash('{"d.score(text,text)"}')
SELECT items, advice FROM vg.cur_index_stats('d.t_score')
SELECT queries FROM vg.cur_recall('d.t_score', k => 3, n => 2), vg.cur_flush('d.t_score')
SELECT queries FROM vg.cur_recall('d.t_score', ARRAY['nA1'], 3)
SELECT items, advice FROM vg.cur_index_check('d.t_score', 3)
SELECT vg.maxsim(w, w), vg.soft_cosine(w, w), vg.alignment_similarity(w, w), vg.alignment_similarity(name, 'nA'), vg.levenshtein_similarity(name, 'nA') FROM d.t WHERE id < 3
SELECT vg.levenshtein_distances(ARRAY['abc', 'abd'], 'abc'), vg.alignment_distances(ARRAY['a red car'], 'red')
SELECT id, vg.mmr_rank(v, x, 3) OVER w, vg.dpp_rank(v, x, 3) OVER w, vg.facility_location_rank(v, x, 3) OVER w, vg.saturated_rank(v, x, 3) OVER w, vg.graph_cut_rank(v, x, 3) OVER w FROM d.t WINDOW w AS (ORDER BY x)
SELECT id, vg.max_min_rank(v, x, 3) OVER w, vg.max_sum_rank(v, x, 3) OVER w, vg.compression_rank(v, x, 3) OVER w, vg.quota_rank(x, grp, 3, 1) OVER w FROM d.t WINDOW w AS (ORDER BY x)
SELECT id, vg.diverse_rank('dpp', v, x, 3) OVER w, vg.diverse_gain('dpp', v, x, 3) OVER w FROM d.t WINDOW w AS (ORDER BY x)
SELECT vg.diverse_select(id, v, x, 3), vg.diverse_select(id, v, x, 3, 0.5), vg.diverse_select(id, v, x, 3, 0.5, 'dpp'), vg.diverse_select(id, v, x, NULL, 0.5, 'dpp', 10, 70) FROM d.t
SELECT vg.select_items(id, grp, (id / 3 + 1)::integer, 2), vg.select_items(id, grp, (id / 3 + 1)::integer, 2, 'bloc'), vg.select_items(id, grp, (id / 3 + 1)::integer, 2, 'bloc', id % 2, NULL, NULL) FROM d.t
SELECT vg.rrf(id), vg.rrf(id, 60), vg.rrf(id, 60, 2), vg.borda(id, 60), vg.borda(id, 60, 2), vg.comb_sum(x), vg.comb_sum(x, 2), vg.comb_mnz(x), vg.comb_mnz(x, 2) FROM d.t
SELECT vg.minmax_norm(x) OVER w, vg.zscore_norm(x) OVER w, vg.sigmoid_norm(x) OVER w, vg.edge_order() OVER w FROM d.t WINDOW w AS (ORDER BY id)
SELECT vg.rank_pairs(id, parent, 1), vg.rank_pairs(id, parent, 1, 'copeland') FROM d.t WHERE parent > 0
SELECT item, rank, score FROM pg_catalog.unnest((SELECT vg.rank_pairs_scores(id, parent, 1) FROM d.t WHERE parent > 0))
SELECT item, rank, score FROM pg_catalog.unnest((SELECT vg.rank_pairs_scores(id, parent, 1, 'copeland') FROM d.t WHERE parent > 0))
SELECT vg.rate(ARRAY[NULL, NULL]::vg.skill_rating[], '{1,2}'), vg.rating_score((43.071, 2.417)::vg.skill_rating)
SELECT item, mu, sigma, matches FROM pg_catalog.unnest((SELECT vg.rate_all(id, id / 3, (id % 3)::integer + 1 ORDER BY id) FROM d.t))
SELECT vg.rocchio('[1,0]', '{"[0.8,0.6]"}'), vg.average_prf('[1,0]', '{"[0.8,0.6]"}'), vg.permutation_repair('{3,3,9,1,0}', 5)
SELECT vg.average_prf_agg(v, id, '[1,0,0,0]', 3), vg.rocchio_agg(v, id, '[1,0,0,0]', 3), vg.rocchio_agg(v, id, '[1,0,0,0]', 3, 0.5, 0.5, false) FROM d.t
SELECT vg.dcg_at(rel, rank, 5), vg.dcg_at(rel, rank, 5, 'exp'), vg.ndcg_at(rel, rank, 5), vg.ndcg_at(rel, rank, 5, 'exp'), vg.ap_at(rel, rank, 5), vg.ap_at(rel, rank, 5, 'R'), vg.ap_at(rel, rank, 5, 'R', 2) FROM d.judged
SELECT vg.rr_at(rel, rank, 5), vg.rr_at(rel, rank, 5, 2), vg.precision_at(rel, rank, 5), vg.precision_at(rel, rank, 5, 2), vg.recall_at(rel, rank, 5), vg.recall_at(rel, rank, 5, 2), vg.success_at(rel, rank, 5), vg.success_at(rel, rank, 5, 2) FROM d.judged
SELECT vg.hits_at(rel, rank, 5), vg.hits_at(rel, rank, 5, 2), vg.num_relevant(rel), vg.num_relevant(rel, 2), vg.bpref(rel, rank), vg.bpref(rel, rank, 2), vg.err(rel, rank, 5), vg.err(rel, rank, 5, 3) FROM d.judged
SELECT vg.rbp(rel, rank, 0.8), vg.rbp(rel, rank, 0.8, 'linear'), vg.rbp(rel, rank, 0.8, 'binary', 2) FROM d.judged
SELECT vg.kendall_tau(id, x), vg.auc(x, id < 9), vg.overlap_at(id, id, 3), vg.paired_t(id, x), vg.randomization_test(x, id), vg.randomization_test(x, id, 100), vg.randomization_test(x, id, 100, 7) FROM d.t
SELECT vg.mutual_info(grp, parent), vg.mutual_info_corrected(grp, parent), vg.mutual_info_corrected(grp, parent, 7) FROM d.t
SELECT vg.mean_similarity(v), vg.intra_list_diversity(v), vg.coverage(v, id, 3), vg.similarity_quantiles(v, '{0.5}'), vg.similarity_quantiles(v, '{0.5}', 3), vg.vendi_score(v) FROM d.t
SELECT vg.alpha_ndcg_at(ARRAY[grp], id, 5), vg.alpha_ndcg_at(ARRAY[grp], id, 5, 0.3), vg.s_recall_at(ARRAY[grp], id, 2), vg.rankme(v), vg.stable_rank(v), vg.participation_ratio(v) FROM d.t
SELECT vg.pca_project('[1,2,3,4]', m) FROM (SELECT vg.pca(v, 2) AS m FROM d.t) s
SELECT idx, rank FROM vg.rerank('q', ARRAY['a', 'bbb', 'cc'], 'd.judge(text,text[])') ORDER BY 1
SELECT vg.rerank_cost('pointwise', 100, 10)
SELECT id FROM vg.prf_search('d.t', 'id', 'v', '[1,0,0,0]', k => 3, feedback => 2)
SELECT id, round FROM vg.multi_round_search('d.t', 'id', 'v', '[1,0,0,0]', k => 4, rounds => 2)
SELECT left_key, right_key FROM vg.knn_join('d.t', 'id', 'v', 'd.u', 'id', 'v', k => 1) ORDER BY 1, 2
SELECT query_key, negative_key FROM vg.mine_hard_negatives('d.t', 'id', 'v', 'd.t', 'id', 'v', 'd.label', 'qid', 'id', n => 2) ORDER BY 1, 2
$calls$, E'\n') sql WHERE sql OPERATOR(pg_catalog.<>) '';
CREATE FUNCTION d.answer(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    row record;
    rows text := '';
BEGIN
    FOR row IN EXECUTE sql LOOP
        rows := rows || row::text || E'\n';
    END LOOP;
    RETURN rows;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE TABLE d.answer (path text, n integer, answer text);

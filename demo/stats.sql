-- Figures of the index itself: a few of those that vectorgraph_index_stats has.
SELECT pg_size_pretty(s.bytes) AS index_size, pg_size_pretty(pg_table_size('word')) AS table_size, s.nodes, s.levels,
    round(s.degree_mean::numeric, 1) AS links_per_node, s.unreachable, s.order_used, round(s.lid_p50::numeric, 1) AS median_lid
FROM vectorgraph_index_stats('word_v_idx') s;
\echo Recall between rows sampled from the table, at the default ef_search:
SELECT k, queries, ef_search, recall_mean, round(ci_low::numeric, 4) AS ci_low, round(ci_high::numeric, 4) AS ci_high, pages_mean,
    round(latency_ms_mean::numeric, 2) AS ms, round(exact_ms_mean::numeric, 2) AS exact_ms
FROM vectorgraph_index_recall('word_v_idx', k => 10, n => 200);

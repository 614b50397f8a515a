-- Figures of the index itself.
SELECT pg_size_pretty(pg_relation_size('word_v_idx')) AS index_size,
       pg_size_pretty(pg_table_size('word')) AS table_size;
\x on
SELECT * FROM vectorgraph_index_stats('word_v_idx');
\echo Recall between rows sampled from the table, at the default ef_search:
SELECT * FROM vectorgraph_index_recall('word_v_idx', k => 10, n => 200);
\x off

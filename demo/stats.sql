-- Figures of the index itself.
SELECT pg_size_pretty(pg_relation_size('word_v_idx')) AS index_size,
       pg_size_pretty(pg_table_size('word')) AS table_size;

SELECT to_regproc('vectorgraph_index_stats') IS NOT NULL
   AND to_regproc('vectorgraph_index_recall') IS NOT NULL AS have_functions \gset
\if :have_functions
\x on
SELECT * FROM vectorgraph_index_stats('word_v_idx');
SELECT * FROM vectorgraph_index_recall('word_v_idx', k => 10, n => 200);
\x off
\endif

-- One query answered three ways: nearest words, words that WordNet's links lead to from there, and the same
-- without repetition.
SET client_min_messages = warning;
CREATE INDEX ON word_link (word_b);
\timing on
CREATE INDEX word_graph ON word USING semantic_graph (v vector_cosine_ops) INCLUDE (word);
\timing off
SELECT FROM (SELECT semantic_graph_add_links('word_graph', 'word_link', 'word_a', 'word_b', kind => 'relation')) done \g /dev/null

\set kinds '''{hypernym,has_part,has_member,has_substance,topic,instance_of}'''
PREPARE by_graph(text, float8) AS
    SELECT row_number() OVER () AS n, key, similarity, hop, path, kinds FROM semantic_graph_search_text('word_graph',
        (SELECT v FROM word WHERE word = $1), k => 10, seeds => 3, kinds => :kinds, diversity => $2);

\echo Ten words for "airplane":
CREATE TEMPORARY TABLE graph_answer AS EXECUTE by_graph('airplane', 0);
CREATE TEMPORARY TABLE diverse_answer AS EXECUTE by_graph('airplane', 0.2);
SELECT n, t.key AS top_k, g.key AS graph_search, d.key AS graph_search_diverse
FROM (SELECT row_number() OVER () AS n, key FROM semantic_graph_search_text('word_graph',
        (SELECT v FROM word WHERE word = 'airplane'), k => 10, beta => 0)) t
JOIN graph_answer g USING (n) JOIN diverse_answer d USING (n) ORDER BY n;

\echo How the graph search found them, and how similar they are:
SELECT n, key AS word, hop, array_to_string(path, ' > ') AS path, array_to_string(kinds, ', ') AS links,
    round(similarity::numeric, 2) AS similarity
FROM graph_answer ORDER BY n;

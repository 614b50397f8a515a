-- Tables, links and indexes of the retrieval benchmark; run by bench/semantic/run.sh in the folder of the
-- .tsv files.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
CREATE TABLE node (id bigint PRIMARY KEY, word text, a vector(100), b vector(100));
\copy node FROM semantic-node.tsv
CREATE TABLE node_a AS SELECT id, word, a AS v FROM node;
CREATE TABLE node_b AS SELECT id, word, b AS v FROM node;
DROP TABLE node;
ALTER TABLE node_a ADD PRIMARY KEY (id);
ALTER TABLE node_b ADD PRIMARY KEY (id);

CREATE TABLE pair (source bigint, target bigint, kind text, half integer, shuffled bigint);
\copy pair FROM semantic-link.tsv
CREATE TABLE link AS SELECT source, target, kind FROM pair;
CREATE TABLE link_half AS SELECT source, target, kind FROM pair WHERE half = 0;
CREATE TABLE link_shuffled AS SELECT source, shuffled AS target, kind FROM pair WHERE source <> shuffled;
CREATE TABLE link_hypernym AS SELECT source, target, kind FROM pair WHERE kind IN ('hypernym', 'instance');
CREATE INDEX ON link (source);
CREATE INDEX ON link (target);
CREATE INDEX ON link_half (source);
CREATE INDEX ON link_half (target);
CREATE INDEX ON link_shuffled (source);
CREATE INDEX ON link_shuffled (target);
CREATE INDEX ON link_hypernym (source);
CREATE INDEX ON link_hypernym (target);

CREATE TABLE query (task text, sample integer, q integer, v vector(100), PRIMARY KEY (task, q));
\copy query FROM semantic-query.tsv
CREATE TABLE target (task text, q integer, target bigint, hop integer, PRIMARY KEY (task, q, target));
\copy target FROM semantic-target.tsv
CREATE TABLE self (task text, q integer, id bigint, PRIMARY KEY (task, q));
\copy self FROM semantic-self.tsv

SET maintenance_work_mem = '512MB';
\timing on
CREATE INDEX node_a_sg ON node_a USING semantic_graph (v vector_cosine_ops) INCLUDE (id);
CREATE INDEX node_b_sg ON node_b USING semantic_graph (v vector_cosine_ops) INCLUDE (id);
\timing off
VACUUM ANALYZE;

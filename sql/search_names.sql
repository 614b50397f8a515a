-- Searches compare keys by the equality of their type, not by an operator that somebody put into a
-- schema of the caller's search_path: varchar has none of its own, so a bare = would take that one.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS vectorgraph;
CREATE SCHEMA srn;
CREATE FUNCTION srn.never(varchar, varchar) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE WARNING 'somebody else compares';
    RETURN false;
END $$;
CREATE OPERATOR srn.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = srn.never);
CREATE OPERATOR srn.<> (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = srn.never);
CREATE TABLE srn_doc (id varchar PRIMARY KEY, v vector(2));
INSERT INTO srn_doc SELECT 'd' || i, format('[%s,1]', i * i)::vector FROM generate_series(1, 5) i;
CREATE TABLE srn_query (id varchar PRIMARY KEY, v vector(2));
INSERT INTO srn_query VALUES ('q1', '[4,1]');
CREATE TABLE srn_positive (query varchar, document varchar);
INSERT INTO srn_positive VALUES ('q1', 'd2');
CREATE TABLE srn_other (id bigint PRIMARY KEY, v vector(2));
INSERT INTO srn_other VALUES (1, '[4,1]');
SET search_path = public, srn;
SELECT * FROM knn_join('srn_doc', 'id', 'v', 'srn_doc', 'id', 'v', 1, op => '<->(vector,vector)') ORDER BY 1, 2;
SELECT * FROM knn_join('srn_doc', 'id', 'v', 'srn_query', 'id', 'v', 1, mutual => true, op => '<->(vector,vector)') ORDER BY 1, 2;
SELECT * FROM mine_hard_negatives('srn_query', 'id', 'v', 'srn_doc', 'id', 'v', 'srn_positive', 'query', 'document', n => 2, op => '<->(vector,vector)');
-- Types of one family are compared across, others are not.
SELECT * FROM knn_join('srn_other', 'id', 'v', 'srn_doc', 'id', 'v', 1, mutual => true, op => '<->(vector,vector)');
ALTER TABLE srn_positive ALTER COLUMN document TYPE text;
SELECT count(*) FROM mine_hard_negatives('srn_query', 'id', 'v', 'srn_doc', 'id', 'v', 'srn_positive', 'query', 'document', n => 2, op => '<->(vector,vector)');
\set VERBOSITY terse
ALTER TABLE srn_positive ALTER COLUMN document TYPE uuid USING NULL;
SELECT count(*) FROM mine_hard_negatives('srn_query', 'id', 'v', 'srn_doc', 'id', 'v', 'srn_positive', 'query', 'document', n => 2, op => '<->(vector,vector)');
RESET search_path;
DROP TABLE srn_doc, srn_query, srn_positive, srn_other;
DROP SCHEMA srn CASCADE;

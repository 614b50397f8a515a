-- What the rerank* and search files share.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
RESET client_min_messages;

\i sql/include/outcome.sql

-- Latency of semantic_graph_search end to end, warm: 1,000 queries one by one, each statement timed inside the
-- server. Run by bench/semantic/run.sh after load.sql and evaluate.sql.
SET client_min_messages = warning;
SET jit = off;
\o /dev/null
SELECT FROM (SELECT semantic_graph_drop_links('node_b_sg')) x, (SELECT semantic_graph_add_links(
    'node_b_sg', 'link', 'source', 'target', kind => 'kind')) y;
CREATE TABLE IF NOT EXISTS latency (number integer GENERATED ALWAYS AS IDENTITY, name text, q integer, ms double precision);

CREATE OR REPLACE FUNCTION time_queries(name text, arguments text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one record;
    start timestamptz;
    n bigint;
BEGIN
    FOR one IN SELECT q, v FROM query WHERE task = 'synonym' AND sample = 1 ORDER BY q LOOP
        start := clock_timestamp();
        EXECUTE format('SELECT count(*) FROM semantic_graph_search(''node_b_sg'', $1%s)', arguments)
            INTO n USING one.v;
        INSERT INTO latency (name, q, ms) VALUES (name, one.q,
            1000 * extract(epoch FROM clock_timestamp() - start));
    END LOOP;
END $$;

-- Once to warm up.
SELECT time_queries('warm', '');
DELETE FROM latency;
SELECT time_queries('nearest rows alone (beta 0)', ', beta => 0');
SELECT time_queries('default', '');
SELECT time_queries('links alone', ', link_share => 1');
SELECT time_queries('hop_decay', ', method => ''hop_decay''');
SELECT time_queries('expand', ', method => ''expand''');
SELECT time_queries('knn', ', method => ''knn''');
SELECT time_queries('default, diversity 0.3', ', diversity => 0.3');
\o
SELECT name, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 2) AS p50_ms,
    round(percentile_cont(0.99) WITHIN GROUP (ORDER BY ms)::numeric, 2) AS p99_ms,
    round(max(ms)::numeric, 2) AS max_ms, count(*) AS queries
FROM latency GROUP BY name ORDER BY min(number);

-- Functions of the retrieval benchmark: run one setting over a task, and what comes of it.
SET client_min_messages = warning;
CREATE TABLE setting (number integer GENERATED ALWAYS AS IDENTITY, name text, task text, sample integer);
CREATE TABLE answer (setting integer, q integer, rank integer, key bigint, similarity double precision);

-- Runs all queries of a task with the arguments given; `arguments` is the tail of the call. The exact
-- nearest rows where it is NULL. The synset a query was made from is left out of its answer.
CREATE FUNCTION run(name text, task text, sample integer, links regclass, arguments text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    number integer;
    nodes text := CASE WHEN task IN ('word', 'part') THEN 'node_a' ELSE 'node_b' END;
    call text;
BEGIN
    -- The exact answer must not come from an index.
    PERFORM set_config('enable_indexscan', CASE WHEN arguments IS NULL THEN 'off' ELSE 'on' END, true);
    INSERT INTO setting (name, task, sample) VALUES (run.name, run.task, run.sample)
        RETURNING setting.number INTO number;
    PERFORM semantic_graph_drop_links((nodes || '_sg')::regclass);
    IF links IS NOT NULL THEN
        PERFORM semantic_graph_add_links((nodes || '_sg')::regclass, links, 'source', 'target', kind => 'kind');
    END IF;
    IF arguments IS NULL THEN
        call := format('(SELECT id AS key, 1 - (v <=> q.v) AS similarity, (v <=> q.v) AS place
            FROM %s ORDER BY v <=> q.v LIMIT 51)', nodes);
    ELSE
        call := format('(SELECT key, similarity, o AS place
            FROM semantic_graph_search(%L, q.v, k => 51%s) WITH ORDINALITY
            x(key, score, similarity, graph_score, hop, seed, path, kinds, o))', nodes || '_sg', arguments);
    END IF;
    EXECUTE format('INSERT INTO answer
        SELECT %s, q, row_number() OVER (PARTITION BY q ORDER BY place, key), key, similarity
        FROM (SELECT q.q, r.* FROM query q JOIN self s USING (task, q) CROSS JOIN LATERAL %s r
              WHERE q.task = %L AND q.sample = %s AND r.key <> s.id) x', number, call, task, sample);
END $$;

-- One row per setting and query, then the means.
CREATE FUNCTION summarise() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DROP TABLE IF EXISTS hit, wanted, quality;
    ANALYZE answer;
    ANALYZE setting;
    CREATE TABLE hit AS SELECT a.setting, a.q, a.rank, t.hop FROM setting s
        JOIN target t ON t.task = s.task JOIN answer a ON a.setting = s.number AND a.q = t.q AND a.key = t.target;
    CREATE TABLE wanted AS SELECT c.*, (SELECT sum(1 / log(2, 1 + i)) FROM generate_series(1, least(n, 20)) i) AS ideal
        FROM (SELECT task, q, count(*) AS n, count(*) FILTER (WHERE hop = 2) AS n2 FROM target GROUP BY task, q) c;
    ANALYZE hit;
    ANALYZE wanted;
    CREATE TABLE quality AS
    WITH one AS (
        SELECT s.number, s.name, s.task, s.sample, w.q,
            count(h.rank) FILTER (WHERE h.rank <= 10)::numeric / w.n AS r10,
            count(h.rank) FILTER (WHERE h.rank <= 20)::numeric / w.n AS r20,
            count(h.rank) FILTER (WHERE h.rank <= 50)::numeric / w.n AS r50,
            count(h.rank) FILTER (WHERE h.rank <= 20 AND h.hop = 2)::numeric / nullif(w.n2, 0) AS r20h2,
            coalesce(sum(1 / log(2, 1 + h.rank)) FILTER (WHERE h.rank <= 20), 0) / w.ideal AS ndcg
        FROM setting s JOIN query q ON q.task = s.task AND q.sample = s.sample
        JOIN wanted w ON w.task = s.task AND w.q = q.q
        LEFT JOIN hit h ON h.setting = s.number AND h.q = q.q
        GROUP BY s.number, s.name, s.task, s.sample, w.q, w.n, w.n2, w.ideal)
    SELECT number, task, sample, name, round(avg(r10), 3) AS "R@10", round(avg(r20), 3) AS "R@20",
        round(avg(r50), 3) AS "R@50", round(avg(r20h2), 3) AS "R@20 hop 2", round(avg(ndcg)::numeric, 3) AS "nDCG@20",
        round(1.96 * stddev(r20) / sqrt(count(*))::numeric, 3) AS "+-", c.cosine AS "cos@10"
    FROM one JOIN (SELECT setting, round(avg(similarity)::numeric, 3) AS cosine FROM answer WHERE rank <= 10
        GROUP BY setting) c ON c.setting = one.number
    GROUP BY number, name, task, sample, c.cosine;
END $$;

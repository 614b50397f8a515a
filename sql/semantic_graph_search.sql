-- Functions over a semantic_graph index and its links: each answers as a slow computation in SQL does.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
-- 2,000 rows without equal vectors, and 3,000 links between them: two kinds, two weights, self-links, cycles
-- and endpoints that are no row among them.
CREATE TABLE sgs_row (id bigint PRIMARY KEY, v vector(6));
INSERT INTO sgs_row SELECT i, (SELECT array_agg(sin(i * (1.7 + j) + j * j)::real ORDER BY j) FROM generate_series(1, 6) j)::vector
    FROM generate_series(1, 2000) i;
CREATE TABLE sgs_link (a bigint, b bigint, weight real, kind text);
INSERT INTO sgs_link SELECT 1 + i * 7919 % 2000, 1 + i * i * 31 % 2003, CASE WHEN i % 3 = 0 THEN 0.5 ELSE 1 END,
    CASE WHEN i % 2 = 0 THEN 'cites' ELSE 'about' END FROM generate_series(1, 3000) i;
INSERT INTO sgs_link VALUES (5, 5, 1, 'cites'), (NULL, 7, 1, 'cites'), (7, NULL, 1, 'cites'), (8, 9, 0, 'cites'), (10, 11, NULL, 'about');
CREATE INDEX ON sgs_link (a);
CREATE INDEX ON sgs_link (b);
CREATE INDEX sgs_index ON sgs_row USING semantic_graph (v vector_cosine_ops) INCLUDE (id) WITH (k = 6);
SELECT semantic_graph_add_links('sgs_index', 'sgs_link', 'a', 'b', weight => 'weight', kind => 'kind');

-- The graph as rows: both directions of every link between rows, and the lists of the index.
CREATE TEMPORARY TABLE edge AS
SELECT u, v, weight, 'link' AS layer FROM (
    SELECT a AS u, b AS v, coalesce(weight, 1) AS weight FROM sgs_link UNION ALL
    SELECT b, a, coalesce(weight, 1) FROM sgs_link) x
WHERE u <> v AND weight > 0 AND u IN (SELECT id FROM sgs_row)
UNION ALL SELECT source, target, weight, 'knn' FROM semantic_graph_edges('sgs_index');
SELECT layer, count(*) FROM edge GROUP BY layer ORDER BY layer;
-- The stored lists are the nearest neighbours.
SELECT count(*) FROM (SELECT id, n FROM sgs_row r CROSS JOIN LATERAL (
        SELECT o.id AS n FROM sgs_row o WHERE o.id <> r.id ORDER BY o.v <=> r.v LIMIT 6) x WHERE r.id <= 100) exact
    WHERE NOT EXISTS (SELECT FROM edge WHERE layer = 'knn' AND u = id AND v = n);

-- What every row is worth by a method, by iterating over all edges until nothing changes any more.
CREATE FUNCTION pg_temp.oracle(query vector, method text, beta float8, layers text[], link_share float8, max_hops integer)
RETURNS TABLE (key bigint, score float8, similarity float8, graph_score float8) LANGUAGE plpgsql AS $$
DECLARE i integer;
BEGIN
    CREATE TEMPORARY TABLE n AS SELECT id, 1 - (r.v <=> query) AS s, NULL::integer AS hop, 0::float8 AS seed,
        0::float8 AS mass FROM sgs_row r UNION ALL
        SELECT DISTINCT e.v, NULL::float8, NULL::integer, 0::float8, 0::float8 FROM edge e
        WHERE e.v NOT IN (SELECT id FROM sgs_row);
    UPDATE n SET hop = 0, seed = exp(10 * (s - (SELECT max(s) FROM n)))
    WHERE id IN (SELECT id FROM n WHERE s IS NOT NULL ORDER BY s DESC LIMIT 10);
    CREATE TEMPORARY TABLE e AS SELECT u, v, weight, layer, sum(weight) OVER (PARTITION BY u, layer) AS total,
        count(*) FILTER (WHERE layer = 'link') OVER (PARTITION BY u) > 0 AND
        count(*) FILTER (WHERE layer = 'knn') OVER (PARTITION BY u) > 0 AS both_layers
        FROM edge WHERE layer = ANY (layers);
    FOR i IN 1 .. max_hops LOOP
        UPDATE n SET hop = i WHERE hop IS NULL AND id IN (SELECT e.v FROM e JOIN n f ON f.id = e.u WHERE f.hop = i - 1);
    END LOOP;
    ANALYZE n;
    ANALYZE e;
    UPDATE n SET mass = seed;
    FOR i IN 1 .. CASE WHEN method = 'walk' THEN 25 ELSE max_hops END LOOP
        UPDATE n SET mass = CASE WHEN method = 'walk' THEN n.seed + a.walked ELSE greatest(n.mass, a.strongest) END
        FROM (SELECT t.id, coalesce(sum(f.mass * 0.5 * e.weight / e.total * CASE WHEN NOT both_layers THEN 1
                    WHEN layer = 'link' THEN link_share ELSE 1 - link_share END) FILTER (WHERE f.hop < max_hops), 0) AS walked,
                max(f.mass * 0.7 * least(e.weight, 1)) AS strongest
            FROM n t LEFT JOIN e ON e.v = t.id LEFT JOIN n f ON f.id = e.u GROUP BY t.id) a WHERE a.id = n.id;
    END LOOP;
    IF method = 'walk' THEN
        UPDATE n SET mass = mass * 0.5 WHERE EXISTS (SELECT FROM e WHERE u = n.id) OR n.hop >= max_hops;
    ELSIF method = 'expand' THEN
        UPDATE n SET mass = CASE WHEN hop IS NOT NULL THEN 1 ELSE 0 END;
    END IF;
    RETURN QUERY SELECT id, (1 - beta) * s / (SELECT max(s) FROM n) + beta * sqrt(mass / (SELECT max(mass) FROM n)), s,
        sqrt(mass / (SELECT max(mass) FROM n)) FROM n WHERE s IS NOT NULL ORDER BY 2 DESC, 3 DESC, 1 LIMIT 20;
    DROP TABLE n, e;
END $$;
\set query '''[0.8,-0.3,0.1,0.5,-0.7,0.2]'''
CREATE FUNCTION pg_temp.differences(query vector, method text, slow text, beta float8, layers text[], share float8, hops integer)
RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FILTER (WHERE f.key IS NULL OR s.key IS NULL OR abs(f.score - s.score) > 1e-5
        OR abs(f.similarity - s.similarity) > 1e-5 OR abs(f.graph_score - s.graph_score) > 1e-5) + abs(20 - count(*))
    FROM semantic_graph_search('sgs_index', query, k => 20, method => method, beta => beta, epsilon => 1e-12,
        max_hops => hops, link_share => share) f
    FULL JOIN pg_temp.oracle(query, slow, beta, layers, share, hops) s USING (key)
$$;
SELECT method, beta, hops, pg_temp.differences(:query, method, slow, beta, layers, share, hops)
FROM (VALUES ('ppr', 'walk', 0.5::float8, '{link,knn}'::text[], 0.8, 2), ('ppr', 'walk', 1, '{link,knn}', 0.6, 3),
    ('ppr', 'walk', 0.5, '{link}', 1, 2), ('knn', 'walk', 0.5, '{knn}', 0, 2), ('hop_decay', 'decay', 0.5, '{link}', 1, 2),
    ('expand', 'expand', 0.5, '{link}', 1, 3)) m (method, slow, beta, layers, share, hops);

-- beta = 0 is top-k, row for row, whatever the method.
SELECT method, (SELECT array_agg(key ORDER BY n) FROM semantic_graph_search('sgs_index', :query, k => 40, beta => 0, method => method)
        WITH ORDINALITY s (key, score, similarity, graph_score, hop, seed, path, kinds, n)) =
    (SELECT array_agg(id ORDER BY n) FROM (SELECT id, row_number() OVER (ORDER BY v <=> :query, id) AS n FROM sgs_row) t WHERE n <= 40) AS same
FROM unnest('{ppr,hop_decay,expand,knn}'::text[]) method;

-- Paths lead from a seed to the row along edges; seeds are the ten nearest.
SELECT count(*) > 0 AS some, bool_and(path[1] = seed AND path[cardinality(path)] = key AND cardinality(path) = hop + 1
        AND cardinality(kinds) = hop) AS shape,
    bool_and(seed IN (SELECT id FROM sgs_row ORDER BY v <=> :query LIMIT 10)) AS seeds,
    bool_and((SELECT bool_and(EXISTS (SELECT FROM edge WHERE u = path[i] AND v = path[i + 1]
        AND (layer = 'knn') = (kinds[i] = 'knn'))) FROM generate_series(1, hop) i) IS NOT FALSE) AS edges
FROM semantic_graph_search('sgs_index', :query, k => 100, beta => 0.8) WHERE hop IS NOT NULL;

-- Options.
SELECT bool_and(similarity >= 0.9) AS floor FROM semantic_graph_search('sgs_index', :query, k => 50, min_similarity => 0.9);
SELECT array_agg(key ORDER BY key) FROM semantic_graph_search('sgs_index', :query, filter_keys => '{4,1,2,3,99999}');
SELECT count(*), count(*) FILTER (WHERE 'about' = ANY (kinds)) AS about, count(*) FILTER (WHERE 'cites' = ANY (kinds)) > 0 AS cites
FROM semantic_graph_search('sgs_index', :query, k => 100, beta => 1, link_share => 1, kinds => '{cites}');
SELECT count(*) AS k, count(DISTINCT key) AS distinct_keys FROM semantic_graph_search('sgs_index', :query, k => 10, diversity => 0.5);
SELECT avg(similarity) < (SELECT avg(similarity) FROM semantic_graph_search('sgs_index', :query)) AS more_diverse
FROM semantic_graph_search('sgs_index', :query, diversity => 0.7);
SELECT count(*) FROM semantic_graph_search('sgs_index', :query, k => 10000);
SET client_min_messages = notice;
SELECT count(*) FROM semantic_graph_search('sgs_index', :query, max_nodes => 20);
SET client_min_messages = warning;

-- links_sql in place of the registered links; NULL endpoints are left out, directions kept where asked for.
SELECT count(*) FROM (SELECT key, round(score::numeric, 9) FROM semantic_graph_search('sgs_index', :query, k => 50) EXCEPT
    SELECT key, round(score::numeric, 9) FROM semantic_graph_search('sgs_index', :query, k => 50,
        links_sql => 'SELECT a AS source, b AS target, weight, kind FROM sgs_link')) d;
SELECT key, hop, kinds FROM semantic_graph_expand('sgs_index', '{1}', 2,
    links_sql => $$VALUES (1, 2, true, 'x'), (3, 1, true, 'x'), (4, 1, false, 'y'), (2, 5, NULL, 'z'), (2, 777777, true, 'z')$$) ORDER BY key;
SELECT key, hop, kinds FROM semantic_graph_expand('sgs_index', '{1}', 2, links_sql =>
    $$SELECT * FROM (VALUES (1, 2, true, 'x'), (3, 1, true, 'x'), (4, 1, false, 'y'), (2, 5, NULL, 'z'), (2, 777777, true, 'z'))
      l (source, target, directed, kind)$$) ORDER BY key;

-- The other questions.
SELECT kind, count(*) FROM semantic_graph_neighbors('sgs_index', 17) GROUP BY kind ORDER BY kind;
SELECT count(*) FROM semantic_graph_neighbors('sgs_index', 17) n JOIN sgs_row r ON r.id = n.neighbor
WHERE n.kind = 'knn' AND abs(n.weight - (1 - (r.v <=> (SELECT v FROM sgs_row WHERE id = 17)))) < 1e-5;
SELECT hop, count(*) FROM semantic_graph_expand('sgs_index', '{17}', 2) GROUP BY hop ORDER BY hop;
WITH RECURSIVE r AS (SELECT 17::bigint AS id, 0 AS hop UNION SELECT e.v, hop + 1 FROM r JOIN edge e ON e.u = r.id AND layer = 'link' WHERE hop < 2)
SELECT count(DISTINCT id) = (SELECT count(*) FROM semantic_graph_expand('sgs_index', '{17}', 2)) AS same FROM r WHERE id IN (SELECT id FROM sgs_row);
SELECT round(sum(score)::numeric, 2) AS total, count(*) > 100 AS many FROM semantic_graph_ppr('sgs_index', '{17,18}', '{1,3}', epsilon => 1e-6);
SELECT path, step, key FROM semantic_graph_path('sgs_index', 17, 17);
SELECT count(DISTINCT path) AS paths, max(step) AS steps, min(strength) > 0 AS strong FROM semantic_graph_path('sgs_index', 17, 1234, max_hops => 8, k => 3);
WITH RECURSIVE r AS (SELECT id AS root, id FROM sgs_row UNION SELECT r.root, e.v FROM r JOIN edge e ON e.u = r.id AND layer = 'link'
    WHERE r.root % 97 = 1 AND e.v IN (SELECT id FROM sgs_row))
SELECT bool_and(c.size = n.n AND c.component = n.least) AS same FROM (SELECT root, count(*) AS n, min(id) AS least FROM r WHERE root % 97 = 1 GROUP BY root) n
JOIN semantic_graph_components('sgs_index', 'link') c ON c.key = n.root;
SELECT bool_and(size = members) AS sizes, count(*) BETWEEN 2 AND 500 AS plausible FROM (
    SELECT community, size, count(*) AS members FROM semantic_graph_communities('sgs_index') GROUP BY 1, 2) c;
SELECT count(DISTINCT community) BETWEEN 2 AND 2000 AS plausible FROM semantic_graph_communities('sgs_index', 'label_propagation');
SELECT count(*) FROM semantic_graph_communities('sgs_index', seed => 5) a JOIN semantic_graph_communities('sgs_index', seed => 5) b USING (key)
WHERE a.community <> b.community;
SELECT count(*) FROM semantic_graph_centrality('sgs_index', 'degree', layer => 'link') c
WHERE abs(score - coalesce((SELECT sum(weight) FROM edge WHERE u = key AND layer = 'link' AND v IN (SELECT id FROM sgs_row)), 0)) > 1e-6;
SELECT round(sum(score)::numeric, 6) FROM semantic_graph_centrality('sgs_index');
SELECT key, score FROM semantic_graph_centrality('sgs_index', 'betweenness', keys => '{1,2,3}', layer => 'link',
    links_sql => 'SELECT * FROM (VALUES (1, 2), (2, 3)) l (source, target)');
-- The share of links is the walk's: hop_decay and expand follow links whatever it is.
SELECT method, count(*) FILTER (WHERE s.graph_score > 0) > 10 AS reached, count(*) FILTER (WHERE 'knn' = ANY (s.kinds)) AS by_knn,
    count(*) FILTER (WHERE s.score IS DISTINCT FROM o.score) AS other
FROM unnest('{hop_decay,expand}'::text[]) method,
    LATERAL semantic_graph_search('sgs_index', '[0.1,0.2,0.3,0.4,0.5,0.6]', 40, method => method, link_share => 0) s
    LEFT JOIN LATERAL semantic_graph_search('sgs_index', '[0.1,0.2,0.3,0.4,0.5,0.6]', 40, method => method) o USING (key)
GROUP BY method ORDER BY method;
-- Links of a directed set have arrow heads wherever they lead.
SELECT count(*) FILTER (WHERE line ~ 'dir=forward') > 0 AS forward, count(*) FILTER (WHERE line ~ '->.*dir=none') AS without
FROM regexp_split_to_table(semantic_graph_dot('sgs_index', '{1}', 2, link_share => 1,
    links_sql => 'SELECT i AS source, 2 * i AS target, true AS directed FROM generate_series(1, 20) i'), E'\n') line;
SELECT line FROM regexp_split_to_table(semantic_graph_dot('sgs_index', '{1}', link_share => 1,
    links_sql => $$SELECT * FROM (VALUES (1, 2, 'says "hi"'), (2, 3, 'x')) l (source, target, kind)$$, label => 'id'), '\n') line;

-- Keys of other types. int4 keys are bigint outside; uuid and text go by _text.
CREATE TABLE sgs_uuid (id uuid, name text COLLATE "C", small integer, up uuid, v vector(2));
INSERT INTO sgs_uuid SELECT ('00000000-0000-0000-0000-0000000000' || lpad(i::text, 2, '0'))::uuid, 'row ' || i, i,
    CASE WHEN i > 1 THEN ('00000000-0000-0000-0000-0000000000' || lpad((i / 2)::text, 2, '0'))::uuid END, format('[1,%s]', i / 10.0)::vector
    FROM generate_series(1, 20) i;
CREATE INDEX ON sgs_uuid (id);
CREATE INDEX ON sgs_uuid (up);
CREATE INDEX sgs_by_uuid ON sgs_uuid USING semantic_graph (v vector_l2_ops) INCLUDE (id) WITH (k = 3);
CREATE INDEX sgs_by_text ON sgs_uuid USING semantic_graph (v vector_ip_ops) INCLUDE (name) WITH (k = 3);
CREATE INDEX sgs_by_int ON sgs_uuid USING semantic_graph (v vector_l1_ops) INCLUDE (small) WITH (k = 3);
SELECT semantic_graph_add_links('sgs_by_uuid', 'sgs_uuid', 'id', 'up');
SELECT right(key, 2) AS key, round(similarity::numeric, 4) AS similarity, hop, right(seed, 2) AS seed, kinds
FROM semantic_graph_search_text('sgs_by_uuid', '[1,0.1]', k => 6, seeds => 2);
SELECT right(neighbor, 2) AS neighbor, kind FROM semantic_graph_neighbors_text('sgs_by_uuid', '00000000-0000-0000-0000-000000000002') ORDER BY kind, neighbor;
SELECT right(key, 2) AS key FROM semantic_graph_path_text('sgs_by_uuid', '00000000-0000-0000-0000-000000000009',
    '00000000-0000-0000-0000-000000000002', link_share => 1);
SELECT count(*), count(DISTINCT component) FROM semantic_graph_components_text('sgs_by_uuid', 'link');
SELECT key, round(similarity::numeric, 4) AS similarity FROM semantic_graph_search_text('sgs_by_text', '[1,0.1]', k => 3, beta => 0);
SELECT key, kinds FROM semantic_graph_expand_text('sgs_by_text', '{row 1}', links_sql => $$SELECT 'row 1' AS source, 'row 2'::varchar AS target$$) ORDER BY key;
SELECT key, round(similarity::numeric, 4) AS similarity FROM semantic_graph_search('sgs_by_int', '[1,0.1]', k => 3, beta => 0);
SELECT key FROM semantic_graph_expand('sgs_by_int', '{1,12345678901}', links_sql => 'SELECT 1::smallint AS source, 9876543210::bigint AS target') ORDER BY key;
DROP TABLE sgs_row, sgs_link, sgs_uuid;
DELETE FROM _vectorgraph.semantic_graph_link_set WHERE index_name LIKE 'sgs%';

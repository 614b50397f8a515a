-- The retrieval benchmark's table: tasks, controls and settings, on the sample that nothing was tuned on.
-- Run by bench/semantic/run.sh after load.sql and evaluate.sql.
SET jit = off;
\o /dev/null
SELECT run('top-k, exact', t, 1, NULL, NULL) FROM unnest('{word,synonym,part,self,sense}'::text[]) t;
SELECT run('top-k of the index (beta 0)', t, 1, 'link', ', beta => 0')
    FROM unnest('{word,synonym,part,self,sense}'::text[]) t;
SELECT run('default (ppr, beta 0.75, link_share 0.8)', t, 1, 'link', '')
    FROM unnest('{word,synonym,self,sense}'::text[]) t;
SELECT run('ppr, links alone, beta 1', t, 1, 'link', ', beta => 1, link_share => 1')
    FROM unnest('{word,synonym}'::text[]) t;
SELECT run('hop_decay', t, 1, 'link', ', method => ''hop_decay''') FROM unnest('{word,synonym}'::text[]) t;
SELECT run('expand', t, 1, 'link', ', method => ''expand''') FROM unnest('{word,synonym}'::text[]) t;
SELECT run('knn', t, 1, 'link', ', method => ''knn''') FROM unnest('{word,synonym}'::text[]) t;
SELECT run('half of the links', 'word', 1, 'link_half', '');
SELECT run('half of the links, links alone, beta 1', 'word', 1, 'link_half', ', beta => 1, link_share => 1');
SELECT run('shuffled links', t, 1, 'link_shuffled', '') FROM unnest('{word,synonym}'::text[]) t;
SELECT run('shuffled links, links alone, beta 1', t, 1, 'link_shuffled', ', beta => 1, link_share => 1')
    FROM unnest('{word,synonym}'::text[]) t;
SELECT run('wrong relation (hypernyms alone)', 'part', 1, 'link_hypernym', '');
SELECT run('wrong relation, links alone, beta 1', 'part', 1, 'link_hypernym', ', beta => 1, link_share => 1');
SELECT summarise();
\o
SELECT task, name, "R@10", "R@20", "R@50", "R@20 hop 2", "nDCG@20", "+-", "cos@10" FROM quality
WHERE sample = 1 ORDER BY array_position('{word,synonym,part,self,sense}', task), number;

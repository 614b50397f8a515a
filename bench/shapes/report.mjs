// Judges the table of bench_shapes: which cells miss a rule, and by how much.
//   node bench/shapes/report.mjs table.tsv > report.md
// Prints Markdown; the count of cells that miss, per rule, goes to stderr as well. Rules, lid_hnsw
// against pgvector's hnsw (strict order) at the same ef_search:
//   recall   L2 and cosine: at least hnsw's - .005; inner product and L1: - .02. Of a scan with and of one
//            without a bound on the rows it may visit.
//   growth   never more than .002 below that of a lower ef_search
//   buffers  L2 and cosine: at most half; inner product and L1: at most as many
//   cpu      at most half; under filters that keep 1 % or less: at most as much
// Where hnsw's answers were short of rows at its default bound, its cost is taken from the scan without
// bound: an answer that was given up is no yardstick. "Clear" are misses by more than two standard
// errors of the difference over the queries; costs are sums, whose misses all count as clear.
import fs from 'node:fs';
import process from 'node:process';

const kGrowthSlack = 0.002;
const kRules = ['recall', 'growth', 'buffers', 'cpu'];
const kNear = new Set(['l2', 'cosine']);  // metrics with the tighter aims

function read_cells(file) {
    const [head, ...lines] = fs.readFileSync(file, 'utf8').trimEnd().split('\n');
    const names = head.split('\t');
    const words = new Set(['data', 'metric', 'filter']);
    return lines.map((line) => {
        const values = line.split('\t');
        return Object.fromEntries(names.map((name, i) => {
            if (words.has(name)) return [name, values[i]];
            return [name, values[i] === undefined || values[i] === '' ? null : Number(values[i])];
        }));
    });
}

// What of the two scans of hnsw the cost is compared with; null where it was not measured.
function peer_cost(cell, what) {
    const unbounded = cell[`hnsw_unbounded_${what}`];
    return unbounded !== null ? unbounded : cell[`hnsw_${what}`];
}

function below(difference, error, slack) {
    if (difference === null || difference >= -slack - 1e-9) return '';
    return difference + 2 * error < -slack ? 'clear' : 'miss';
}

function worse(a, b) {
    return a === 'clear' || b === 'clear' ? 'clear' : a || b;
}

function ratio(cell, what) {
    const peer = peer_cost(cell, what);
    return peer === null || peer <= 0 ? null : cell[`lid_hnsw_${what}`] / peer;
}

function judge(cell) {
    const slack = kNear.has(cell.metric) ? 0.005 : 0.02;
    const rare = cell.filter === '1%' || cell.filter === '.1%';
    const over = (what, limit) => {
        const r = ratio(cell, what);
        return r !== null && r > limit ? 'clear' : '';
    };
    return {
        recall: worse(below(cell.over_hnsw, cell.over_hnsw_se, slack),
            below(cell.over_unbounded, cell.over_unbounded_se, slack)),
        growth: below(cell.over_lower_ef, cell.over_lower_ef_se, kGrowthSlack),
        buffers: over('buffers', kNear.has(cell.metric) ? 0.5 : 1),
        cpu: over('cpu_ms', rare ? 1 : 0.5),
    };
}

function group_by(cells, key) {
    const groups = new Map();
    for (const cell of cells) {
        const name = key(cell);
        if (!groups.has(name)) groups.set(name, []);
        groups.get(name).push(cell);
    }
    return groups;
}

const misses = (cells, rule) => cells.filter((cell) => cell.verdict[rule] !== '').length;
const clear = (cells, rule) => cells.filter((cell) => cell.verdict[rule] === 'clear').length;
const short = (x, digits = 3) => (x === null ? '-' : x.toFixed(digits).replace(/^(-?)0\./, '$1.'));
const quantity = (x) => (x === null ? '-' : x >= 100 ? x.toFixed(0) : x.toPrecision(3));

function median(values) {
    const sorted = values.filter((v) => v !== null).sort((a, b) => a - b);
    return sorted.length === 0 ? null : sorted[Math.floor(sorted.length / 2)];
}

function row(columns) {
    return `| ${columns.join(' | ')} |`;
}

function table(head, rows) {
    return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

// Worst difference of recall to either scan of hnsw.
function least_over(cell) {
    const values = [cell.over_hnsw, cell.over_unbounded].filter((v) => v !== null);
    return values.length === 0 ? null : Math.min(...values);
}

function summary_row(name, cells) {
    const least = cells.reduce((a, b) => ((least_over(b) ?? 0) < (least_over(a) ?? 0) ? b : a));
    const marked = (rule) => {
        const n = misses(cells, rule);
        return n === 0 ? '0' : `**${n}**`;
    };
    const where = least_over(least) === null ? '-' : `${short(least_over(least))} (k ${least.k}, ef ${least.ef})`;
    const ratios = (what) => {
        const all = cells.map((cell) => ratio(cell, what));
        const most = Math.max(...all.map((r) => r ?? 0));
        return `${short(median(all), 2)} / ${short(most, 2)}`;
    };
    return [...name, cells.length, where, ratios('buffers'), ratios('cpu_ms'), ...kRules.map(marked)];
}

function loss_row(cell) {
    const bold = (rule, text) => (cell.verdict[rule] === '' ? text : `**${text}**`);
    const peer_recall = short(cell.hnsw_recall) +
        (cell.hnsw_unbounded_recall === null ? '' : ` / ${short(cell.hnsw_unbounded_recall)}`);
    return [
        cell.data, cell.metric, cell.filter, cell.k, cell.ef,
        bold('recall', `${short(cell.lid_hnsw_recall)} : ${peer_recall}`),
        bold('growth', short(cell.over_lower_ef)),
        bold('buffers', `${quantity(cell.lid_hnsw_buffers)} : ${quantity(peer_cost(cell, 'buffers'))}`),
        bold('cpu', `${quantity(cell.lid_hnsw_cpu_ms)} : ${quantity(peer_cost(cell, 'cpu_ms'))}`),
    ];
}

function main() {
    const cells = read_cells(process.argv[2]);
    for (const cell of cells) cell.verdict = judge(cell);
    const lost = cells.filter((cell) => kRules.some((rule) => cell.verdict[rule] !== ''));
    const counts = kRules.map((rule) => [rule, misses(cells, rule), clear(cells, rule)]);
    const spread = median(cells.map((cell) => cell.over_hnsw_se));

    console.log(`${cells.length} cells of ${cells[0].queries} queries; ${lost.length} miss a rule. ` +
        `Standard error of a difference of recall: median ${short(spread, 4)}.\n`);
    console.log(table(['rule', 'cells that miss', 'by more than two standard errors'], counts));
    console.log('\nBuffers and CPU: lid_hnsw over hnsw, median and highest of the cells.\n');
    const head = ['cells', 'least recall over hnsw', 'buffers', 'CPU', ...kRules.map((r) => `miss ${r}`)];
    const sets = [...group_by(cells, (c) => `${c.data}\t${c.rows}\t${c.metric}`)];
    console.log(table(['data', 'rows', 'metric', ...head],
        sets.map(([name, group]) => summary_row(name.split('\t'), group))));
    console.log('');
    const filters = [...group_by(cells, (c) => `${c.data}\t${c.metric}\t${c.filter}`)];
    console.log(table(['data', 'metric', 'filter', ...head],
        filters.map(([name, group]) => summary_row(name.split('\t'), group))));
    if (lost.length > 0) {
        console.log('\nCells that miss (lid_hnsw : hnsw; two recalls: within its bound / unbounded):\n');
        console.log(table(['data', 'metric', 'filter', 'k', 'ef', 'recall', 'over lower ef', 'buffers', 'CPU ms'],
            lost.map(loss_row)));
    }
    for (const [rule, n, c] of counts)
        console.error(`${rule}: ${n} of ${cells.length} cells miss, ${c} of them clearly`);
}

main();

// Prints rows of a float file (bench/prepare_data.mjs) as COPY text: id TAB [x,...].
//   node copy_rows.mjs file dims first count out_dims
// A row of out_dims numbers is the file's row, repeated from its start or cut off.
import { openSync, readSync, closeSync } from "node:fs";

const [file, dims, first, count, outDims] = process.argv.slice(2).map((a, i) => (i === 0 ? a : Number(a)));
const batch = 1000;
const bytes = dims * 4;
const input = openSync(file, "r");
const write = (text) => new Promise((done) => (process.stdout.write(text) ? done() : process.stdout.once("drain", done)));
for (let at = 0; at < count; at += batch) {
    const rows = Math.min(batch, count - at);
    const buffer = Buffer.alloc(rows * bytes);
    if (readSync(input, buffer, 0, rows * bytes, (first + at) * bytes) !== rows * bytes)
        throw new Error(`${file} has fewer than ${first + count} rows`);
    let text = "";
    for (let r = 0; r < rows; ++r) {
        const values = [];
        for (let j = 0; j < outDims; ++j) values.push(buffer.readFloatLE(r * bytes + (j % dims) * 4));
        text += `${at + r + 1}\t[${values.join(",")}]\n`;
    }
    await write(text);
}
closeSync(input);

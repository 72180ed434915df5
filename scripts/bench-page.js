// npm run bench:page -- FILE: makes the tables of docs/performance.md from what `npm run bench -- --json FILE` measured, and keeps it beside
// as docs/performance.json. Without a file it makes them from what is kept.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pageWith } from './bench/page.js';

const kept = fileURLToPath(new URL('../docs/performance.json', import.meta.url));
const page = fileURLToPath(new URL('../docs/performance.md', import.meta.url));
const results = JSON.parse(readFileSync(process.argv[2] ?? kept, 'utf8'));
const made = pageWith(readFileSync(page, 'utf8'), results);
// one table a line
const { tables, ...rest } = results;
const lines = tables.map((table) => JSON.stringify(table)).join(',\n');
writeFileSync(kept, `${JSON.stringify(rest).slice(0, -1)},"tables":[\n${lines}\n]}\n`);
writeFileSync(page, made);

// npm run bench:page -- FILE [OTHER]: makes the tables of docs/performance.md from what `npm run bench -- --json FILE` measured, and from OTHER, which
// another version of Node measured. Both are kept beside the page as docs/performance*.json; what is not given is taken from there.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pageWith } from './bench/page.js';

const inDocs = (name) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
const page = inDocs('performance.md');
const [results, other] = ['performance.json', 'performance-another-node.json'].map((name, i) => {
  const kept = inDocs(name);
  const given = process.argv[2 + i] ?? kept;
  return existsSync(given) || given !== kept ? { kept, data: JSON.parse(readFileSync(given, 'utf8')) } : null;
});
writeFileSync(page, pageWith(readFileSync(page, 'utf8'), results.data, other?.data ?? null));
for (const { kept, data } of [results, other].filter((one) => one !== null)) {
  // one table a line
  const { tables, ...rest } = data;
  const lines = tables.map((table) => JSON.stringify(table)).join(',\n');
  writeFileSync(kept, `${JSON.stringify(rest).slice(0, -1)},"tables":[\n${lines}\n]}\n`);
}

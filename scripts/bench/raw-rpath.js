// node raw-rpath.js TREE LIST: rewrites the search paths of the listed ELF files as relocate does, and nothing else: no journal, no digests,
// no search of the other bytes. Each file is written beside and renamed, its mode is kept.
import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { applySplices, mergeSplices } from '../../dist/formats/splices.js';
import { wholeView } from '../../dist/io/file-view.js';
import { probeTree } from '../../dist/io/tree-probe.js';
import { dynamicElfOf, dynamicStrings } from '../../dist/rules/elf-file.js';
import { editOf, SEARCH_PATHS } from '../../dist/rules/elf-string-edits.js';
import { USUAL } from '../../dist/rules/rule.js';

const [tree = '', list = ''] = process.argv.slice(2);
const context = probeTree(tree, [{ path: tree, base: '', source: 'tree', evidence: '' }], USUAL);
for (const line of readFileSync(list, 'utf8').split('\n').filter(Boolean)) {
  const path = line.split('\t')[1] ?? '';
  const place = `${tree}/${path}`;
  const bytes = readFileSync(place);
  const { mode } = statSync(place);
  const view = wholeView({ path, names: [path], links: [], size: bytes.length, mode }, bytes);
  const file = dynamicElfOf(view);
  if (file === null) throw new Error(`${path} has no dynamic section`);
  const edits = dynamicStrings(file, SEARCH_PATHS).map((string) => editOf(string, file, view, context));
  const splices = edits.map((edit) => {
    if ('why' in edit) throw new Error(`${path}: ${edit.why}`);
    return edit.splices;
  });
  writeFileSync(`${place}.part`, applySplices(bytes, mergeSplices(...splices)));
  chmodSync(`${place}.part`, mode & 0o7777);
  renameSync(`${place}.part`, place);
}

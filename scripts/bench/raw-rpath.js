// node raw-rpath.js TREE LIST: rewrites the search paths of the listed ELF files as relocate does, and nothing else: no journal, no digests,
// no search of the other bytes. Each file is read into one buffer, edited, written beside and renamed; its mode is kept. Files are dealt out to as
// many threads as there are processors, as `relocate fix` does.
import { availableParallelism } from 'node:os';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { closeSync, fchmodSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { SEARCH_PATHS } from '../../dist/formats/elf-dynamic.js';
import { spliceChunks, mergeSplices } from '../../dist/formats/splices.js';
import { fill } from '../../dist/io/fill.js';
import { wholeView } from '../../dist/io/file-view.js';
import { probeTree } from '../../dist/io/tree-probe.js';
import { dynamicElfOf, dynamicStrings } from '../../dist/rules/elf-file.js';
import { editOf } from '../../dist/rules/elf-string-edits.js';
import { USUAL } from '../../dist/rules/rule.js';

const PIECE = 256 * 1024;

const [tree = '', list = ''] = process.argv.slice(2);
const context = probeTree(tree, [{ path: tree, base: '', source: 'tree', evidence: '' }], USUAL);
let buffer = Buffer.alloc(8 * 1024 * 1024);

const threads = availableParallelism();
const turn = isMainThread ? 0 : workerData;
if (isMainThread) for (let other = 1; other < threads; other++) startOther(other);
const lines = readFileSync(list, 'utf8').split('\n').filter(Boolean);
for (const line of lines.filter((_, i) => i % threads === turn)) {
  const path = line.split('\t')[1] ?? '';
  const place = `${tree}/${path}`;
  const [bytes, mode] = read(place);
  write(`${place}.part`, mode, spliceChunks(piecesOf(bytes), splicesOf(path, mode, bytes)));
  renameSync(`${place}.part`, place);
}

/** One that fails ends the process. */
function startOther(other) {
  new Worker(new URL(import.meta.url), { argv: [tree, list], workerData: other }).on('error', (error) => {
    throw error;
  });
}

function read(place) {
  const descriptor = openSync(place, 'r');
  const { size, mode } = fstatSync(descriptor);
  if (size > buffer.length) buffer = Buffer.alloc(size);
  const bytes = buffer.subarray(0, fill(descriptor, buffer, 0, size));
  closeSync(descriptor);
  return [bytes, mode];
}

function splicesOf(path, mode, bytes) {
  const view = wholeView({ path, names: [path], links: [], size: bytes.length, mode }, bytes);
  const file = dynamicElfOf(view);
  if (file === null) throw new Error(`${path} has no dynamic section`);
  const edits = dynamicStrings(file, SEARCH_PATHS).map((string) => editOf(string, file, view, context));
  const splices = edits.map((edit) => {
    if ('why' in edit) throw new Error(`${path}: ${edit.why}`);
    return edit.splices;
  });
  return mergeSplices(...splices);
}

/** Only a piece with an edit is put together anew. */
function* piecesOf(bytes) {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

function write(place, mode, pieces) {
  const descriptor = openSync(place, 'wx', mode & 0o7777);
  fchmodSync(descriptor, mode & 0o7777);
  for (const piece of pieces) for (let at = 0; at < piece.length;) at += writeSync(descriptor, piece, at);
  closeSync(descriptor);
}

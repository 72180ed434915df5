// Who searches a tree: ripgrep, grep, relocate's search alone, and relocate. All look for the same prefixes, and must find the same files.
import { existsSync, lstatSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { linesOf } from './measure.js';
import { NODE, RELOCATE } from './peers.js';
import { run } from './run.js';

const RAW = fileURLToPath(new URL('./raw-search.js', import.meta.url));
const RG = ['rg', '--no-config', '-a', '-uuu', '-F'];

/** Everyone looks for the same: the prefixes that the scan finds out, and those that are named. */
export async function searchersFor(tree, named = []) {
  const options = named.flatMap((prefix) => ['--prefix', prefix]);
  const scan = [NODE, RELOCATE, 'scan', tree, '--format', 'json', ...options];
  const found = JSON.parse(await run(scan, { exits: [0, 1] }));
  const prefixes = found.prefixes.map(({ path }) => path);
  const patterns = prefixes.flatMap((prefix) => ['-e', prefix]);
  return {
    tree,
    found,
    prefixes,
    list: { name: 'rg -l', command: [...RG, '-l', ...patterns, tree] },
    one: { name: 'rg -l -j1', command: [...RG, '-l', '-j1', ...patterns, tree] },
    offsets: { name: 'rg -o -b', command: [...RG, '-o', '-b', ...patterns, tree] },
    grep: { name: 'grep -rlF', command: ['grep', '-rlF', ...patterns, tree] },
    raw: { name: 'raw search', command: [NODE, RAW, 'count', tree, ...prefixes] },
    floor: { name: 'read all, no search', command: [NODE, RAW, 'read', tree, ...prefixes] },
    scan: { name: 'relocate scan', command: scan },
  };
}

/**
 * Throws where one lists other files than ripgrep, or the scan has no reference in one of them. (The scan may have more: links, escaped forms,
 * and what stands in archives.)
 * @returns how many files were listed
 */
export async function requireSame({ tree, found, prefixes, list, one, grep }, say) {
  const listed = await linesOf(list.command);
  const text = listed.join('\n');
  for (const [name, command] of [
    ['rg with one thread', one.command],
    ['grep', grep.command],
    ['the raw search', [NODE, RAW, 'list', tree, ...prefixes]],
  ])
    if ((await linesOf(command)).join('\n') !== text) throw new Error(`${name} and rg list different files`);
  const inScan = new Set(found.references.map(({ file }) => latin1(`${tree}/${file}`)));
  // of several names of one file the scan says one
  const inodes = new Set([...inScan].filter((path) => existsSync(bytesOf(path))).map(inodeOf));
  const others = listed.filter((path) => !inScan.has(path) && !inodes.has(inodeOf(path)));
  if (others.length > 0)
    throw new Error(
      `rg lists ${others.length} files in which the scan has no reference: ${others.slice(0, 3).join(', ')}`,
    );
  say(`rg, grep, the raw search and the scan find the same ${listed.length} files`);
  return listed.length;
}

function latin1(text) {
  return Buffer.from(text).toString('latin1');
}

function bytesOf(path) {
  return Buffer.from(path, 'latin1');
}

function inodeOf(path) {
  return lstatSync(bytesOf(path)).ino;
}
